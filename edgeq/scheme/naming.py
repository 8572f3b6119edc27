"""Names that training and lowering give layers alike."""

from __future__ import annotations

from collections.abc import Container
from itertools import count


def unused(name: str, taken: Container[str]) -> str:
    """Return the name with the first number that makes it new.

    >>> unused("fc", {"fc", "fc_1"})
    'fc_2'
    """
    return next(f"{name}_{k}" for k in count(1) if f"{name}_{k}" not in taken)
