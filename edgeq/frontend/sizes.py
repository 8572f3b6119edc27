"""Read the size expressions of a model file: integers, symbols and a few named functions, nothing else.

``torch.export`` writes a size as the ``repr`` of a sympy expression, such as
``Mul(Integer(16), Symbol('s77', positive=True, integer=True))`` or ``16*s77``. Here the text is parsed by
hand and never evaluated: a size is either an integer or varies with the batch.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import NoReturn

from edgeq.errors import UnsafeModelError

_TOKEN = re.compile(r"\s*(?:([0-9]+)|([A-Za-z_]\w*)|('\w*')|(//|[-+*(),=]))", re.ASCII)
_LONGEST = 4000
_DEEPEST = 40
_LARGEST = 2**62

Size = int | None
"""An integer, or ``None`` for a size that depends on a symbol."""

_FUNCTIONS: dict[str, Callable[[int, int], int]] = {
    "Add": lambda a, b: a + b,
    "Mul": lambda a, b: a * b,
    "Max": max,
    "Min": min,
}
_SYMBOLIC = ("FloorDiv", "CleanDiv", "CeilDiv", "Mod", "PythonMod", "ModularIndexing", "Pow")


def parse_size(text: str, where: str = "model") -> Size:
    """Parse a size expression of the model file and value that ``where`` names.

    Returns the integer, or ``None`` where the expression holds a symbol. Raises :class:`UnsafeModelError` for
    text outside the grammar (torch itself would hand it to ``eval``).

    >>> parse_size("Mul(Integer(4), Integer(2))"), parse_size("16*s77"), parse_size("-1 + 3")
    (8, None, 2)
    """
    return _Parser(text, where).size()


class _Parser:
    """Parse by recursive descent: sum, product, atom."""

    def __init__(self, text: str, where: str) -> None:
        if not isinstance(text, str):
            raise TypeError(f"size expression {text!r}")
        self.text = text
        self.where = where
        self.tokens = self._split(text)
        self.at = 0
        self.depth = 0

    def size(self) -> Size:
        value = self._sum()
        if self.at != len(self.tokens):
            self._refuse()
        return value

    def _refuse(self) -> NoReturn:
        shown = self.text if len(self.text) <= 60 else self.text[:57] + "..."
        raise UnsafeModelError(
            f"{self.where}: size expression {shown!r} is not made of integers and symbols alone; "
            "loading it would run code, which only --allow-code permits"
        )

    def _split(self, text: str) -> list[str]:
        if len(text) > _LONGEST:
            self._refuse()
        tokens, at = [], 0
        text = text.rstrip()
        while at < len(text):
            match = _TOKEN.match(text, at)
            if match is None:
                self._refuse()
            tokens.append(match.group().strip())
            at = match.end()
        return tokens

    def _peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def _take(self, expected: str | None = None) -> str:
        token = self._peek()
        if not token or (expected is not None and token != expected):
            self._refuse()
        self.at += 1
        return token

    def _apply(self, rule: Callable[[int, int], int], a: Size, b: Size) -> Size:
        if a is None or b is None:
            return None
        value = rule(a, b)
        if abs(value) > _LARGEST:
            self._refuse()
        return value

    def _sum(self) -> Size:
        value = self._product()
        while self._peek() in ("+", "-"):
            rule = _FUNCTIONS["Add"] if self._take() == "+" else operator.sub
            value = self._apply(rule, value, self._product())
        return value

    def _product(self) -> Size:
        value = self._atom()
        while self._peek() in ("*", "//"):
            if self._take() == "*":
                value = self._apply(_FUNCTIONS["Mul"], value, self._atom())
            elif value is not None or self._atom() == 0:
                self._refuse()
        return value

    def _atom(self) -> Size:
        self.depth += 1
        if self.depth > _DEEPEST:
            self._refuse()
        value = self._bare_atom()
        self.depth -= 1
        return value

    def _bare_atom(self) -> Size:
        token = self._take()
        if token == "-":
            return self._apply(_FUNCTIONS["Mul"], -1, self._atom())
        if token == "(":
            value = self._sum()
            self._take(")")
            return value
        if token.isdigit():
            if len(token) > 18:
                self._refuse()
            return int(token)
        if not token[0].isalpha() and token[0] != "_":
            self._refuse()
        return self._call(token) if self._peek() == "(" else self._symbol(token)

    def _symbol(self, name: str) -> Size:
        if name.startswith("_"):
            self._refuse()
        return None

    def _call(self, name: str) -> Size:
        self._take("(")
        if name == "Symbol":
            return self._declaration()
        values = [self._sum()]
        while self._peek() == ",":
            self._take()
            values.append(self._sum())
        self._take(")")
        if name == "Integer" and len(values) == 1:
            return values[0]
        if name in _SYMBOLIC and None in values:
            return None
        if name not in _FUNCTIONS:
            self._refuse()
        value = values[0]
        for other in values[1:]:
            value = self._apply(_FUNCTIONS[name], value, other)
        return value

    def _declaration(self) -> Size:
        """Read the rest of ``Symbol('s77', positive=True, integer=True)``."""
        name = self._take()
        if not name.startswith("'"):
            self._refuse()
        while self._peek() == ",":
            self._take()
            if self._take() not in ("positive", "integer", "nonnegative", "negative", "real"):
                self._refuse()
            self._take("=")
            if self._take() not in ("True", "False"):
                self._refuse()
        self._take(")")
        return None
