"""Put values into a stream of bytes as programs load them, and take them back.

Each value in a whole number of bytes, sign extended, little or big endian; or values of less than 8 bits packed
without gaps, the first in the least (lsb) or most (msb) significant bits of the first byte.

Source: design page "Artefacts", row raw .bin.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import gcd
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeq.arith.types import IntType
from edgeq.errors import CodecError, InputError, shown
from edgeq.memory.packing import Packing, pack_words, require_range, unpack_words

Array = npt.NDArray[Any]
ENDIANS = ("little", "big")
PACKS = ("none", "lsb", "msb")
CONTAINERS = (8, 16, 32, 64)


@dataclass(frozen=True)
class ByteStream:
    """How values of ``type`` become bytes.

    ``pack`` none gives every value ``word_bits`` (8, 16, 32, 64) in the order of bytes ``endian``; lsb and msb give
    it its own bits, which have to be less than 8. Raises InputError for others.

    >>> ByteStream(IntType(9), 16, "big").encode(np.array([-1, 5]), "x")
    b'\\xff\\xff\\x00\\x05'
    >>> ByteStream(IntType(4), pack="msb").encode(np.array([1, 2, -1]), "x")
    b'\\x12\\xf0'
    """

    type: IntType
    word_bits: int = 8
    endian: str = "little"
    pack: str = "none"

    def __post_init__(self) -> None:
        if self.endian not in ENDIANS:
            raise InputError(f"endian {shown(self.endian)} does not exist; use one of {', '.join(ENDIANS)}")
        if self.pack not in PACKS:
            raise InputError(f"pack {shown(self.pack)} does not exist; use one of {', '.join(PACKS)}")
        if self.word_bits not in CONTAINERS or isinstance(self.word_bits, bool):
            raise InputError(f"word_bits {shown(self.word_bits)} is not one of {', '.join(map(str, CONTAINERS))}")
        if self.pack == "none" and self.word_bits < self._needed:
            raise InputError(f"word_bits {self.word_bits} do not hold {self.type}; use {self._needed} or more")
        if self.pack != "none" and self.type.bits >= 8:
            raise InputError(f"pack {self.pack} is for values of less than 8 bits, not {self.type}")

    @property
    def _needed(self) -> int:
        return container(self.type)

    @property
    def _element(self) -> np.dtype[Any]:
        kind = "i" if self.type.signed else "u"
        return np.dtype(f"{'<' if self.endian == 'little' else '>'}{kind}{self.word_bits // 8}")

    @property
    def _packing(self) -> Packing:
        return Packing(self.type.bits, 8 // gcd(self.type.bits, 8), self.pack)

    def size(self, count: int) -> int:
        """Return the bytes that ``count`` values take."""
        return count * self.word_bits // 8 if self.pack == "none" else -(-count * self.type.bits // 8)

    def encode(self, values: Array, where: str) -> bytes:
        """Return the bytes of ``values``, row-major; raises CodecError naming the first outside the type."""
        flat = values.reshape(-1)
        require_range(flat, self.type, where)
        if self.pack == "none":
            return flat.astype(self._element).tobytes()
        rows = pack_words(flat, self.type, self._packing, where)
        ordered = rows if self.pack == "lsb" else rows[:, ::-1]
        return ordered.tobytes()[: self.size(flat.size)]

    def decode(self, data: bytes, count: int, where: str) -> Array:
        """Return the ``count`` values; raises CodecError for another size, a value outside the type, bits past the end.
        """
        if len(data) != self.size(count):
            raise CodecError(f"{where}: has {len(data)} bytes, {count} values take {self.size(count)}")
        if self.pack == "none":
            values = np.frombuffer(data, self._element)
            require_range(values, self.type, where)
            return values.astype(self.type.dtype)
        packing = self._packing
        width = packing.word_bits // 8
        padded = np.zeros(-(-len(data) // width) * width, np.uint8)
        padded[: len(data)] = np.frombuffer(data, np.uint8)
        rows = padded.reshape(-1, width)
        ordered = rows if self.pack == "lsb" else np.ascontiguousarray(rows[:, ::-1])
        values = unpack_words(ordered, self.type, len(rows) * packing.lanes, packing, where)
        if values[count:].any():
            raise CodecError(f"{where}: a bit after the last value is set")
        return values[:count]


def container(type: IntType) -> int:
    """Return the bits of the smallest whole number of bytes of a machine that holds a type: 8, 16, 32 or 64."""
    return 8 * type.dtype.itemsize
