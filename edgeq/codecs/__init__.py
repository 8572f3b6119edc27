"""Tensors to bytes and back::

    get("csr")                codec with its options; .encode(array, type=, fill_value=), .decode(blob), .parts(blob)
    names                     names of all codecs
    decode, parts             of a blob of any codec
    read_header               codec, type, shape, fill value, count and sections of a blob

The format is README.md beside this file. Names are imported when first used: numba comes with them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edgeq.codecs.blob import Header as Header
    from edgeq.codecs.blob import read_header as read_header
    from edgeq.codecs.codec import Codec as Codec
    from edgeq.codecs.codec import decode as decode
    from edgeq.codecs.codec import parts as parts
    from edgeq.codecs.registry import get as get
    from edgeq.codecs.registry import names as names

_HOMES = {
    "Codec": "codec",
    "Header": "blob",
    "decode": "codec",
    "get": "registry",
    "names": "registry",
    "parts": "codec",
    "read_header": "blob",
}
__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'edgeq.codecs' has no attribute {name!r}")
    return getattr(import_module(f"edgeq.codecs.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return [*globals(), *__all__]
