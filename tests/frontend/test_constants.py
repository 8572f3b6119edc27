"""What does not depend on the inputs is computed ahead; quantized weights stay visible."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from edgeq.frontend.archive import read_archive  # noqa: E402
from edgeq.frontend.batch import rebatch  # noqa: E402
from edgeq.frontend.constants import fold_constants  # noqa: E402
from edgeq.frontend.interpret import run  # noqa: E402


def test_computed_weights_become_constants(export) -> None:
    class Scaled(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.tensor([[1.0, 2.0], [3.0, 4.0]]))
            self.scale = nn.Parameter(torch.tensor([[2.0], [10.0]]))

        def forward(self, x):
            shift = torch.arange(2.0).reshape(1, 2).expand(2, 2)
            return nn.functional.linear(x, (self.weight * self.scale).t().contiguous()) + shift

    program = fold_constants(read_archive(export(Scaled(), torch.ones(2, 2), batch=False).path))
    assert [call.op for call in program.calls] == ["linear", "add"]
    weight = program.constants[program.calls[0].args[1].name]
    assert weight.tolist() == [[2.0, 30.0], [4.0, 40.0]]
    opened = rebatch(program)
    got = run(opened, {"x": np.array([[1, 0], [0, 1], [1, 1]], np.float32)})[opened.outputs[0]]
    assert got.tolist() == [[2.0, 5.0], [30.0, 41.0], [32.0, 45.0]]


def test_quantized_weights_stay(quantized) -> None:
    program = read_archive(quantized.path)
    assert fold_constants(program).calls == program.calls
