"""Compare two sets of vectors, or what a device dumped with what it should have, and say where they part.

The first diverging value in order of execution is what matters: all after it is a consequence.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeq.arith.types import IntType
from edgeq.artefacts.manifest import NAME, Entry, check_files
from edgeq.errors import ArtefactError
from edgeq.ir.graph import Graph
from edgeq.ir.tensor import Array
from edgeq.vectors.dumps import load_dump, refuse_unknown
from edgeq.vectors.read import vector_manifest
from edgeq.vectors.write import write_vectors

_ROLES = ("raw", "in", "acc", "out")


@dataclass(frozen=True)
class Difference:
    """How one file parts from the expected one; ``index`` is (image, *place) in the IR's order."""

    path: str
    layer: str
    role: str
    values: int
    different: int
    index: tuple[int, ...] = ()
    got: int | None = None
    expected: int | None = None
    diagnosis: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return plain data."""
        return {
            "path": self.path, "layer": self.layer, "role": self.role, "values": self.values,
            "different": self.different, "index": list(self.index), "got": self.got, "expected": self.expected,
            "diagnosis": self.diagnosis,
        }

    def __str__(self) -> str:
        if not self.index:
            return f"{self.path}: {self.diagnosis}"
        return (
            f"{self.path}: layer '{self.layer}' {self.role}: {self.different} of {self.values} values differ; "
            f"the first at {list(self.index)} is {self.got}, expected {self.expected}; {self.diagnosis}"
        )


@dataclass(frozen=True)
class Comparison:
    """``compared`` files in order of execution, ``absent`` expected files that were not there, ``differences``."""

    compared: tuple[str, ...]
    absent: tuple[str, ...]
    values: int
    differences: tuple[Difference, ...]

    @property
    def ok(self) -> bool:
        """Whether something was compared and nothing differs."""
        return bool(self.compared) and not self.differences

    @property
    def first(self) -> Difference | None:
        """The first difference in order of execution."""
        return self.differences[0] if self.differences else None

    def as_dict(self) -> dict[str, Any]:
        """Return plain data."""
        return {"ok": self.ok, "files": list(self.compared), "absent": list(self.absent), "values": self.values,
                "differences": [d.as_dict() for d in self.differences]}


def compare_with_simulator(
    graph: Graph, inputs: Mapping[str, npt.ArrayLike], folder: str | Path, layout: str = "hwc", jobs: int = 1
) -> Comparison:
    """Compare a folder with what the simulator gives for ``inputs`` (all images)."""
    with tempfile.TemporaryDirectory(prefix="edgeq.") as scratch:
        reference = write_vectors(graph, inputs, Path(scratch) / "expected", None, layout, jobs)
        return _compare(reference, Path(folder), f"the graph '{graph.name}'")


def compare(reference: str | Path, folder: str | Path) -> Comparison:
    """Compare ``folder`` with the vector folder ``reference``, file by file in order of execution.

    ``folder`` is a vector folder too, or holds files a device dumped under the names of the reference, any
    subset of them, `.npy` or `.hex`; hex is read leniently, in the reference's layout.

    Raises ArtefactError for a damaged or foreign folder, or one with no file to compare.
    """
    return _compare(Path(reference), Path(folder), str(reference))


def _compare(expected: Path, got: Path, whose: str) -> Comparison:
    """Compare two folders; ``whose`` names the expected values in messages."""
    manifest = vector_manifest(expected)
    check_files(expected, manifest)
    if not got.is_dir():
        raise ArtefactError(f"{got}: no such folder")
    if (got / NAME).is_file():
        other = vector_manifest(got)
        if other.digest != manifest.digest:
            raise ArtefactError(f"{got}: vectors are of graph '{other.graph}' sha256 {other.digest[:12]}.., those of "
                                f"{whose} of '{manifest.graph}' sha256 {manifest.digest[:12]}..")
    ending = ".npy" if (got / NAME).is_file() else ""  # its hex may be in another layout
    wanted = (e for e in manifest.files if e.holds.get("role") != "raw" and e.path.endswith(ending))
    entries = sorted(wanted, key=_order)
    present = [e for e in entries if (got / e.path).is_file()]
    if not present:
        raise ArtefactError(f"{got}: holds none of the {len(entries)} files of {whose}, such as {entries[0].path}")
    refuse_unknown(got, (e.path for e in manifest.files))
    found = [_compare_file(e, expected / e.path, got / e.path) for e in present]
    compared = {Path(e.path).stem for e in present}
    return Comparison(
        tuple(e.path for e in present), tuple(e.path for e in entries if Path(e.path).stem not in compared),
        sum(d.values for d in found), tuple(d for d in found if d.different or d.diagnosis))


def _order(entry: Entry) -> tuple[int, int, str]:
    number = entry.path.split("_", 1)[0]
    role = str(entry.holds.get("role", "")).rstrip("0123456789")
    return int(number) if number.isdigit() else 0, _ROLES.index(role) if role in _ROLES else len(_ROLES), entry.path


def _compare_file(entry: Entry, expected: Path, got: Path) -> Difference:
    shape = tuple(entry.holds["shape"])
    kept = IntType(entry.holds["type"]["bits"], entry.holds["type"]["signed"])
    layer, role, total = entry.holds["layer"], entry.holds["role"], int(np.prod(shape, dtype=np.int64))
    want = load_dump(expected, entry, shape, kept)
    if want.shape != shape:
        raise ArtefactError(f"{expected}: shape is {list(want.shape)}, the manifest says {list(shape)}")
    try:
        have = load_dump(got, entry, shape, kept)
    except ArtefactError as error:
        return Difference(entry.path, layer, role, total, total, diagnosis=f"cannot be read: {_reason(error, got)}")
    if have.shape != want.shape:
        text = f"shape is {list(have.shape)}, expected {list(want.shape)}"
        text += "; --count says how many images to compare" if have.shape[1:] == want.shape[1:] else ""
        return Difference(entry.path, layer, role, total, total, diagnosis=text)
    wrong = np.asarray(have != want)
    different = int(np.count_nonzero(wrong))
    if not different:
        return Difference(entry.path, layer, role, total, 0)
    index = np.unravel_index(int(np.argmax(wrong)), want.shape)
    return Difference(entry.path, layer, role, total, different, tuple(int(i) for i in index), int(have[index]),
                      int(want[index]), diagnose(have, want, kept))


def _reason(error: ArtefactError, path: Path) -> str:
    """Return a message without the file's name in front."""
    return str(error).removeprefix(f"{path}: ").removeprefix(f"{path.name}: ").removeprefix(f"{path.name} ")


def diagnose(got: Array, expected: Array, kept: IntType) -> str:
    """Return the likely cause of a difference in one line.

    >>> import numpy as np
    >>> diagnose(np.array([[1, 3]]), np.array([[1, 4]]), IntType(8))
    'every difference is one unit: a rounding rule or its place'
    """
    have, want = got.astype(np.int64), expected.astype(np.int64)
    wrong = have != want
    for text, holds in (
        ("all values are the same: nothing was written, or a memory was not loaded", _is_flat(have, want)),
        ("values match in another axis order: a layout", _is_transposed(have, want)),
        ("images match in another order", _is_shuffled(have, want)),
        ("every difference is one unit: a rounding rule or its place", _steps(have, want, wrong) == {1}),
        (f"differences are multiples of 2^{kept.bits}: signed read as unsigned, or an overflow",
         not ((have - want) % (1 << min(kept.bits, 62))).any()),
        ("signs are exchanged", bool((have[wrong] == -want[wrong]).all())),
        ("every value is off by the same amount: a zero point or a bias", np.ptp(have - want) == 0),
        ("differences only where a limit of the type is met: saturation, wrap or a clamp",
         bool(np.isin(want[wrong], (kept.qmin, kept.qmax)).all())),
    ):
        if holds:
            return text
    first = int(np.flatnonzero(wrong.reshape(len(wrong), -1).any(axis=1))[0])
    return f"no simple pattern; the largest difference is {int(np.abs(have - want).max())}, first in image {first}"


def _is_flat(have: Array, want: Array) -> bool:
    return have.size > 1 and bool((have == have.flat[0]).all()) and not bool((want == want.flat[0]).all())


def _steps(have: Array, want: Array, wrong: Array) -> set[int]:
    return {int(v) for v in np.unique(np.abs(have[wrong] - want[wrong])[:100_000])}


def _is_transposed(have: Array, want: Array) -> bool:
    if want.ndim < 3:
        return False
    flat = have.reshape(len(have), -1)
    orders = [p for p in permutations(range(1, want.ndim)) if p != tuple(range(1, want.ndim))]
    return any(np.array_equal(flat, want.transpose(0, *p).reshape(len(want), -1)) for p in orders)


def _is_shuffled(have: Array, want: Array) -> bool:
    if len(want) < 2:
        return False
    return sorted(row.tobytes() for row in have) == sorted(row.tobytes() for row in want)
