"""What all rules by pattern share: how they are read, and which weights each holds for.

Of two rules that match one weight the later one holds. A rule that holds for no weight is an error.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from edgeq.artefacts.manifest import parse_yaml
from edgeq.errors import InputError, shown

if TYPE_CHECKING:
    from edgeq.compress.pruning.weights import Weight

_SHOWN = 20


class Patterned(Protocol):
    """A rule: a dataclass with a glob on qualified names as its first field."""

    @property
    def pattern(self) -> str:
        """The glob."""


R = TypeVar("R", bound=Patterned)


def check_pattern(pattern: object) -> str:
    """Return how messages call the rule of a pattern; raises InputError for what is none."""
    if not isinstance(pattern, str) or not pattern:
        raise InputError(f"rule: pattern is {shown(pattern)}, expected a glob such as 'conv*.weight'")
    return f"rule '{pattern}'"


def check_choice(where: str, what: str, value: object, choices: Sequence[str], more: str = "") -> None:
    """Raise InputError unless a field is one of its choices; ``more`` says what else it may be."""
    if value not in choices:
        raise InputError(f"{where}: {what} is {shown(value)}, expected {', '.join(choices)}{more}")


def check_integer(where: str, what: str, value: object, lo: int | None = None, hi: int | None = None) -> None:
    """Raise InputError unless a field is an integer, from ``lo`` to ``hi`` where these are given."""
    between = "" if lo is None else f" {lo}..{hi}"
    if isinstance(value, bool) or not isinstance(value, int) or (lo is not None and not lo <= value <= (hi or 0)):
        raise InputError(f"{where}: {what} is {shown(value)}, expected an integer{between}")


def rules_of(kind: type[R], given: object, needed: str) -> tuple[R, ...]:
    """Return rules as ``kind``: one, its fields as a mapping, or a list of both; ``needed`` are fields all need.

    Raises InputError for none, and for a field that is unknown or wrong.
    """
    if isinstance(given, kind | Mapping):
        return (_make(kind, given, 0),)
    if isinstance(given, str) or not isinstance(given, Sequence) or not given:
        raise InputError(f"rules are {shown(given)}, expected a list of rules with {needed}")
    return tuple(_make(kind, rule, k) for k, rule in enumerate(given))


def _make(kind: type[R], rule: object, index: int) -> R:
    if isinstance(rule, kind):
        return rule
    known = [field.name for field in fields(kind)]  # type: ignore[arg-type]
    if not isinstance(rule, Mapping):
        raise InputError(f"rules[{index}] is {shown(rule)}, expected fields: {', '.join(known)}")
    unknown = [name for name in rule if name not in known]
    if unknown:
        raise InputError(f"rules[{index}]: unknown field {shown(unknown[0])}; the fields are {', '.join(known)}")
    if "pattern" not in rule:
        raise InputError(f"rules[{index}]: pattern is missing")
    return kind(**rule)


def read_rules(kind: type[R], path: str | Path, needed: str) -> tuple[R, ...]:
    """Read a YAML file of rules, a list or a mapping with the list under ``rules``.

    Raises InputError naming file and fault.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: no such file of rules")
    data: Any = parse_yaml(path.read_bytes(), str(path), InputError)
    if isinstance(data, dict):
        unknown = [name for name in data if name != "rules"]
        if unknown or "rules" not in data:
            got = f"the key {shown(unknown[0])}" if unknown else "no key"
            raise InputError(f"{path}: has {got}, expected a list of rules under the key 'rules'")
        data = data["rules"]
    try:
        return rules_of(kind, data, needed)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def match(weights: Sequence[Weight], rules: Sequence[R]) -> list[tuple[R, tuple[Weight, ...]]]:
    """Return the weights that each rule holds for; of two rules that match a weight the later one holds.

    A glob matches weights of two or more dimensions only; a vector has to be named in full. Raises InputError for a
    rule that matches nothing, and for one whose every weight a later rule takes.
    """
    holder = {id(w): k for k, rule in enumerate(rules) for w in weights if _matches(rule, w)}
    held = [(rule, tuple(w for w in weights if holder.get(id(w)) == k)) for k, rule in enumerate(rules)]
    for rule, chosen in held:
        if not chosen:
            raise _useless(rule, weights)
    return held


def _matches(rule: Patterned, weight: Weight) -> bool:
    if weight.parameter.ndim < 2:
        return rule.pattern in weight.names
    return any(fnmatchcase(name, rule.pattern) for name in weight.names)


def _useless(rule: Patterned, weights: Sequence[Weight]) -> InputError:
    if any(_matches(rule, w) for w in weights):
        return InputError(f"rule '{rule.pattern}': later rules hold for all that it matches; remove it, or put it last")
    vectors = [w.name for w in weights if w.parameter.ndim < 2 and fnmatchcase(w.name, rule.pattern)]
    if vectors:
        return InputError(f"rule '{rule.pattern}' matches vectors alone ({_listed(vectors)}); "
                          "a bias or a normalization is taken only by its full name")
    names = [w.name for w in weights if w.parameter.ndim >= 2]
    return InputError(f"rule '{rule.pattern}' matches no weight; the weights are {_listed(names) or 'none'}")


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
