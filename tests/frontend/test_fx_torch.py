"""What torch's own kernels do with codes: the facts that reading FX models relies on."""

from __future__ import annotations

import numpy as np
import pytest

from tests.frontend.fx_models import engine

torch = pytest.importorskip("torch")

import torch.nn.functional as F  # noqa: E402

CODES = torch.arange(0, 252, dtype=torch.uint8).reshape(1, 7, 6, 6)


def _quantized(zero_point: int, scale: float = 0.0095) -> torch.Tensor:
    return torch._make_per_tensor_quantized_tensor(CODES, scale, zero_point).contiguous(
        memory_format=torch.channels_last)


@pytest.mark.parametrize(("name", "wrong"), [("x86", False), ("qnnpack", True)])
def test_qnnpack_mixes_up_a_clamp_of_channels_last_memory(name: str, wrong: bool) -> None:
    """A fault of torch 2.13: the codes are right and stand in other places, so comparisons make memory plain first."""
    expected = np.maximum(CODES.numpy(), 135)
    with engine(name):
        x = _quantized(135)
        assert bool((F.relu6(x).int_repr().numpy() != expected).any()) == wrong
        assert (F.relu6(x.contiguous()).int_repr().numpy() == expected).all()


@pytest.mark.parametrize(
    ("function", "scale", "zero_point"),
    [(torch.sigmoid, 1 / 256, 0), (F.hardsigmoid, 1 / 256, 0), (torch.tanh, 1 / 128, 128)],
)
def test_operators_with_codes_of_their_own(function, scale: float, zero_point: int) -> None:
    for name in ("x86", "qnnpack"):
        with engine(name):
            y = function(_quantized(100))
            assert (y.q_scale(), y.q_zero_point(), y.dtype) == (scale, zero_point, torch.quint8)


@pytest.mark.parametrize("function", [F.relu, lambda x: F.max_pool2d(x, 2), lambda x: F.avg_pool2d(x, 2), F.hardtanh,
                                      lambda x: F.adaptive_avg_pool2d(x, 2), lambda x: x.mean((2, 3)),
                                      lambda x: x.flatten(1)])
def test_operators_that_keep_the_codes_of_their_operand(function) -> None:
    with engine("x86"):
        y = function(_quantized(100))
        assert (y.q_scale(), y.q_zero_point(), y.dtype) == (0.0095, 100, torch.quint8)


@pytest.mark.parametrize(("name", "domain"), [("x86", "raw"), ("fbgemm", "raw"), ("onednn", "raw"),
                                              ("qnnpack", "centered")])
def test_the_domain_of_an_adaptive_average_is_the_engines(name: str, domain: str) -> None:
    """Ties to even, of the codes as they are or less their zero point: they differ at ties of odd zero points alone."""
    total = CODES.numpy().astype(np.int64).reshape(1, 7, 3, 2, 3, 2).sum((3, 5))
    with engine(name):
        found = F.adaptive_avg_pool2d(_quantized(57), 3).int_repr().numpy()
    raw, centered = np.rint(total / 4), np.rint((total - 4 * 57) / 4) + 57
    ties = total % 4 == 2
    assert (found == {"raw": raw, "centered": centered}[domain]).all()
    assert ties.any()
    assert (raw[ties] != centered[ties]).all()
    assert (raw[~ties] == centered[~ties]).all()
