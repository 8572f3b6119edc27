"""Run graphs of one operator each in TOSA's reference model; the judges' own Python runs this file.

Each line of standard input is a folder. Its ``jobs.npz`` holds the arrays, and as JSON under ``jobs`` the operators;
``results.npz`` is written beside it: a status for each job, and the outputs as 0, 1, ..
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import tosa_reference_model
import tosa_serializer as ts

FOUR = 4
"""Multiplier that a RESCALE shifts away again, as its shift is 2 at least."""


def member(value: Any) -> Any:
    """Return an attribute's argument; text names a member of an enumeration, as DType.INT32."""
    if not isinstance(value, str):
        return value
    kind, name = value.split(".")
    return getattr(getattr(ts, kind), name)


def add(graph: Any, job: dict[str, Any], names: list[str], output: Any) -> None:
    """Add the operator of a job."""
    made = ts.TosaSerializerAttribute()
    operator = getattr(ts.Op, job["operator"])
    if job["attribute"] is None:
        made.setAttribute(operator)
    else:
        getattr(made, job["attribute"])(*map(member, job["arguments"]))
    graph.addOperator(operator, names, [output.name], made)


def reveal(graph: Any, value: Any, shape: list[int], shift: int) -> None:
    """Add a RESCALE of an INT48, which cannot leave a graph, by ``2**(2 - shift)`` to INT32."""
    given = (("multiplier", "INT16", FOUR), ("shift", "INT8", shift), ("in", "INT48", 0), ("out", "INT32", 0))
    names = [graph.addConst([1], getattr(ts.DType, kind), [v], f"reveal_{name}").name for name, kind, v in given]
    output = graph.addOutput(shape, ts.DType.INT32)
    made = ts.TosaSerializerAttribute()
    made.RescaleAttribute(False, ts.RoundingMode.SINGLE_ROUND, False, False, False)
    graph.addOperator(ts.Op.RESCALE, [value.name, *names], [output.name], made)


def run(job: dict[str, Any], arrays: dict[str, np.ndarray]) -> tuple[str, np.ndarray]:
    """Return (status, output) of one operator."""
    graph = ts.TosaSerializer()
    names, placed = [], []
    for key, dtype, constant in job["inputs"]:
        array, kind = arrays[key], getattr(ts.DType, dtype)
        if constant:
            tensor = graph.addConst(list(array.shape), kind, array.reshape(-1).tolist(), f"constant_{key}")
        else:
            tensor = graph.addPlaceholder(list(array.shape), kind, None)
            placed.append(array)
        names.append(tensor.name)
    if job["dtype"] == "INT48":
        value = graph.addIntermediate(job["shape"], ts.DType.INT48)
        add(graph, job, names, value)
        reveal(graph, value, job["shape"], job["reveal"])
    else:
        add(graph, job, names, graph.addOutput(job["shape"], getattr(ts.DType, job["dtype"])))
    try:
        outputs, status = tosa_reference_model.run(graph.serialize(), placed)
    except ValueError as error:
        return f"refused: {error}", np.zeros(0, np.int64)
    return status.name, outputs[0] if outputs else np.zeros(0, np.int64)


def serve(folder: Path) -> None:
    """Run every job of a folder."""
    with np.load(folder / "jobs.npz") as stored:
        arrays = dict(stored)
    results = [run(job, arrays) for job in json.loads(str(arrays["jobs"]))]
    np.savez(folder / "results.npz", status=[status for status, _ in results],
             **{str(k): array for k, (_, array) in enumerate(results)})


for line in sys.stdin:
    serve(Path(line.strip()))
    sys.stdout.write("done\n")
    sys.stdout.flush()
