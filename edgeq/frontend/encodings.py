"""Tell how files store weights that came quantized (integer contract, section 1); the graph holds plain integers."""

from __future__ import annotations

import numpy as np

from edgeq.frontend.float_graph import QuantizedWeight

_NO_CHANCE = 64
"""Odd codes alone, of so many weights, are no chance."""


def encoding_of(weight: QuantizedWeight) -> str:
    """Return the encoding of weights, "int" where none of the others says what their quantizer made.

    ``codebook`` and ``codebook_per_channel``: drawn from tables. With a zero point of 0 and limits ``-hi..hi``:
    ``bipolar``: limits +-(2^k - 1) and every code odd, of 64 weights and more where k > 1; ``ternary``: limits +-1.
    """
    if weight.table is not None:
        return weight.table
    codes, hi = weight.codes, weight.hi
    if weight.lo != -hi or hi < 1 or weight.zero_point.any() or np.abs(codes).max(initial=0) > hi:
        return "int"
    if hi & (hi + 1) == 0 and (codes % 2 == 1).all() and (hi == 1 or codes.size >= _NO_CHANCE):
        return "bipolar"
    return "ternary" if hi == 1 else "int"
