"""Read the arrays that options name: ``X.npy``, or ``NAME=X.npy`` for a network of several inputs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from edgeq.artefacts.npy import load_npy
from edgeq.errors import InputError


def named_arrays(given: Sequence[str], names: Sequence[str] | None, option: str) -> dict[str, Any]:
    """Return input name to array; ``names`` are the inputs, None when they are not known yet.

    Raises InputError for a missing name, one given twice, and a file that is not a `.npy` array.
    """
    arrays: dict[str, Any] = {}
    for text in given:
        name, path = _split(text, names)
        if not name:
            name = names[0] if names else ""
            if names is not None and len(names) > 1:
                raise InputError(f"{option} {text}: the inputs are {', '.join(names)}; write {option} NAME={text}")
        if name in arrays:
            what = f"input '{name}' is given twice" if name else f"write {option} NAME={path}, a name for each input"
            raise InputError(f"{option}: {what}")
        arrays[name] = load_npy(Path(path))
        if not arrays[name].ndim:
            raise InputError(f"{option} {path}: holds a single number, expected an array with the leading axis N")
    return arrays


def _split(text: str, names: Sequence[str] | None) -> tuple[str, str]:
    """Return name and path; the name is empty when ``text`` is a path, which may hold '=' too."""
    name, sign, path = text.partition("=")
    is_name = name in names if names is not None else Path(path).is_file()
    if not sign or (not is_name and Path(text).is_file()):
        return "", text
    return name, path
