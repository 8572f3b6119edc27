"""Arrays emitted for CMSIS-NN are those of CMSIS-NN's own unit tests: weights, bias, multipliers, shifts."""

from __future__ import annotations

import numpy as np
import pytest

from edgeq.emitters.c_arrays import write
from tests.data import need_data
from tests.judges.cmsis_nn import TRANSLATIONS, cases
from tests.judges.cmsis_nn_files import Case, read_case

pytestmark = pytest.mark.judge
FAMILIES = ("conv_s8", "conv_s4", "depthwise_s8", "depthwise_s4", "fully_connected_s8", "fully_connected_s4")


def test_the_arrays_are_cmsis_nns_own() -> None:
    found = cases(need_data("conformance/cmsis_nn"), FAMILIES)
    assert len(found) >= 47
    for path in found:
        compare(read_case(path))


def compare(case: Case) -> None:
    """Compare one case's arrays and parameters with what is emitted for its graph."""
    graph = TRANSLATIONS[case.op](case).graph
    source = next(f.data.decode() for f in write(graph, {}, flavour="cmsis_nn") if f.path.endswith(".c"))
    packed = "weights_packed_s4" in case.arrays
    weights = case["weights_packed_s4" if packed else "weights"]
    if case.op == "conv_s8" and case.meta["groups"] > 1 and weights.shape[-1] == 1:
        weights = np.moveaxis(weights, 0, -1)  # groups of one channel: ours is the depthwise kernel, 1HWO
    assert np.array_equal(array(source, "weight"), weights.reshape(-1).view(np.int8)), case.name
    if case.meta["has_bias"]:
        assert np.array_equal(array(source, "bias"), case["bias"]), case.name
    for ours, theirs in (("multiplier", "mult"), ("shift", "shift")):
        made = array(source, ours)
        assert np.array_equal(made, np.broadcast_to(case[theirs], made.shape)), case.name
    assert f".input_offset = {case.meta['input_offset']}," in source, case.name
    assert f".output_offset = {case.meta['output_offset']}," in source, case.name
    assert f".activation = {{.min = {case.act[0]}, .max = {case.act[1]}}}" in source, case.name


def array(source: str, name: str) -> np.ndarray:
    """Return the numbers of the one array whose name ends so, by splitting the text alone."""
    head, _, rest = source.partition(f"_{name}[")
    assert head.rsplit(" ", 1)[0].endswith(("int8_t", "int32_t"))
    return np.array([int(v) for v in rest.split("{", 1)[1].split("}", 1)[0].replace("\n", " ").split(",")])
