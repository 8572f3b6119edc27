"""Check options that users give: the message names the layer, the option, what it is and what it may be."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterable, Sequence

from edgeq.errors import InputError, shown


def check_choice(value: object, names: Sequence[str], option: str, where: str) -> str:
    """Return a name out of a list."""
    if not isinstance(value, str) or value not in names:
        raise InputError(f"{where}: {option} is {shown(value)}, expected one of {', '.join(names)}")
    return value


def check_range(value: object, where: str) -> tuple[float, float]:
    """Return a range given as a pair of numbers."""
    pair = list(value) if isinstance(value, Sequence) and not isinstance(value, str) else []
    numbers = [each for each in pair if isinstance(each, (int, float)) and abs(each) <= sys.float_info.max]
    if len(pair) != 2 or len(numbers) != 2 or numbers[0] >= numbers[1]:
        raise InputError(f"{where}: range is {shown(value)}, expected [lowest, highest], two rising numbers")
    return float(numbers[0]), float(numbers[1])


def check_flag(value: object, option: str, where: str) -> bool:
    """Return true or false."""
    if not isinstance(value, bool):
        raise InputError(f"{where}: {option} is {shown(value)}, expected true or false")
    return value


def check_fraction(value: object, option: str, where: str) -> float:
    """Return a number above 0 and up to 1."""
    number = check_positive(value, option, where)
    if number > 1:
        raise InputError(f"{where}: {option} is {shown(value)}, expected a number above 0 and up to 1")
    return number


def check_positive(value: object, option: str, where: str) -> float:
    """Return a finite number above 0."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value <= sys.float_info.max:
        raise InputError(f"{where}: {option} is {shown(value)}, expected a number above 0")
    return float(value)


def check_whole(value: object, option: str, where: str) -> int:
    """Return an integer from 1 on."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise InputError(f"{where}: {option} is {shown(value)}, expected an integer from 1 on")
    return value


def keywords_of(kind: Callable[..., object]) -> frozenset[str]:
    """Return the names of the keyword-only arguments of a class: its options."""
    found = inspect.signature(kind).parameters.values()
    return frozenset(each.name for each in found if each.kind is inspect.Parameter.KEYWORD_ONLY)


def refuse_unknown(options: Iterable[str], known: Iterable[str], where: str) -> None:
    """Raise InputError for an option that does not exist, with the list of those that do."""
    there = sorted(known)
    for name in options:
        if name not in there:
            raise InputError(f"{where} has no option {shown(name)}; its options are {', '.join(there) or 'none'}")
