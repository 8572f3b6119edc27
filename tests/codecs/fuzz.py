"""Damage blobs of every registered codec and read them: a CodecError or a legal tensor, and nothing else.

The independent reader of `tests.oracles` has to find the same.

``python -m tests.codecs.fuzz 100000 [seed]`` runs that many; `inputs` gives the same bytes to other readers.
"""

from __future__ import annotations

import random
import sys
import time
import zlib
from collections.abc import Iterator

from edgeq.codecs import decode, parts, read_header
from edgeq.codecs.varint import write_svarint, write_varint
from edgeq.errors import CodecError
from tests.codecs.corpus import blobs
from tests.oracles.blob_reader import read_blob

MOST = 4096
"""Elements that a reader of the inputs may allow: damaged shapes are large."""

NUMBERS = (0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 63, 64, 127, 128, 255, 256, 4095, 65535, 65536, 2**31, 2**32 - 1,
           2**32, 2**47, 2**48 - 1, 2**48, 2**62, 2**63 - 1)


def inputs(count: int, seed: int = 0) -> Iterator[bytes]:
    """Yield ``count`` damaged blobs, the same for the same seed and codecs."""
    rng = random.Random(seed)
    valid = blobs()
    for _ in range(count):
        blob = rng.choice(valid)
        damaged = rng.choice((_bytes, _bytes, _framed, _framed, _framed))(rng, blob, rng.choice(valid))
        yield damaged if rng.random() < 0.1 else with_crc(damaged)


def with_crc(blob: bytes) -> bytes:
    """Return a blob whose last four bytes are its crc."""
    return blob[:-4] + zlib.crc32(blob[:-4]).to_bytes(4, "little")


def _bytes(rng: random.Random, blob: bytes, other: bytes) -> bytes:
    """Damage bytes wherever they are."""
    data = bytearray(blob)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        place = rng.randrange(len(data) + 1)
        damage = rng.randrange(6)
        if damage == 0:
            data[place : place + 1] = bytes([rng.choice((0, 1, 127, 128, 255, rng.randrange(256)))])
        elif damage == 1:
            data[place:] = data[place + rng.randrange(1, 9) :]
        elif damage == 2:
            data[place:place] = rng.randbytes(rng.randrange(1, 9))
        elif damage == 3:
            data[place:] = other[rng.randrange(len(other)) :]
        elif damage == 4:
            data[place : place + 1] = write_varint(rng.choice(NUMBERS))
        elif data:
            data[place % len(data)] ^= 1 << rng.randrange(8)
    return bytes(data)


def _framed(rng: random.Random, blob: bytes, other: bytes) -> bytes:
    """Damage one field or section and keep the frame whole, so that readers come to the codec's own checks."""
    header = read_header(blob)
    dims, count, fill, codec, type = list(header.shape), header.count, header.fill_value, blob[4], blob[5]
    sections = [blob[s.offset : s.offset + s.length] for s in header.sections.values()]
    damage = rng.randrange(10)
    if damage == 0 and dims:
        dims[rng.randrange(len(dims))] = rng.choice((*NUMBERS[:16], rng.choice(NUMBERS)))
    elif damage == 1:
        count = rng.choice((count + 1, max(count - 1, 0), rng.choice(NUMBERS)))
    elif damage == 2:
        fill = rng.choice((fill + 1, -fill, rng.choice(NUMBERS)))
    elif damage == 3:
        codec = rng.choice((other[4], rng.randrange(12)))
    elif damage == 4:
        type = rng.choice((type ^ 128, type + 1 & 255, type - 1, rng.randrange(256)))
    else:
        place = rng.randrange(len(sections))
        sections[place] = _bytes(rng, sections[place] or b"\0", other)
    return frame(codec, type, dims, fill, count, sections)


def frame(codec: int, type: int, dims: list[int], fill: int, count: int, sections: list[bytes]) -> bytes:
    """Return a blob of these fields, be they legal or not."""
    head = [b"EQB\1", bytes([codec, type, len(dims)]), *map(write_varint, dims), write_svarint(fill)]
    head += [write_varint(count), bytes([len(sections)]), *(write_varint(len(s)) for s in sections)]
    return with_crc(b"".join([*head, *sections, bytes(4)]))


def accepted(blob: bytes) -> tuple[list[int], list[int]] | None:
    """Return shape and values of a blob, None where it is refused; any other outcome is an error."""
    try:
        array = decode(blob, max_elements=MOST, where="input")
    except CodecError as error:
        message = str(error)
        assert message.startswith("input: ")
        assert "\n" not in message
        assert len(message) < 400
        return None
    header = read_header(blob)
    assert array.shape == header.shape
    assert array.dtype == header.type.dtype
    assert not array.size or header.type.holds(int(array.min()), int(array.max()))
    assert parts(blob, max_elements=MOST)
    return list(array.shape), array.reshape(-1).tolist()


def agreed(blob: bytes) -> bool:
    """Tell whether a blob is legal, on which the codec and the independent reader agree, and on what it holds."""
    found, expected = accepted(blob), independently_accepted(blob)
    assert found == expected, blob.hex()
    return found is not None


def independently_accepted(blob: bytes) -> tuple[list[int], list[int]] | None:
    """Return shape and values of a blob as the independent reader finds them, None where it is refused."""
    try:
        held = read_blob(blob, MOST)
    except ValueError:
        return None
    return list(held.shape), held.values


def main() -> None:
    """Read N damaged blobs; the first argument is N, the second a seed."""
    count, seed = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0
    start = time.perf_counter()
    legal = sum(agreed(blob) for blob in inputs(count, seed))
    seconds = time.perf_counter() - start
    sys.stdout.write(f"{count} inputs, {legal} legal, {count - legal} refused, {seconds:.1f} s\n")


if __name__ == "__main__":
    main()
