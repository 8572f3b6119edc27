"""Kernels get arrays of one layout whatever the shapes and constants are: each is compiled once."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
import pytest

from tests.ops.one_op import S16, random_operand, run

SIDES = {"multiplier": 3, "shift": 1, "negative_multiplier": 1, "negative_shift": 1}
Call = tuple[str, list[tuple[int, ...]], dict[str, Any]]
PAIRS = [[(2, 3), (2, 3)], [(2, 3), (3,)], [(3,), (2, 3)], [(2, 1), (1, 3)], [(), (2, 3)]]
CASES: dict[str, tuple[str, list[Call]]] = {
    **{kind: (f"{kind}._{kind}", [(kind, shapes, {}) for shapes in PAIRS])
       for kind in ("add", "sub", "mul", "maximum", "minimum")},
    "matmul": ("sum_of_products._ordered", [
        ("matmul", shapes, {"transpose1": one, "transpose2": two})
        for shapes in ([(2, 2), (2, 2)], [(3, 2, 2), (2, 2)], [(2, 2), (3, 2, 2)])
        for one in (False, True) for two in (False, True)]),
    "threshold": ("threshold._threshold", [
        ("threshold", [(2, 3)], {"thresholds": rows, "direction": 1}) for rows in ([1, 2], [[1, 2], [3, 4]])]),
    "sides": ("sided._sides", [
        ("leaky_relu", [(2, 3)], SIDES), ("prelu", [(2, 3)], {**SIDES, "alpha": 3, "alpha_zero_point": 0}),
        ("prelu", [(2, 3)], {**SIDES, "alpha": [3, 4], "alpha_zero_point": 0})]),
}


@pytest.mark.parametrize("name", CASES)
def test_one_layout(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    place, calls = CASES[name]
    module, kernel = place.split(".")
    loops = import_module(f"edgeq.ops.{module}")
    original, layouts = getattr(loops, kernel), []

    def record(*arguments: Any) -> Any:
        arrays = [a for a in arguments if isinstance(a, np.ndarray)]
        layouts.append([(a.dtype.str, a.ndim, a.flags.c_contiguous, a.flags.writeable) for a in arrays])
        return original(*arguments)

    monkeypatch.setattr(loops, kernel, record)
    rng = np.random.default_rng(5)
    for kind, shapes, attributes in calls:
        run(kind, [random_operand(rng, (1, *shape), S16) for shape in shapes], **attributes)
    assert len(layouts) >= len(calls)
    assert all(layout == layouts[0] for layout in layouts)
    assert all(contiguous and writable for _, _, contiguous, writable in layouts[0])
