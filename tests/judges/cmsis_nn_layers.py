"""Translate the cases whose op sums products: convolutions, fully connected layers, matrix products."""

from __future__ import annotations

import numpy as np

from edgeq import GraphBuilder, IntType
from tests.judges.cmsis_nn_files import Case, IntArray, Translation, Words, channels_first, rescale, type_of

WIDE, HELD = IntType(64), IntType(48)
"""Sums of int16 codes: TFLite's type, whose requantize takes the wide form, and what TFLite says that they need."""


def conv2d(case: Case) -> Translation:
    """Translate conv_s8, conv_s4 and conv_s16: weights (O, KH, KW, I)."""
    return _conv2d(case, channels_first(_weights(case)))


def depthwise(case: Case) -> Translation:
    """Translate depthwise_s8, _s4 and _s16: weights (KH, KW, O)."""
    return _conv2d(case, np.moveaxis(_weights(case), -1, 0)[:, None])


def _conv2d(case: Case, weight: IntArray) -> Translation:
    meta, b = case.meta, GraphBuilder(case.name)
    x = channels_first(case["input"])
    expected = channels_first(case["expected"])
    after = [max((out - 1) * step + (kernel - 1) * dilation + 1 - before - size, 0) for size, kernel, step, before,
             dilation, out in zip(x.shape[2:], weight.shape[2:], meta["stride"], meta["pad_top_left"],
                                  meta["dilation"], expected.shape[2:], strict=True)]
    acc = b.conv2d(
        b.input("x", x.shape[1:], type_of(x), -meta["input_offset"]), weight, _bias(case), stride=meta["stride"],
        padding=(*meta["pad_top_left"], *after), dilation=meta["dilation"], groups=meta["groups"], **_types(case))
    b.output(b.requantize(acc, **_requantize(case)), name="y")
    return Translation(b.build(), {"x": x}, expected)


def conv_transpose2d(case: Case) -> Translation:
    """Translate transpose_conv_s8: weights (O, KH, KW, I); the scattered output is cropped at the top and left."""
    meta, b = case.meta, GraphBuilder(case.name)
    x = channels_first(case["input"])
    expected = channels_first(case["expected"])
    weight = channels_first(case["weights"])
    left_over = [out - ((size - 1) * step + kernel - before) for size, kernel, step, before, out in zip(
        x.shape[2:], weight.shape[2:], meta["stride"], meta["pad_top_left"], expected.shape[2:], strict=True)]
    acc = b.conv_transpose2d(
        b.input("x", x.shape[1:], type_of(x), -meta["input_offset"]), weight, _bias(case), stride=meta["stride"],
        padding=(*meta["pad_top_left"], *(max(-rows, 0) for rows in left_over)),
        output_padding=tuple(max(rows, 0) for rows in left_over), **_types(case))
    b.output(b.requantize(acc, **_requantize(case)), name="y")
    return Translation(b.build(), {"x": x}, expected)


def linear(case: Case) -> Translation:
    """Translate fully_connected_s8, _s4 and _s16: weights (O, K), with a zero point where filter_offset is one."""
    x, b = case["input"], GraphBuilder(case.name)
    operand = b.input("x", x.shape[1:], type_of(x), -case.meta["input_offset"])
    acc = b.linear(operand, _weights(case), _bias(case), weight_zero_point=-case.meta["filter_offset"], **_types(case))
    b.output(b.requantize(acc, **_requantize(case)), name="y")
    return Translation(b.build(), {"x": x}, case["expected"])


def matmul(case: Case) -> Translation:
    """Translate batch_matmul_s8 and _s16: the batch axes are axes of the one sample, and broadcast."""
    meta, b = case.meta, GraphBuilder(case.name)
    operands = [b.input(name, case[name].shape, type_of(case[name]), -meta[f"{name}_offset"])
                for name in ("lhs", "rhs")]
    wide = case["lhs"].dtype == np.int16
    acc = b.matmul(*operands, transpose1=bool(meta["adj_x"]), transpose2=bool(meta["adj_y"]),
                   acc=HELD if wide else IntType(32))
    words = rescale(meta["mult"], meta["shift"], reduced=wide)
    b.output(b.requantize(acc, **words, zero_point=meta["output_offset"], type=type_of(case["expected"]),
                          clamp=case.act), name="y")
    return Translation(b.build(), {name: case[name][None] for name in ("lhs", "rhs")}, case["expected"][None])


def _weights(case: Case) -> IntArray:
    """Return the weights; packed ones are unpacked, low nibble first, and must be those that the file has unpacked."""
    if "weights_packed_s4" not in case.arrays:
        return case["weights"]
    packed = case["weights_packed_s4"].view(np.uint8)
    nibbles = np.stack([packed & 15, packed >> 4], axis=1).reshape(-1)[:case["weights"].size].astype(np.int8)
    unpacked = np.where(nibbles > 7, nibbles - 16, nibbles).reshape(case["weights"].shape)
    assert unpacked.tolist() == case["weights"].tolist(), f"{case.name}: weights_packed_s4 are not the weights"
    return unpacked


def _bias(case: Case) -> IntArray | None:
    return case["bias"] if case.meta["has_bias"] else None


def _wide(case: Case) -> bool:
    """Tell whether sums pass 32 bits; the files say it by the type of the bias, even of one that is not used."""
    return case["bias"].dtype == np.int64


def _types(case: Case) -> Words:
    return {"weight_type": IntType(4 if "weights_packed_s4" in case.arrays else 8),
            "acc": WIDE if _wide(case) else IntType(32)}


def _requantize(case: Case) -> Words:
    return {**rescale(case["mult"], case["shift"], reduced=_wide(case)), "zero_point": case.meta["output_offset"],
            "type": type_of(case["expected"]), "clamp": case.act}
