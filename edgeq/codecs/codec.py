"""What every codec is: a tensor to a blob, a blob to a tensor, a blob's sections as arrays.

A codec is one file with one frozen dataclass: its fields are its options, checked in ``__post_init__``; `write`,
`read` and `unpack` do its part, the frame of the blob is done here.
"""

from __future__ import annotations

import dataclasses
import operator
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from edgeq.arith.types import IntType
from edgeq.codecs.bits import Codes, code_dtype
from edgeq.codecs.blob import MAX_ELEMENTS, Buffer, Header, Stored, open_blob, write_blob
from edgeq.codecs.tensor import Array, Tensor, require_type, to_tensor, values_of
from edgeq.errors import CodecError, InputError, shown


@dataclass(frozen=True)
class Codec(ABC):
    """Base of the codecs. Class attributes are the codec's row in the format page."""

    name: ClassVar[str]
    id: ClassVar[int]
    sections: ClassVar[tuple[str, ...]]
    stores_all: ClassVar[bool] = False
    """Whether every element is a stored value, whatever the fill value; such codecs hold up to 64 bits."""
    max_bits: ClassVar[int] = 16

    @classmethod
    def options(cls) -> dict[str, Any]:
        """Return the codec's options with their defaults."""
        return {f.name: f.default for f in dataclasses.fields(cls)}

    def encode(self, array: Array, *, type: IntType, fill_value: int = 0, where: str = "tensor") -> bytes:
        """Return the blob of an array of any shape.

        Raises CodecError naming ``where`` for a value or fill value outside ``type``, InputError for a shape or a
        type that the codec does not hold.
        """
        require_type(type, where)
        if type.bits > self.max_bits:
            raise InputError(f"{where}: {type} has {type.bits} bits, {self.name} holds 1..{self.max_bits}; "
                             "use packed, fixed_point or vanilla")
        tensor = to_tensor(array, type, fill_value, where)
        count, sections = self.write(tensor)
        return write_blob(self.id, tensor, count, sections)

    def decode(self, blob: Buffer, *, max_elements: int = MAX_ELEMENTS, where: str = "blob") -> Array:
        """Return the array of a blob of this codec, whatever its options, in its type's smallest dtype.

        Raises CodecError naming ``where``, the section and the byte for anything else, and for a tensor of more
        than ``max_elements`` before memory is taken.
        """
        return _dense(self, self._open(blob, max_elements, where))

    def parts(self, blob: Buffer, *, max_elements: int = MAX_ELEMENTS, where: str = "blob") -> dict[str, Array]:
        """Return the sections of a blob of this codec as arrays by name; checks all that `decode` checks."""
        stored = self._open(blob, max_elements, where)
        _dense(self, stored)
        try:
            return self.unpack(stored)
        except MemoryError:
            count = stored.header.elements
            raise CodecError(f"{where}: there is no memory for the parts of {count} elements") from None

    def _open(self, blob: Buffer, max_elements: int, where: str) -> Stored:
        stored = open_blob(blob, where)
        if stored.header.codec != self.name:
            raise CodecError(f"{where}: is a blob of codec {stored.header.codec}, expected {self.name}")
        require_size(stored.header, max_elements, where)
        return stored

    @abstractmethod
    def write(self, tensor: Tensor) -> tuple[int, Sequence[Any]]:
        """Return the number of stored values and the sections, each a buffer of bytes or a list of them."""

    @abstractmethod
    def read(self, stored: Stored) -> Codes:
        """Return the codes of all elements; raises CodecError for any section that breaks a rule."""

    @abstractmethod
    def unpack(self, stored: Stored) -> dict[str, Array]:
        """Return the sections of a blob that `read` has checked as arrays by name."""


def require_size(header: Header, max_elements: int, where: str) -> None:
    """Refuse a tensor of more than ``max_elements``."""
    try:
        max_elements = operator.index(max_elements)
    except TypeError:
        raise InputError(f"{where}: max_elements {shown(max_elements)} is not an integer") from None
    if header.elements > max_elements:
        raise CodecError(f"{where}: shape {list(header.shape)} has {header.elements} elements, "
                         f"more than the {max_elements} allowed; raise max_elements to read it")


def filled(header: Header) -> Codes:
    """Return the codes of a tensor that holds nothing but its fill value."""
    return np.full(header.elements, header.fill_code, code_dtype(header.type.bits))


def decode(blob: Buffer, *, max_elements: int = MAX_ELEMENTS, where: str = "blob") -> Array:
    """Return the array of a blob of any codec; raises CodecError as `Codec.decode` does."""
    stored = open_blob(blob, where)
    require_size(stored.header, max_elements, where)
    return _dense(_codec_of(stored), stored)


def parts(blob: Buffer, *, max_elements: int = MAX_ELEMENTS, where: str = "blob") -> dict[str, Array]:
    """Return the sections of a blob of any codec as arrays by name; raises CodecError as `Codec.decode` does."""
    return _codec_of(open_blob(blob, where)).parts(blob, max_elements=max_elements, where=where)


def _dense(codec: Codec, stored: Stored) -> Array:
    header = stored.header
    try:
        return values_of(codec.read(stored), header.type).reshape(header.shape)
    except MemoryError:
        raise CodecError(f"{stored.where}: there is no memory for the {header.elements} elements of shape "
                         f"{list(header.shape)}") from None


def _codec_of(stored: Stored) -> Codec:
    from edgeq.codecs.registry import get

    return get(stored.header.codec)
