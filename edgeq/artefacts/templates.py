"""Find the hand-written C, HLS and Verilog that projects are made from."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from edgeq.errors import MissingToolError


@cache
def template_folder() -> Path:
    """Return `hw_templates`: inside an installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parent.parent
    for folder in (package / "_hw_templates", package.parent / "hw_templates"):
        if (folder / "c").is_dir():
            return folder
    raise MissingToolError("the hardware templates are missing from this installation; reinstall edgeq")
