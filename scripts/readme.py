"""Write the op table of README.md anew, between its two markers."""

from __future__ import annotations

import sys
from pathlib import Path

from edgeq.cli.ops import markdown

START, END = "<!-- ops -->", "<!-- /ops -->"


def with_table(text: str) -> str:
    """Return the text with the table between the markers; raises ValueError when they are missing."""
    before, start, rest = text.partition(START)
    _, end, after = rest.partition(END)
    if not start or not end:
        raise ValueError(f"README.md has no markers {START} and {END}")
    return f"{before}{START}\n{markdown()}\n{END}{after}"


if __name__ == "__main__":
    readme = Path(sys.argv[1] if len(sys.argv) > 1 else "README.md")
    readme.write_text(with_table(readme.read_text()))
