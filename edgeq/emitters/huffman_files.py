"""Memory files and constants of one tensor for the Verilog Huffman decoder, and the image they hold.

`<stem>.words.hex`: the stream, a word of `word_bits` a line; `.values.hex`, `.runs.hex`: what each code stands for,
in canonical order; `.restart.hex`: per segment 32 bits of stored values, then 32 bits of its first word;
`.expected.hex`: the elements. A memory without words gets one of zeros, because Verilog has no empty memory.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from edgeq.arith.types import IntType
from edgeq.emitters.huffman_image import COUNT_BITS, JOINT, LONGEST, RUNS, VALUES, Image, Table
from edgeq.emitters.registry import EmittedFile
from edgeq.emitters.rtl_project import Checked
from edgeq.emitters.rtl_weights import require_lines
from edgeq.errors import CodecError
from edgeq.ir.tensor import Array, IntArray
from edgeq.memory.hexadecimal import decode_hex, encode_hex
from edgeq.memory.packing import Packing

_RESTART = Packing(32, lanes=2)
_U32 = IntType(32, signed=False)


def memory_files(image: Image, elements: IntArray, stem: str, common: Mapping[str, Any]) -> Iterator[EmittedFile]:
    """Yield the memories; ``common`` goes into each line of the manifest, the words' line says all that a reader needs.

    Raises CodecError for an element outside its type.
    """
    restart = np.stack([image.words, image.counts], axis=1).reshape(-1)
    parts = {
        "words": _hex(image.stream.view(np.int64), image.word_bits),
        "values": _hex(image.values.entries, _entry_bits(image)),
        "restart": encode_hex(restart, _U32, _RESTART, f"{stem}.restart"),
        "expected": encode_hex(elements, image.type, where=f"{stem}.expected"),
    }
    if image.mode == RUNS:
        parts["runs"] = _hex(image.runs.entries, image.run_bits)
    for part, data in parts.items():
        holds = {**common, "part": part}
        yield EmittedFile(f"{stem}.{part}.hex", data, {**holds, **_holds(image, stem)} if part == "words" else holds)


def _holds(image: Image, stem: str) -> dict[str, Any]:
    """Return the words' fields in the manifest."""
    return {
        "stem": stem, "fill_value": image.fill_value, "mode": image.mode, "word_bits": image.word_bits,
        "low_bits": image.low_bits, "run_bits": image.run_bits, "escape": list(image.escape),
        "segment": image.segment, "segments": image.words.size, "words": image.stream.size,
        "value_counts": list(image.values.counts), "run_counts": list(image.runs.counts),
    }


def read_image(files: Mapping[str, bytes], holds: Mapping[str, Any], shape: tuple[int, ...]) -> Image:
    """Return the image of a tensor of ``shape`` whose words have the manifest fields ``holds``.

    Raises CodecError for files that are not as long as the fields say, and for fields that no writer makes.
    """
    stem, type = holds["stem"], IntType(holds["type"]["bits"], holds["type"]["signed"])
    mode, run_bits, segments = holds["mode"], holds["run_bits"], holds["segments"]
    value_counts, run_counts = tuple(holds["value_counts"]), tuple(holds["run_counts"])
    elements = math.prod(shape)
    right = mode in (VALUES, RUNS, JOINT) and holds["word_bits"] in (8, 16, 32, 64)
    right = right and 0 <= holds["low_bits"] <= LONGEST and holds["segment"] > 0
    if not right or segments != -(-elements // holds["segment"]):
        raise CodecError(f"{holds['path']}: manifest's mode, word_bits, low_bits, segment or segments do not exist")
    require_lines(files, f"{stem}.expected.hex", elements)
    pairs = decode_hex(files[f"{stem}.restart.hex"], _U32, 2 * segments, _RESTART, f"{stem}.restart.hex")
    pairs = pairs.astype(np.int64).reshape(-1, 2)
    stream = _read(files, f"{stem}.words.hex", holds["word_bits"], holds["words"]).view(np.uint64)
    entry_bits = type.bits + (run_bits if mode == JOINT else 0)
    values = _read(files, f"{stem}.values.hex", entry_bits, sum(value_counts))
    runs = np.zeros(1, np.int64)
    if mode == RUNS:
        runs = _read(files, f"{stem}.runs.hex", run_bits, sum(run_counts))
    escape = (int(holds["escape"][0]), int(holds["escape"][1]))
    return Image(type, shape, holds["fill_value"], mode, holds["word_bits"], holds["low_bits"], run_bits, escape,
                 holds["segment"], Table(value_counts, values), Table(run_counts, runs), stream, pairs[:, 0],
                 pairs[:, 1])


def constants(image: Image, stem: str, about: str) -> Checked:
    """Return the tensor's constants for `edgeq_huffman_check`."""
    bits = image.type.bits
    fill = image.fill_value & ((1 << bits) - 1)
    numbers = {
        "MODE": image.mode, "WORD_BITS": image.word_bits, "LOW_BITS": image.low_bits, "BITS": bits,
        "RUN_BITS": image.run_bits, "ESCAPE_LENGTH": image.escape[0], "VALUE_LONGEST": image.values.longest,
        "VALUE_ENTRIES": image.values.entries.size, "RUN_LONGEST": image.runs.longest,
        "RUN_ENTRIES": image.runs.entries.size, "ELEMENTS": image.elements, "SEGMENT": image.segment,
        "WORDS": image.stream.size,
    }
    packed = {"VALUE_COUNTS": image.values.packed, "RUN_COUNTS": image.runs.packed}
    parts = ("words", "values", "restart", "expected") + (("runs",) if image.mode == RUNS else ())
    files = {"values": "VALUE_FILE", "runs": "RUN_FILE"}
    return Checked("edgeq_huffman_check", stem, about, {
        **{f"integer {name}": str(value) for name, value in numbers.items()},
        f"[{bits - 1}:0] FILL": f"{bits}'h{fill:x}",
        "[14:0] ESCAPE_CODE": f"15'h{image.escape[1]:x}",
        **{f"[{LONGEST * COUNT_BITS - 1}:0] {name}": f"{LONGEST * COUNT_BITS}'h{value:x}"
           for name, value in packed.items()},
        **{files.get(part, f"{part.upper()}_FILE"): f'"{stem}.{part}.hex"' for part in parts},
    }, image.elements)


def _entry_bits(image: Image) -> int:
    return image.type.bits + (image.run_bits if image.mode == JOINT else 0)


def _hex(values: Array, bits: int) -> bytes:
    """Return words of ``bits``, the lowest of each value; at least one word."""
    whole = values if values.size else np.zeros(1, np.int64)
    return encode_hex(whole, IntType(bits, signed=bits == 64))


def _read(files: Mapping[str, bytes], path: str, bits: int, count: int) -> IntArray:
    return decode_hex(files[path], IntType(bits, signed=bits == 64), max(count, 1), where=path)[:count].astype(np.int64)
