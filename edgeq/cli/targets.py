"""Refuse folders that hold what would be lost."""

from __future__ import annotations

from collections.abc import Container
from pathlib import Path

from edgeq.errors import InputError


def refuse_others(folder: Path, names: Container[str], option: str) -> None:
    """Let a folder pass that is new, empty, or holds only files of these names, which are replaced."""
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise InputError(f"{option} {folder}: exists and is not a folder; it is left as it is. Choose another name")
    others = sorted(p.name for p in folder.iterdir() if p.name not in names) if folder.exists() else []
    if others:
        raise InputError(f"{option} {folder}: holds other files ({others[0]}); choose another folder")
