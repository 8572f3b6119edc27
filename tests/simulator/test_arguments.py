"""simulate: arguments of another kind are refused with one line each."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgeq import Graph, GraphBuilder, IntType, simulate
from edgeq.errors import InputError


def network() -> Graph:
    """Return one layer."""
    b = GraphBuilder("net")
    b.output(b.clamp(b.input("x", (2,), IntType(8)), 0, 9, name="y"))
    return b.build()


@pytest.mark.parametrize("keep", [None, 1.5, [[]], [b"y"], ["y", 1], np.zeros((2, 2)), np.array(5), ""])
def test_keep_names_values(keep: Any) -> None:
    with pytest.raises(InputError, match="keep must be all, outputs, or the names of values, got "):
        simulate(network(), {"x": [[1, 2]]}, keep=keep)


def test_keep_takes_any_collection_of_names() -> None:
    for keep in (("x", "y"), {"x", "y"}, np.array(["x", "y"])):
        assert list(simulate(network(), {"x": [[1, 2]]}, keep=keep).values) == ["x", "y"]


@pytest.mark.parametrize(("jobs", "shown"), [
    (None, "None"), (1.5, "1.5"), ("2", "'2'"), (0, "0"), (-1, "-1"), (257, "257"),
    (1 << 70, "1180591620717411303424")])
def test_jobs_is_a_number_of_threads(jobs: Any, shown: str) -> None:
    with pytest.raises(InputError, match=f"^jobs must be a number of threads, 1..256, got {shown}$"):
        simulate(network(), {"x": [[1, 2]]}, jobs=jobs)


def test_jobs_up_to_the_most() -> None:
    assert simulate(network(), {"x": [[1, 20]]}, jobs=256).outputs["y"].tolist() == [[1, 9]]


@pytest.mark.parametrize("kernel", [np.zeros(2), None, 1, ["auto"]])
def test_kernel_is_a_word(kernel: Any) -> None:
    with pytest.raises(InputError, match=r"kernel .* does not exist; use one of auto, reference"):
        simulate(network(), {"x": [[1, 2]]}, kernel=kernel)


def test_ragged_input() -> None:
    with pytest.raises(InputError, match="input 'x': is not an array of numbers"):
        simulate(network(), {"x": [[1, 2], [3]]})
