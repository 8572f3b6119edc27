"""Fill the thin glue of emitted projects from the templates in `hw_templates`.

A template loops and substitutes; every value is computed and checked before.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from edgeq.artefacts.templates import template_folder


@cache
def environment() -> Environment:
    """Return the template engine, with delimiters that occur in neither C nor Verilog."""
    return Environment(
        loader=FileSystemLoader(template_folder()), undefined=StrictUndefined, autoescape=False,
        variable_start_string="@{", variable_end_string="}@", block_start_string="/*%", block_end_string="%*/",
        comment_start_string="/*#", comment_end_string="#*/", line_statement_prefix="//%",
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
    )


def render(template: str, **values: Any) -> bytes:
    """Return the text of ``template`` (a path below `hw_templates`) with ``values`` in place, ASCII with LF."""
    return environment().get_template(template).render(**values).encode("ascii")


def comment(text: str) -> str:
    """Return ``text`` so that no comment of C, Verilog or make ends early: printable ASCII, no ``*/``, no trigraph.

    >>> comment("net */ é ??/")
    'net * / ? ? ?/'
    """
    plain = "".join(c if " " <= c <= "~" else "?" for c in text).replace("\\", "/")
    return re.sub(r"\?(?=\?)", "? ", plain.replace("*/", "* /").replace("/*", "/ *"))
