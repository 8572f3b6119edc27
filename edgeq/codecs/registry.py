"""Find codecs by name or by the id in a blob; a codec's module is imported when it is first asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from edgeq.errors import InputError, shown

if TYPE_CHECKING:
    from edgeq.codecs.codec import Codec

_CLASSES = {
    1: ("packed", "edgeq.codecs.packed", "Packed"),
    2: ("fixed_point", "edgeq.codecs.fixed_point", "FixedPoint"),
    3: ("vanilla", "edgeq.codecs.vanilla", "Vanilla"),
    4: ("coo", "edgeq.codecs.coo_blob", "CooBlob"),
    5: ("csr", "edgeq.codecs.csr", "Csr"),
    6: ("csc", "edgeq.codecs.csc", "Csc"),
    7: ("bitmask", "edgeq.codecs.bitmask", "Bitmask"),
    8: ("zero_runs", "edgeq.codecs.zero_runs", "ZeroRuns"),
    9: ("huffman", "edgeq.codecs.huffman", "Huffman"),
    10: ("ans", "edgeq.codecs.ans", "Ans"),
}
"""Id in the blob: name, module and class."""


def names() -> tuple[str, ...]:
    """Return the names of all codecs.

    >>> names()[:3]
    ('packed', 'fixed_point', 'vanilla')
    """
    return tuple(name for name, _, _ in _CLASSES.values())


def class_of_id(codec_id: int) -> type[Codec] | None:
    """Return the class of the codec with this id."""
    if codec_id not in _CLASSES:
        return None
    _, module, name = _CLASSES[codec_id]
    found: type[Codec] = getattr(import_module(module), name)
    return found


def class_of_name(name: str) -> type[Codec]:
    """Return the class of the codec called ``name``; raises InputError with the list of names."""
    numbers = {n: k for k, (n, _, _) in _CLASSES.items()}
    found = class_of_id(numbers[name]) if isinstance(name, str) and name in numbers else None
    if found is None:
        raise InputError(f"codec {shown(name)} does not exist; codecs are {', '.join(names())}, best")
    return found


def _class_of_best() -> type[Codec]:
    found: type[Codec] = import_module("edgeq.codecs.best").Best
    return found


def get(name: str, /, **options: Any) -> Codec:
    """Return the codec called ``name``; raises InputError listing what there is for another name or option.

    "best" is the one that writes the smallest blob of all codecs.

    >>> get("zero_runs", run_bits=3).run_bits
    3
    """
    found = _class_of_best() if isinstance(name, str) and name == "best" else class_of_name(name)
    known = found.options()
    for option in options:
        if option not in known:
            raise InputError(f"codec {name} has no option {option!r}; it has {', '.join(known) or 'none'}")
    return found(**options)
