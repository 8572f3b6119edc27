"""Programs freed of the exported batch: what is rewritten, and what is refused by name."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from edgeq.errors import ModelError, UnsupportedOpError  # noqa: E402
from edgeq.frontend.archive import read_archive  # noqa: E402
from edgeq.frontend.batch import rebatch  # noqa: E402
from edgeq.frontend.interpret import run  # noqa: E402
from edgeq.frontend.program import Call, Program, ProgramInput, Ref, ValueType  # noqa: E402


class Apply(nn.Module):
    """Make a module of a function."""

    def __init__(self, function: Callable[..., torch.Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


def _program(export, function, shape=(2, 3, 4), batch=False) -> Program:
    return read_archive(export(Apply(function), torch.randn(shape), batch=batch).path)


_KEPT: list[tuple[str, Callable[..., torch.Tensor]]] = [
    ("view", lambda x: x.view(2, 12)),
    ("view by -1", lambda x: x.view(-1, 12)),
    ("view of all", lambda x: x.view(2, -1)),
    ("reshape", lambda x: x.reshape(2, 4, 3) + 1),
    ("split and merge", lambda x: x.view(2, 3, 2, 2).transpose(1, 2).reshape(2, 2, 6)),
    ("flatten", lambda x: torch.flatten(x, 1)),
    ("permute", lambda x: x.permute(0, 2, 1)),
    ("transpose", lambda x: x.transpose(-1, -2)),
    ("unsqueeze", lambda x: x.unsqueeze(1)),
    ("squeeze", lambda x: x[:, :1].squeeze()),
    ("squeeze one", lambda x: x[:, :1].squeeze(1)),
    ("expand", lambda x: x[:, :, :1].expand(2, 3, 5)),
    ("cat", lambda x: torch.cat([x, x], -1)),
    ("stack", lambda x: torch.stack([x, x], 1)),
    ("slice", lambda x: x[:, 1:, ::2]),
    ("slice of all", lambda x: x[:]),
    ("select", lambda x: x[:, 0]),
    ("chunk", lambda x: x.chunk(2, 2)[1]),
    ("mean", lambda x: x.mean((1, 2))),
    ("mean kept", lambda x: x.mean(-1, keepdim=True)),
    ("softmax", lambda x: x.softmax(-1)),
    ("argmax", lambda x: x.argmax(1)),
    ("pad", lambda x: nn.functional.pad(x, (1, 2))),
    ("add", lambda x: x + torch.ones(4)),
    ("add one row", lambda x: x + torch.ones(1, 3, 4)),
    ("matmul", lambda x: x @ torch.ones(4, 2)),
    ("matmul from the left", lambda x: torch.ones(5, 3) @ x),
    ("attention", lambda x: torch.softmax(x @ x.transpose(1, 2), -1) @ x),
    ("zeros like", lambda x: torch.zeros_like(x) + x),
]


@pytest.mark.parametrize("open_batch", [False, True], ids=["fixed", "open"])
@pytest.mark.parametrize(("name", "function"), _KEPT, ids=[name for name, _ in _KEPT])
def test_kept(export, name, function, open_batch) -> None:
    program = rebatch(_program(export, function, batch=open_batch))
    (output,) = program.outputs
    assert program.inputs[0].shape == (None, 3, 4)
    assert program.types[output].shape[0] is None
    assert not any(call.op == "sym_size" for call in program.calls)
    for batch in (1, 3):
        x = torch.randn(batch, 3, 4)
        one_by_one = [function(torch.stack([sample, sample]))[:1].numpy() for sample in x]
        got = run(program, {"x": x.numpy()})[output]
        np.testing.assert_allclose(got, np.concatenate(one_by_one), rtol=1e-6, atol=1e-6)


def test_view_sizes_are_rewritten(export) -> None:
    program = rebatch(_program(export, lambda x: x.view(1, -1), shape=(1, 3, 4)))
    assert program.calls[0].args == (Ref("x"), (-1, 12))
    program = rebatch(_program(export, lambda x: x.reshape(2, 2, 6)))
    assert program.calls[0].args == (Ref("x"), (-1, 2, 6))
    program = rebatch(_program(export, lambda x: x.view(x.size(0), -1), batch=True))
    assert [(call.op, call.args) for call in program.calls] == [("view", (Ref("x"), (-1, 12)))]


def test_a_constant_that_repeats_its_row_is_cut(export) -> None:
    program = rebatch(_program(export, lambda x: x * torch.full((2, 3, 4), 2.0)))
    x = np.ones((5, 3, 4), np.float32)
    assert (run(program, {"x": x})[program.outputs[0]] == 2).all()


_REFUSED: list[tuple[str, Callable[..., torch.Tensor], str]] = [
    ("cat", lambda x: torch.cat([x, x]), "joins along dimension 0"),
    ("stack", lambda x: torch.stack([x, x]), "joins along dimension 0"),
    ("sum over the batch", lambda x: x.sum(0), r"works over dimension 0 of \[2, 3, 4\]"),
    ("mean over the batch", lambda x: x.mean((0, 1)), "works over dimension 0"),
    ("mean of all", lambda x: x.mean() + x, "works over all dimensions"),
    ("softmax over the batch", lambda x: x.softmax(0), "works over dimension 0"),
    ("argmax of all", lambda x: x.argmax() + x, "works over dimension 0"),
    ("permute", lambda x: x.permute(1, 0, 2), r"moves dimension 0 of \[2, 3, 4\]"),
    ("transpose", lambda x: x.transpose(0, 1), "moves dimension 0"),
    ("transpose from the end", lambda x: x.transpose(-3, 1), "moves dimension 0"),
    ("unsqueeze", lambda x: x.unsqueeze(0), "moves dimension 0"),
    ("flatten", lambda x: x.flatten(0, 1), "flattens the batch into the sample"),
    ("flatten of all", lambda x: x.flatten(), "flattens the batch into the sample"),
    ("view", lambda x: x.view(6, 4), r"turns \[2, 3, 4\] into \[6, 4\]"),
    ("view of all", lambda x: x.view(-1), r"turns \[2, 3, 4\] into \[24\]"),
    ("view across", lambda x: x.reshape(4, 6), "mixes samples"),
    ("select", lambda x: x[0], "works along dimension 0"),
    ("slice", lambda x: x[1:], "works along dimension 0"),
    ("every other sample", lambda x: x[::2], "works along dimension 0"),
    ("chunk", lambda x: x.chunk(2)[0], "works along dimension 0"),
    ("flip", lambda x: x.flip(0), "works along dimension 0"),
    ("gram", lambda x: x.flatten(1) @ x.flatten(1).transpose(0, 1), "moves dimension 0"),
    ("from the left", lambda x: torch.ones(5, 2) @ x.flatten(1), "mixes samples"),
    ("pad", lambda x: nn.functional.pad(x, (0, 0, 0, 0, 0, 1)), "pads dimension 0"),
    ("broadcast", lambda x: x[:, :2] + x[:, 0], "its batch meets another dimension"),
    ("rows that differ", lambda x: x + torch.arange(24.0).reshape(2, 3, 4), "one for each exported sample"),
    (
        "convolution without a batch",
        lambda x: nn.functional.conv1d(x.mean(2), torch.ones(1, 2, 1)),
        "no batch",
    ),
    (
        "weights of the batch",
        lambda x: nn.functional.linear(torch.ones(1, 4), x[:, 0]),
        "a parameter depends",
    ),
]


@pytest.mark.parametrize(("function", "match"), [item[1:] for item in _REFUSED], ids=[item[0] for item in _REFUSED])
def test_refused(export, function, match) -> None:
    with pytest.raises(UnsupportedOpError, match=match) as caught:
        rebatch(_program(export, function))
    assert "(test_batch.py:" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_squeeze_that_may_drop_a_batch_of_one(export) -> None:
    with pytest.raises(UnsupportedOpError, match="drops dimension 0, the batch, when that is 1"):
        rebatch(_program(export, lambda x: x.squeeze(), shape=(1, 3, 1)))


def test_unknown_operator_is_named(export) -> None:
    with pytest.raises(UnsupportedOpError, match=r"operator aten\.\w*fft\S* is not supported"):
        rebatch(_program(export, lambda x: torch.fft.fft(x).real))


def test_arguments_that_do_not_fit_are_refused() -> None:
    types = {"x": ValueType((2, 3), "float32"), "y": ValueType((2, 3), "float32")}
    inputs = (ProgramInput("x", (2, 3), "float32"),)
    call = Call("aten.constant_pad_nd.default", (Ref("x"),), {}, "y")
    with pytest.raises(ModelError, match=r"^aten\.constant_pad_nd\.default 'y': its arguments do not fit the operator"):
        rebatch(Program(inputs, {}, (call,), ("y",), {}, types))


def _one(shape: tuple[int | None, ...], *more: ProgramInput) -> Program:
    inputs = (ProgramInput("x", shape, "float32"), *more)
    types = {"x": ValueType(shape, "float32"), "y": ValueType(shape, "float32")}
    return Program(inputs, {}, (Call("aten.relu.default", (Ref("x"),), {}, "y"),), ("y",), {}, types)


def test_inputs_without_a_common_batch() -> None:
    with pytest.raises(ModelError, match="input 'x' is a scalar"):
        rebatch(_one(()))
    with pytest.raises(ModelError, match="input 'x': dimension 2 was exported with an open size"):
        rebatch(_one((None, 3, None)))
    with pytest.raises(ModelError, match=r"different batch sizes \{'x': 2, 'z': 3\}"):
        rebatch(_one((2, 3), ProgramInput("z", (3, 3), "float32")))


def test_an_output_without_a_batch(export) -> None:
    class Constant(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.ones(3))

        def forward(self, x):
            return x + 1, self.weight * 2

    program = read_archive(export(Constant(), torch.zeros(2, 3)).path)
    with pytest.raises(ModelError, match="output 'mul' does not depend on the input's batch"):
        rebatch(program)
