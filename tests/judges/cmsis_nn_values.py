"""Translate the cases whose op has no weights: pools, sums and products of two tensors, moves of values, softmax."""

from __future__ import annotations

import numpy as np

from edgeq import GraphBuilder, IntType
from edgeq.arith.softmax_tables import gemmlowp_table
from edgeq.ir.builder import Value
from tests.judges.cmsis_nn_files import Case, Translation, channels_first, rescale, type_of


def avg_pool2d(case: Case) -> Translation:
    """Translate avgpool_s8 and _s16: raw codes, padding not counted, half away from zero."""
    return _pool(case, "avg_pool2d", {"count_include_pad": False, "rounding": "ties_away", "domain": "raw"})


def max_pool2d(case: Case) -> Translation:
    """Translate max_pool_s8 and _s16."""
    return _pool(case, "max_pool2d", {})


def _pool(case: Case, kind: str, words: dict[str, object]) -> Translation:
    meta, b = case.meta, GraphBuilder(case.name)
    x = channels_first(case["input"])
    expected = channels_first(case["expected"])
    after = [max((out - 1) * step + kernel - before - size, 0) for size, kernel, step, before, out in zip(
        x.shape[2:], meta["kernel"], meta["stride"], meta["pad_top_left"], expected.shape[2:], strict=True)]
    pooled = getattr(b, kind)(b.input("x", x.shape[1:], type_of(x)), kernel=meta["kernel"], stride=meta["stride"],
                              padding=(*meta["pad_top_left"], *after), **words)
    b.output(b.clamp(pooled, *case.act), name="y")
    return Translation(b.build(), {"x": x}, expected)


def add(case: Case) -> Translation:
    """Translate elementwise_add_s8 and _s16: both operands are brought to one scale of 32 bits with headroom."""
    meta, b = case.meta, GraphBuilder(case.name)
    common = []
    for k in (1, 2):
        words = rescale(meta[f"input{k}_mult"], meta[f"input{k}_shift"])
        assert not words.pop("left_shift")
        common.append(b.requantize(_operand(b, case, k), **words, left_shift=meta["left_shift"], type=IntType(32)))
    return _elementwise(b, case, b.add(*common))


def mul(case: Case) -> Translation:
    """Translate elementwise_mul_s8 and _s16."""
    b = GraphBuilder(case.name)
    return _elementwise(b, case, b.mul(_operand(b, case, 1), _operand(b, case, 2), acc=IntType(32)))


def _operand(b: GraphBuilder, case: Case, k: int) -> Value:
    array = case[f"input{k}"]
    return b.input(f"input{k}", array.shape, type_of(array), -case.meta.get(f"input{k}_offset", 0))


def _elementwise(b: GraphBuilder, case: Case, acc: Value) -> Translation:
    meta = case.meta
    words = rescale(meta["output_mult"], meta["output_shift"])
    b.output(b.requantize(acc, **words, zero_point=meta["output_offset"], type=type_of(case["expected"]),
                          clamp=(meta["out_activation_min"], meta["out_activation_max"])), name="y")
    return _one_sample(b, case, "input1", "input2")


def _one_sample(b: GraphBuilder, case: Case, *inputs: str) -> Translation:
    """Return a translation whose one sample holds the file's whole arrays, their batch axis too."""
    return Translation(b.build(), {name: case[name][None] for name in inputs}, case["expected"][None])


def maximum(case: Case) -> Translation:
    """Translate maximum_s8: the shapes broadcast."""
    b = GraphBuilder(case.name)
    b.output(b.maximum(_operand(b, case, 1), _operand(b, case, 2)), name="y")
    return _one_sample(b, case, "input1", "input2")


def minimum(case: Case) -> Translation:
    """Translate minimum_s8: the shapes broadcast."""
    b = GraphBuilder(case.name)
    b.output(b.minimum(_operand(b, case, 1), _operand(b, case, 2)), name="y")
    return _one_sample(b, case, "input1", "input2")


def pad(case: Case) -> Translation:
    """Translate pad_s8: pre, post and value on every axis."""
    meta, b = case.meta, GraphBuilder(case.name)
    x = b.input("input", case["input"].shape, type_of(case["input"]))
    b.output(b.pad(x, meta["pre"], meta["post"], meta["value"]), name="y")
    return _one_sample(b, case, "input")


def transpose(case: Case) -> Translation:
    """Translate transpose_s8."""
    b = GraphBuilder(case.name)
    x = b.input("input", case["input"].shape, type_of(case["input"]))
    b.output(b.transpose(x, case.meta["perm"]), name="y")
    return _one_sample(b, case, "input")


def softmax(case: Case) -> Translation:
    """Translate softmax_s8, softmax_s8_s16 and softmax_s16, whose two tables are files of their own."""
    x, expected, meta, b = case["input"], case["expected"], case.meta, GraphBuilder(case.name)
    rows = b.input("x", x.shape[1:], type_of(x))
    if x.dtype == np.int16:
        tables = [np.load(case.path.with_name(f"softmax_s16_{name}_lut.npy")) for name in ("exp", "one_by_one")]
        words = {k: int(v) if k != "rounding" else v for k, v in rescale(meta["mult"], meta["shift"]).items()}
        y = b.softmax(rows, -1, "tflite_s16", *tables, **words, type=type_of(expected))
    else:
        table = gemmlowp_table(meta["mult"], meta["shift"], meta["diff_min"])
        y = b.softmax(rows, -1, "gemmlowp", table, type=type_of(expected))
    b.output(y, name="y")
    return Translation(b.build(), {"x": x}, expected)
