"""Take fields out of a mapping that a stranger may have written."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from edgeq.errors import InputError, shown

_LONGEST = 4096
_MOST = 100_000
_LARGEST = 1 << 62


class Fields:
    """A mapping and what messages call it; every method raises InputError naming both and the field."""

    def __init__(self, where: str, data: object) -> None:
        if not isinstance(data, Mapping) or not all(isinstance(name, str) for name in data):
            raise InputError(f"{where} is {shown(data)}, expected fields by name")
        self.where, self.data = where, data

    def require(self, holds: bool, message: str) -> None:
        """Raise InputError with a message of the caller's unless something holds."""
        if not holds:
            raise InputError(f"{self.where}: {message}")

    def only(self, *names: str) -> None:
        """Refuse fields beyond these."""
        unknown = [name for name in self.data if name not in names]
        self.require(not unknown, f"unknown field {shown(unknown[0]) if unknown else ''}")

    def text(self, name: str) -> str:
        """Return text."""
        value = self.data.get(name)
        good = isinstance(value, str) and len(value) <= _LONGEST and value.isprintable()
        self._check(good, name, f"one line of text of at most {_LONGEST:,} characters")
        return str(value)

    def text_or_none(self, name: str) -> str | None:
        """Return text, None where it is not given."""
        return None if self.data.get(name) is None else self.text(name)

    def count(self, name: str) -> int:
        """Return an integer from 0 on."""
        value = self.whole_or_none(name)
        self._check(value is not None and value >= 0, name, "an integer from 0 on")
        return int(value or 0)

    def count_or_none(self, name: str) -> int | None:
        """Return an integer from 0 on, None where it is not given."""
        return None if self.data.get(name) is None else self.count(name)

    def whole_or_none(self, name: str) -> int | None:
        """Return an integer, None where it is not given."""
        value = self.data.get(name)
        good = value is None or (isinstance(value, int) and not isinstance(value, bool) and abs(value) < _LARGEST)
        self._check(good, name, "an integer of at most 62 bits")
        return value

    def number(self, name: str) -> float:
        """Return a finite number."""
        value = self.number_or_none(name)
        self._check(value is not None, name, "a finite number")
        return float(value or 0)

    def number_or_none(self, name: str) -> float | None:
        """Return a finite number, None where it is not given."""
        value = self.data.get(name)
        self._check(value is None or _is_finite(value), name, "a finite number")
        return None if value is None else float(value)

    def numbers_or_none(self, name: str) -> list[float] | None:
        """Return a list of finite numbers, None where it is not given."""
        value = self.data.get(name)
        good = value is None or (isinstance(value, list) and len(value) <= _MOST and all(map(_is_finite, value)))
        self._check(good, name, "a list of finite numbers")
        return value

    def mapping(self, name: str) -> Mapping[str, Any]:
        """Return fields of any plain kind."""
        return Fields(f"{self.where}: {name}", self.data.get(name)).data

    def mapping_or_none(self, name: str) -> Mapping[str, Any] | None:
        """Return fields of any plain kind, None where they are not given."""
        return None if self.data.get(name) is None else self.mapping(name)

    def texts(self, name: str) -> Mapping[str, str]:
        """Return texts by name."""
        inner = Fields(f"{self.where}: {name}", self.data.get(name))
        return {key: inner.text(key) for key in inner.data}

    def items(self, name: str) -> list[Fields]:
        """Return a list of mappings."""
        value = self.data.get(name)
        self._check(isinstance(value, list) and len(value) <= _MOST, name, f"a list of at most {_MOST:,} entries")
        assert isinstance(value, list)
        return [Fields(f"{self.where}: {name}[{k}]", each) for k, each in enumerate(value)]

    def _check(self, holds: bool, name: str, expected: str) -> None:
        if not holds:
            raise InputError(f"{self.where}: {name} is {shown(self.data.get(name))}, expected {expected}")


def _is_finite(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) < _LARGEST if isinstance(value, int) else math.isfinite(value)
