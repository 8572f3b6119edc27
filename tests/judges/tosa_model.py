"""Ask TOSA's reference model (tosa-tools), which runs in a Python of its own, for the outputs of cases."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

WORKER = Path(__file__).with_name("tosa_worker.py")
STORED = {"INT4": np.int8, "INT8": np.int8, "INT16": np.int16, "INT32": np.int32, "INT48": np.int64, "SHAPE": np.int64}


@dataclass(frozen=True)
class Tensor:
    """An operand: values of any integer dtype, stored as TOSA's type; a constant is part of the graph."""

    values: np.ndarray
    dtype: str
    constant: bool = False

    @property
    def stored(self) -> np.ndarray:
        """Values as the model takes them; codes past the signed range keep their bits, as unsigned codes do."""
        return np.asarray(self.values).astype(STORED[self.dtype])

    @property
    def embedded(self) -> bool:
        """The model's Python interface takes no INT4 and no INT48; those and shapes are part of the graph."""
        return self.constant or self.dtype in ("INT4", "INT48", "SHAPE")


def number(value: int, dtype: str) -> Tensor:
    """Return a constant of one element: a zero point, a multiplier, a shift."""
    return Tensor(np.array([value]), dtype, constant=True)


@dataclass(frozen=True)
class Case:
    """One operator in the model's words, and the same computed by edgeq in the model's layout.

    An INT48 output is shifted right by ``reveal - 2``, ties up, in both: 2 shows all of a value that fits 32 bits.
    """

    name: str
    operator: str
    inputs: tuple[Tensor, ...]
    shape: tuple[int, ...]
    dtype: str
    ours: Callable[[], np.ndarray]
    attribute: str | None = None
    arguments: tuple[Any, ...] = ()
    reveal: int = 2
    unsigned: bool = field(default=False)

    def job(self, first: int) -> dict[str, Any]:
        """Return what the worker reads; operand k is the array ``first + k``."""
        inputs = [[str(first + k), t.dtype, t.embedded] for k, t in enumerate(self.inputs)]
        return {"operator": self.operator, "attribute": self.attribute, "arguments": self.arguments, "inputs": inputs,
                "shape": self.shape, "dtype": self.dtype, "reveal": self.reveal}

    def seen(self, output: np.ndarray) -> np.ndarray:
        """Return the model's output as codes."""
        return output.view(f"u{output.dtype.itemsize}") if self.unsigned else output


class ReferenceModel:
    """One process of the judges' Python that answers any number of times."""

    def __init__(self, python: Path) -> None:
        self._said = tempfile.TemporaryFile("w+")  # noqa: SIM115  # as long as the process
        self._process = subprocess.Popen([str(python), str(WORKER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                         stderr=self._said, text=True)

    def answers(self, cases: Sequence[Case]) -> list[tuple[str, np.ndarray]]:
        """Return (status, output) of every case."""
        arrays: dict[str, np.ndarray] = {}
        jobs = []
        for case in cases:
            jobs.append(case.job(len(arrays)))
            arrays |= {str(len(arrays) + k): t.stored for k, t in enumerate(case.inputs)}
        with tempfile.TemporaryDirectory() as folder:
            np.savez(Path(folder) / "jobs.npz", jobs=json.dumps(jobs), **arrays)
            self._serve(folder)
            with np.load(Path(folder) / "results.npz") as results:
                status = results["status"].tolist()
                return [(status[k], case.seen(results[str(k)])) for k, case in enumerate(cases)]

    def outputs(self, cases: Sequence[Case]) -> dict[str, np.ndarray]:
        """Return the output of every case by name; the model must find nothing unpredictable in any."""
        assert len({case.name for case in cases}) == len(cases), "two cases have one name"
        answers = self.answers(cases)
        for case, (status, output) in zip(cases, answers, strict=True):
            assert status == "TOSA_VALID", f"{case.name}: the model says {status}: {self._complaint()}"
            assert output.shape == case.shape, f"{case.name}: the model gave {output.shape}, expected {case.shape}"
        return {case.name: output for case, (_, output) in zip(cases, answers, strict=True)}

    def close(self) -> None:
        """End the process."""
        self._process.communicate()
        self._said.close()

    def _serve(self, folder: str) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{folder}\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline() == "done\n", f"the reference model ended: {self._complaint()}"

    def _complaint(self) -> str:
        self._said.seek(0)
        return self._said.read()[:2000]


def judge(cases: Sequence[Case], expected: dict[str, np.ndarray]) -> int:
    """Compare edgeq with the model's outputs, every value; returns how many."""
    count = 0
    for case in cases:
        ours, theirs = case.ours().astype(np.int64), expected[case.name].astype(np.int64)
        assert ours.shape == theirs.shape, f"{case.name}: shapes {ours.shape} and {theirs.shape}"
        wrong = np.argwhere(ours != theirs)
        assert not len(wrong), (
            f"{case.name}: {len(wrong)} of {ours.size} values differ, first at {wrong[0].tolist()}: "
            f"edgeq {ours[tuple(wrong[0])]}, TOSA {theirs[tuple(wrong[0])]}")
        count += ours.size
    return count
