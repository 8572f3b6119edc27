"""Read regular files only: a pipe, a device or a link in place of a file would hang or lead elsewhere."""

from __future__ import annotations

import stat
from pathlib import Path

from edgeq.errors import ArtefactError, EdgeqError


def is_regular(path: Path) -> bool:
    """Tell whether ``path`` itself is a regular file, not a link to one."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except (OSError, ValueError):  # too long a name, a null in it
        return False


def require_regular(path: Path, error: type[EdgeqError] = ArtefactError) -> Path:
    """Return ``path``; raises ``error`` when it is missing or anything but a regular file."""
    if not is_regular(path):
        raise error(f"{path}: missing, or not a regular file")
    return path
