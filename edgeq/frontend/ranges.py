"""Find, store and read the range of each value that lowering quantizes.

A range file is YAML: ``edgeq_ranges: 1`` and a mapping from value to ``[lo, hi]``. Edited and given back, it
replaces calibration, and the lowering is the same byte for byte on every machine.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from edgeq.artefacts.files import write_file
from edgeq.artefacts.inside import refuse_inside
from edgeq.artefacts.manifest import dump_yaml, parse_yaml
from edgeq.errors import CalibrationError, InputError
from edgeq.frontend.interpret import run
from edgeq.frontend.program import Program
from edgeq.ir.tensor import Array

Range = tuple[float, float]
VERSION = 1
_LEAST_BATCH, _MOST_BATCH = 64, 1024
_BATCH_VALUES = 1 << 20
"""Numbers that the inputs of one batch have, as far as a batch may be so large: small networks run faster."""
_LONGEST = 1 << 24


def observe(
    program: Program, data: Mapping[str, Array], values: Iterable[str], cover: Mapping[str, float] | None = None
) -> dict[str, Range]:
    """Return the range of each value on the calibration data: its smallest and largest number.

    For values in ``cover`` the extremes of every sample are sorted, and those at ``int(N * (1 - cover))`` and
    ``int(N * cover)`` are taken. Raises CalibrationError for data that are empty or not finite, and for a value that
    overflows.
    """
    wanted = set(values)
    seen: dict[str, list[tuple[Array, Array]]] = {}
    _check_data(data)

    def note(name: str, tensor: Any) -> None:
        if name not in wanted:
            return
        rows = tensor.reshape(len(tensor), -1) if tensor.ndim else tensor.reshape(1, 1)
        lo, hi = rows.amin(1).double().numpy(), rows.amax(1).double().numpy()
        if not (np.isfinite(lo).all() and np.isfinite(hi).all()):
            raise CalibrationError(f"value '{name}' is not finite on the calibration data; check data and model")
        seen.setdefault(name, []).append((lo, hi))

    count = len(next(iter(data.values())))
    values_each = sum(v.size // len(v) for v in data.values())
    batch = min(max(_BATCH_VALUES // max(values_each, 1), _LEAST_BATCH), _MOST_BATCH)
    for start in range(0, count, batch):
        with np.errstate(over="ignore"):  # what overflows the model's type is reported by `note`
            run(program, {k: np.asarray(v[start : start + batch]) for k, v in data.items()}, note)
    chosen = cover or {}
    return {name: _range(parts, chosen.get(name)) for name, parts in seen.items()}


def _range(parts: Sequence[tuple[Array, Array]], cover: float | None) -> Range:
    """Return the extremes of all samples, or those which leave the outermost samples out."""
    lows, highs = (np.sort(np.concatenate([part[k] for part in parts])) for k in range(2))
    if cover is None:
        return float(lows[0]), float(highs[-1])
    return float(lows[int(len(lows) * (1 - cover))]), float(highs[int(len(highs) * cover)])


def _check_data(data: Mapping[str, Array]) -> None:
    for name, array in data.items():
        if len(array) == 0:
            raise CalibrationError(f"calibration data for '{name}' hold no sample")
        bad = np.argwhere(~np.isfinite(array)) if array.dtype.kind == "f" else np.empty((0, 1), np.int64)
        if len(bad):
            place = [int(v) for v in bad[0]]
            found = array[tuple(place)]
            raise CalibrationError(f"calibration data for '{name}': value at {place} is {found}, not finite")


def number_pair(pair: object) -> Range | None:
    """Return two finite numbers, None for anything else."""
    if not isinstance(pair, list | tuple) or len(pair) != 2:
        return None
    if any(isinstance(v, bool) or not isinstance(v, int | float) or not abs(v) <= sys.float_info.max for v in pair):
        return None
    return float(pair[0]), float(pair[1])


def check_range_target(path: Path) -> None:
    """Raise InputError when ``path`` exists and is not a range file, ArtefactError inside a folder of edgeq's own."""
    if path.is_symlink() or (path.exists() and not _is_range_file(path)):
        raise InputError(f"{path}: exists and is not a range file; it is left as it is. Choose another name")
    refuse_inside(path)


def _is_range_file(path: Path) -> bool:
    if not path.is_file() or path.stat().st_size > _LONGEST:
        return False
    try:
        data = parse_yaml(path.read_bytes(), str(path), CalibrationError)
    except CalibrationError:
        return False
    return isinstance(data, dict) and "edgeq_ranges" in data


def save_ranges(path: Path, ranges: Mapping[str, Range]) -> None:
    """Write a range file; see `check_range_target` for what it does not replace."""
    check_range_target(path)
    write_file(path, dump_yaml({"edgeq_ranges": VERSION, "ranges": {k: list(v) for k, v in ranges.items()}}))


def load_ranges(path: Path, expected: Sequence[str]) -> dict[str, Range]:
    """Return the ranges of a file; raises CalibrationError when one is missing, unknown or malformed."""
    if not path.is_file():
        raise CalibrationError(f"{path}: no such file")
    data = parse_yaml(path.read_bytes(), str(path), CalibrationError)
    if not isinstance(data, dict) or data.get("edgeq_ranges") != VERSION or not isinstance(data.get("ranges"), dict):
        raise CalibrationError(f"{path}: not a range file; it starts with 'edgeq_ranges: {VERSION}' and maps 'ranges'")
    ranges: dict[str, Range] = {}
    for name, pair in data["ranges"].items():
        numbers = number_pair(pair)
        if numbers is None or numbers[0] > numbers[1]:
            raise CalibrationError(f"{path}: range of '{name}' must be [lo, hi] with lo <= hi, got {pair!r}")
        ranges[str(name)] = numbers
    missing, unknown = sorted(set(expected) - set(ranges)), sorted(set(ranges) - set(expected))
    if missing or unknown:
        what = f"no range for '{missing[0]}'" if missing else f"'{unknown[0]}' is no value of this model"
        raise CalibrationError(f"{path}: {what}; write the file with --save-ranges for this model")
    return ranges
