"""Read options that are written ``--option NAME=VALUE``."""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from typing import Any

from edgeq.errors import InputError

_LONGEST = 20
_LISTS = frozenset({"among", "codebook"})


def given_options(given: Sequence[str], whose: str, taken: Container[str] = ()) -> dict[str, Any]:
    """Return name to value: true and false as flags, digits as an integer, lists with commas, else text.

    ``taken`` are names that mean something else; ``whose`` says in messages what has options: a format, a codec.
    """
    options: dict[str, Any] = {}
    for text in given:
        name, sign, value = text.partition("=")
        if not sign or not name:
            raise InputError(f"--option {text}: write NAME=VALUE")
        if name in taken:
            raise InputError(f"--option {text}: no {whose} has an option {name!r}")
        if name in options:
            raise InputError(f"--option: {name} is given twice")
        options[name] = _value(name, value)
    return options


def _value(name: str, text: str) -> Any:
    if name in _LISTS and text != "auto":
        return [_single(name, each) for each in text.split(",")]
    return text == "true" if text in ("true", "false") else _single(name, text)


def _single(name: str, text: str) -> int | str:
    if not re.fullmatch("-?[0-9]+", text):
        return text
    if len(text) > _LONGEST:
        raise InputError(f"--option {name}: a number has at most {_LONGEST} characters, got {len(text)}")
    return int(text)
