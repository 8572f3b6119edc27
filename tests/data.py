"""Find the third-party data that some tests need."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def need_data(name: str) -> Path:
    """Return a file or folder of EDGEQ_DATA; skip when the variable is unset, fail when what it names is missing."""
    root = os.environ.get("EDGEQ_DATA")
    if not root:
        pytest.skip(f"EDGEQ_DATA is not set; {name} is needed")
    path = Path(root) / name
    if not path.exists():
        pytest.fail(f"EDGEQ_DATA is set, but {path} is missing")
    return path
