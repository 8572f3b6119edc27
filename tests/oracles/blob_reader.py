"""A reader of blobs, slowly: written from the page "Blobs" alone, nothing from edgeq.

Every fault is a ValueError.
"""

from __future__ import annotations

import itertools
import math
import zlib

from tests.oracles.blob_bytes import Blob, Bytes, bits_for, check, fields
from tests.oracles.blob_streams import read_entropy, read_zero_runs

SECTIONS = {
    "packed": ["data"],
    "fixed_point": ["parameters", "data"],
    "vanilla": ["values", "indices"],
    "coo": ["parameters", "coords", "data"],
    "csr": ["parameters", "indptr", "indices", "data"],
    "csc": ["parameters", "indptr", "indices", "data"],
    "bitmask": ["mask", "data"],
    "zero_runs": ["parameters", "restart", "data"],
    "huffman": ["tables", "data"],
    "ans": ["tables", "data"],
}
CODECS = dict(enumerate(SECTIONS, 1))
WIDE = ("packed", "fixed_point", "vanilla")


def read_blob(data: bytes, max_elements: int = 2**24) -> Blob:
    """Read one blob; refuse every fault with a ValueError."""
    blob = read_header(data, max_elements)
    READERS[blob.codec_name](blob)
    check(len(blob.values) == blob.n, "values: wrong number")
    check(all(blob.in_type(x) for x in blob.values), "values: not in the type")
    return blob


def read_header(data: bytes, max_elements: int) -> Blob:
    """Read everything but the sections' content."""
    check(data[:3] == b"EQB", "header: magic")
    check(data[3:4] == b"\x01", "header: version")
    check(len(data) >= 8 and zlib.crc32(data[:-4]) == int.from_bytes(data[-4:], "little"), "crc")
    head = Bytes(data[:-4], "header")
    head.take(4)
    number, type_byte, rank = head.unsigned(1), head.unsigned(1), head.unsigned(1)
    check(number in CODECS, f"header: codec {number}")
    name, bits, signed = CODECS[number], type_byte & 127, type_byte >= 128
    widest = (64 if signed else 63) if name in WIDE else 16
    check(1 <= bits <= widest, f"header: width {bits}")
    check(rank <= 32, f"header: rank {rank}")
    shape = tuple(head.varint() for _ in range(rank))
    check(all(dim < 2**32 for dim in shape), "header: dim of 2**32 or more")
    blob = Blob(name, bits, signed, shape, head.svarint())
    blob.rows = shape[0] if rank >= 2 else 1
    for dim in shape[1:] if rank >= 2 else shape:
        blob.columns *= dim
    check(math.prod(dim for dim in shape if dim > 0) < 2**48, "header: dims multiply to 2**48 or more")
    check(blob.n <= max_elements, f"header: {blob.n} elements, more than {max_elements}")
    check(blob.in_type(blob.fill_value), "header: fill value is not in the type")
    blob.count = head.varint()
    check(blob.count <= blob.n, "header: more stored values than elements")
    check(name not in WIDE or blob.count == blob.n, "header: count is not the number of elements")
    check(head.unsigned(1) == len(SECTIONS[name]), "header: number of sections")
    lengths = [head.varint() for _ in SECTIONS[name]]
    blob.sections = {section: head.take(length) for section, length in zip(SECTIONS[name], lengths, strict=True)}
    head.end()
    return blob


def read_packed(blob: Blob) -> None:
    blob.values = blob.typed(blob.sections["data"], blob.n, "data")


def read_fixed_point(blob: Blob) -> None:
    parameters = blob.cursor("parameters")
    blob.fractional_bits = parameters.svarint()
    check(-128 <= blob.fractional_bits <= 127, f"parameters: {blob.fractional_bits} fractional bits")
    parameters.end()
    read_packed(blob)


def read_vanilla(blob: Blob) -> None:
    section = blob.cursor("values")
    size = section.varint()
    check(size <= 65536 and (size > 0 or blob.n == 0), f"values: {size} of them")
    distinct = blob.typed(section.rest(), size, "values")
    check(all(a < b for a, b in itertools.pairwise(distinct)), "values: not strictly ascending")
    indices = fields(blob.sections["indices"], blob.n, bits_for(size), "indices")
    check(all(i < size for i in indices), "indices: beyond the values")
    blob.values = [distinct[i] for i in indices]


def fill_in(blob: Blob, places: list[int]) -> None:
    """Put the stored values at their places, in the order in which they are stored."""
    blob.values = [blob.fill_value] * blob.n
    for place, value in zip(places, blob.stored(), strict=True):
        blob.values[place] = value


def read_coo(blob: Blob) -> None:
    parameters, coords, places = blob.cursor("parameters"), blob.cursor("coords"), [0] * blob.count
    for axis, dim in enumerate(blob.shape):
        width = parameters.unsigned(1)
        check(width == bits_for(dim), f"parameters: width of axis {axis}")
        column = coords.fields(blob.count, width)
        check(all(x < dim for x in column), f"coords: outside axis {axis}")
        places = [place * dim + x for place, x in zip(places, column, strict=True)]
    parameters.end()
    coords.end()
    check(all(a < b for a, b in itertools.pairwise(places)), "coords: not ascending")
    fill_in(blob, places)


def compressed_places(blob: Blob, rows: int, columns: int) -> list[tuple[int, int]]:
    """Return (row, column) of each stored value; csc calls it with the axes swapped."""
    parameters, indptr = blob.cursor("parameters"), blob.cursor("indptr")
    check(blob.count < 2**32, "header: count of 2**32 or more")
    width, index_width = parameters.unsigned(1), parameters.unsigned(1)
    parameters.end()
    check(width == (16 if blob.count < 65536 else 32), f"parameters: width of indptr {width}")
    check(index_width == bits_for(columns), f"parameters: width of indices {index_width}")
    if blob.n == 0:
        check(not blob.sections["indptr"] and not blob.sections["indices"], "indptr: no elements, but bytes")
        return []
    check(len(indptr.data) == (rows + 1) * width // 8, "indptr: length")
    ends = [indptr.unsigned(width // 8) for _ in range(rows + 1)]
    check(ends[0] == 0 and ends[-1] == blob.count and ends == sorted(ends), "indptr: not from 0 up to the count")
    indices = fields(blob.sections["indices"], blob.count, index_width, "indices")
    check(all(x < columns for x in indices), "indices: outside")
    places = [(row, indices[k]) for row in range(rows) for k in range(ends[row], ends[row + 1])]
    check(all(a < b for a, b in itertools.pairwise(places)), "indices: not ascending")
    return places


def read_csr(blob: Blob) -> None:
    fill_in(blob, [r * blob.columns + c for r, c in compressed_places(blob, blob.rows, blob.columns)])


def read_csc(blob: Blob) -> None:
    fill_in(blob, [r * blob.columns + c for c, r in compressed_places(blob, blob.columns, blob.rows)])


def read_bitmask(blob: Blob) -> None:
    mask = fields(blob.sections["mask"], blob.n, 1, "mask")
    check(sum(mask) == blob.count, "mask: number of ones is not the count")
    fill_in(blob, [place for place, bit in enumerate(mask) if bit])


READERS = {
    "packed": read_packed, "fixed_point": read_fixed_point, "vanilla": read_vanilla, "coo": read_coo, "csr": read_csr,
    "csc": read_csc, "bitmask": read_bitmask, "zero_runs": read_zero_runs, "huffman": read_entropy, "ans": read_entropy,
}
