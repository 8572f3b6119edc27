"""Tensors whose Huffman streams a test's oracle makes: every mode, word and corner of the format page."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgeq.arith.types import IntType
from edgeq.emitters.huffman_image import Coded
from tests.oracles.huffman_stream import Stream, encode

S8, U8, S4, S16 = IntType(8), IntType(8, signed=False), IntType(4), IntType(16)


@dataclass(frozen=True)
class Case:
    """A matrix, its type, and the options of its stream."""

    name: str
    rows: list[list[int]]
    type: IntType
    options: dict[str, Any]

    @property
    def stream(self) -> Stream:
        return encode(self.rows, **self.options)

    @property
    def array(self) -> np.ndarray:
        return np.array(self.rows, np.int64)

    @property
    def coded(self) -> Coded:
        """The same as the decoder's side takes it."""
        made, o = self.stream, self.options
        book = np.array(o.get("codebook") or [], np.int64)
        restart = np.array(made.restart, np.int64)
        return Coded(
            self.type, self.array.shape, o.get("fill", 0), o.get("mode", 0), o.get("word_bits", 8), o.get("low", 0),
            o.get("most", 0), o.get("escape", False), o.get("group", 0), book, made.lo,
            np.array(made.value_lengths, np.int64), np.array(made.run_lengths, np.int64),
            np.array(made.words, np.uint64), restart[:, 0], restart[:, 1])


def _sparse(rows: int, columns: int, dense: float, values: list[int], fill: int = 0, seed: int = 0) -> list[list[int]]:
    source = random.Random(seed)
    return [[source.choice(values) if source.random() < dense else fill for _ in range(columns)] for _ in range(rows)]


def _laplace(rows: int, columns: int, width: float, most: int, seed: int = 0) -> list[list[int]]:
    source = random.Random(seed)
    draw = lambda: round(source.expovariate(1 / width) * source.choice((-1, 1)))  # noqa: E731
    return [[max(-most, min(most - 1, draw())) for _ in range(columns)] for _ in range(rows)]


LONGEST = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 15]
"""Lengths of the most lopsided code."""


def cases() -> list[Case]:
    """Return every case."""
    small = _laplace(6, 20, 3, 8)
    skew = [[min(15, int(v)) for v in np.random.default_rng(k).geometric(0.4, 16) - 1] for k in range(4)]
    skew[0][:] = range(16)
    large = [[(37 * k) % 4096 - 2048 for k in range(64 * r, 64 * r + 64)] for r in range(4)]
    edges = [[-128, 127, 0, -1, 1, 127, -128], [3, 2, 4, -128, 127, 3, 3]]
    return [
        Case("values_8", small, S4, {}),
        Case("values_16", small, S4, {"word_bits": 16, "group": 1}),
        Case("values_32", small, S4, {"word_bits": 32, "group": 2}),
        Case("values_64", small, S4, {"word_bits": 64, "group": 4}),
        Case("values_low", edges, S8, {"low": 4, "fill": 3, "word_bits": 16}),
        Case("values_low_15", large, S16, {"low": 15, "fill": -32768}),
        Case("values_book", [[7, -8, 7, 0, -8, 7, 7]], S4, {"codebook": [0, 7, -8]}),
        Case("one_value", [[5] * 9], U8, {}),
        Case("one_value_64", [[5] * 70], U8, {"word_bits": 64}),
        Case("one_element", [[-3]], S4, {"word_bits": 32}),
        Case("long_codes", skew, U8, {"value_lengths": LONGEST}),
        Case("long_codes_16", skew, U8, {"value_lengths": LONGEST, "word_bits": 16, "group": 1}),
        Case("entries_4096", large, S16, {"value_lengths": [12] * 4096, "codebook": list(range(-2048, 2048)),
                                          "word_bits": 32}),
        Case("runs_8", _sparse(5, 30, 0.3, [-3, -1, 1, 2]), S4, {"mode": 1, "most": 31}),
        Case("runs_escape", _sparse(4, 40, 0.1, [-128, 127, 5]), S8, {"mode": 1, "most": 6, "escape": True}),
        Case("runs_low", _sparse(4, 40, 0.3, list(range(-60, 60)), 9), S8,
             {"mode": 1, "most": 9, "escape": True, "low": 3, "fill": 9, "word_bits": 32, "group": 1}),
        Case("runs_book", _sparse(8, 12, 0.4, [200, 17], 100), U8,
             {"mode": 1, "most": 3, "escape": True, "fill": 100, "codebook": [17, 200], "word_bits": 64, "group": 3}),
        Case("runs_long", [[0] * 3 + [1] + [0] * 15 + [2] + [0] * 14 + [3]] * 2, S4,
             {"mode": 1, "most": 15, "run_lengths": LONGEST, "word_bits": 16}),
        Case("runs_empty_rows", [[0] * 5, [0, 0, 1, 0, 0], [0] * 5, [0] * 5, [2, 0, 0, 0, 3], [0] * 5], S4,
             {"mode": 1, "most": 4, "group": 1}),
        Case("runs_short_tail", [[0, 0, 0], [0, 0, 1], [0, 0, 0]], S4, {"mode": 1, "most": 5, "group": 2}),
        Case("joint_short_tail", [[0, 0, 0], [0, 0, 1], [0, 0, 0]], S4, {"mode": 2, "most": 5, "group": 2}),
        Case("runs_one_run", [[0, 1, 0, 1, 0, 1, 0]], S4, {"mode": 1, "most": 1}),
        Case("runs_of_escape_1", [[0, 0, 0, 4, 5, 0, 0, 4]], S4, {"mode": 1, "most": 1, "escape": True}),
        Case("all_fill", [[7] * 11] * 2, S8, {"mode": 1, "fill": 7}),
        Case("all_fill_channels", [[7] * 11] * 3, S8, {"mode": 2, "fill": 7, "group": 1}),
        Case("joint_8", _sparse(5, 30, 0.3, [-3, -1, 1, 2]), S4, {"mode": 2, "most": 31}),
        Case("joint_escape", _sparse(4, 40, 0.1, [-128, 127, 5]), S8,
             {"mode": 2, "most": 6, "escape": True, "codebook": [127, -128, 5], "word_bits": 32}),
        Case("joint_low", _sparse(4, 40, 0.2, list(range(-60, 60)), -7), S8,
             {"mode": 2, "most": 5, "escape": True, "low": 4, "fill": -7, "word_bits": 16, "group": 1}),
        Case("joint_64", _sparse(7, 9, 0.5, [1, 2, 3]), S4, {"mode": 2, "most": 8, "word_bits": 64, "group": 2}),
    ]
