"""PyTorch's quantized engines against their formulas and against the integers, on 30 layers of 200 images."""

from __future__ import annotations

import numpy as np
import pytest

from tests.float_kernels.layers import Case, cases
from tests.float_kernels.measure import formula, integers, measure_torch, total
from tests.float_kernels.torch_kernels import ENGINES, missing, need_exact_products, torch_codes

pytestmark = pytest.mark.judge

PINNED = {
    ("fbgemm", 7): (3_913_200, 2816, 5), ("fbgemm", 8): (4_652_600, 1159, 9),
    ("x86", 7): (3_913_200, 2825, 12), ("x86", 8): (4_652_600, 1165, 23),
    ("onednn", 7): (3_913_200, 2826, 13), ("onednn", 8): (4_652_600, 1165, 23),
    ("qnnpack", 7): (3_913_200, 10, 2811), ("qnnpack", 8): (4_652_600, 4, 1156),
}
"""Engine and bits of activations: outputs of 15 layers; those where the kernel differs from the integers, and from
integers with 8 fraction bits in the bias."""


@pytest.mark.parametrize(("engine", "bits"), PINNED)
def test_an_engine_equals_its_formula(engine: str, bits: int) -> None:
    reason = missing(engine)
    if reason:
        pytest.skip(reason)
    need_exact_products(bits)
    counts = measure_torch(engine, [case for case in cases() if case.bits == bits])
    outputs, wrong, integer, finer = total(counts)
    assert (len(counts), wrong) == (15, 0)
    assert (outputs, integer, finer) == PINNED[engine, bits]


@pytest.mark.parametrize("engine", ENGINES)
def test_the_integers_differ_on_few_outputs(engine: str) -> None:
    """qnnpack rounds the bias to an integer itself, so fraction bits lead away from it."""
    outputs, integer, finer = (sum(counts) for counts in zip(*(PINNED[engine, b] for b in (7, 8)), strict=True))
    assert outputs == 8_565_800
    assert integer <= outputs * 5e-4
    assert finer <= outputs * 1e-5 or engine == "qnnpack"


@pytest.mark.parametrize(("per_channel", "kernel", "differing"), [
    (False, 3, 3_969), (False, 5, 1_684), (True, 3, 96_775), (True, 5, 46_247)])
def test_fbgemm_s_depthwise_kernel_saturates_sums_of_two_products(
    per_channel: bool, kernel: int, differing: int
) -> None:
    """8-bit activations, channels a multiple of 8: every output that differs has two taps whose sum passes 16 bits."""
    reason = missing("fbgemm")
    if reason:
        pytest.skip(reason)
    case = Case("depthwise", per_channel, 8, False, 500, 32, 32, kernel=kernel, groups=32)
    kept = integers(case)
    wrong = torch_codes("fbgemm", kept.made) != formula("fbgemm", kept.made, kept.acc)
    pad, w = kept.made.padding, kept.made.weight.astype(np.int64)[:, 0, :, :, None, None]
    x = np.pad(kept.made.x.astype(np.int64), ((0, 0), (0, 0), (pad, pad), (pad, pad)),
               constant_values=kept.made.input_zero_point)
    taps = [x[:, :, i : i + 9, j : j + 9] * w[:, i, j] for i in range(kernel) for j in range(kernel)]
    ordered = np.sort(np.stack(taps), axis=0)
    passes = (ordered[-1] + ordered[-2] > 32767) | (ordered[0] + ordered[1] < -32768)
    assert (int(wrong.sum()), wrong.size) == (differing, 518_400)
    assert not (wrong & ~passes).any()
    narrow = Case("depthwise", per_channel, 7, False, 500, 32, 32, kernel=kernel, groups=32)
    assert measure_torch("fbgemm", [narrow])[0].formula == 0


@pytest.mark.parametrize(("groups", "onednn", "fbgemm"), [(100, 0, 26), (104, 13, 0)])
def test_x86_convolutions_are_onednn_s_up_to_100_groups(groups: int, onednn: int, fbgemm: int) -> None:
    reason = missing("x86")
    if reason:
        pytest.skip(reason)
    case = Case("depthwise", True, 7, False, 601, groups, groups, groups=groups, size=12)
    kept = integers(case)
    y = torch_codes("x86", kept.made)
    counts = {k: int(np.count_nonzero(formula(k, kept.made, kept.acc) != y)) for k in ("x86", "onednn", "fbgemm")}
    assert counts == {"x86": 0, "onednn": onednn, "fbgemm": fbgemm}


@pytest.mark.parametrize("seed", [726, 761, 800])
def test_onednn_takes_the_reciprocal_of_the_input_scale_twice(seed: int) -> None:
    """Scales whose reciprocal's reciprocal is another number; with the scale itself 3, 3 and 4 outputs would differ."""
    reason = missing("onednn")
    if reason:
        pytest.skip(reason)
    case = Case("depthwise", True, 7, False, seed, 16, 16, groups=16, size=12)
    scale = integers(case).made.input_scale
    assert 1 / (1 / scale) != scale
    assert measure_torch("onednn", [case])[0].formula == 0
