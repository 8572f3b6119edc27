"""Cases of operators that work value by value: TABLE, ADD, SUB, MUL, MAXIMUM, MINIMUM, CLAMP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from edgeq import GraphBuilder, IntType, simulate
from tests.judges.tosa_layers import S8, S16, S32, codes
from tests.judges.tosa_model import Case, Tensor, number

Build = Callable[..., Any]


def run_of(build: Build, *operands: tuple[np.ndarray, IntType]) -> Callable[[], np.ndarray]:
    """Return a function that runs a graph of a few ops on operands (N, ...)."""

    def run() -> np.ndarray:
        b = GraphBuilder()
        xs = [b.input(f"x{k}", x.shape[1:], type) for k, (x, type) in enumerate(operands)]
        b.output(build(b, *xs), "y")
        return simulate(b.build(), {f"x{k}": x for k, (x, _) in enumerate(operands)}).outputs["y"]

    return run


def _table_case(x: np.ndarray, type: IntType, entries: np.ndarray, name: str) -> Case:
    dtype, wide = f"INT{type.bits}", type.bits == 16

    def build(b: GraphBuilder, x: Any) -> Any:
        return b.lut(x, entries, type=S32, interpolation="tosa") if wide else b.lut(x, entries)

    inputs = (Tensor(x, dtype), Tensor(entries, dtype, constant=True))
    return Case(f"TABLE {dtype} {name}", "TABLE", inputs, x.shape, "INT32" if wide else "INT8",
                run_of(build, (x, type)))


def table_8(values: int) -> list[Case]:
    """A table per case, its 256 codes in any order and again."""
    rng = np.random.default_rng(11)
    columns = max(-(-values // (20 * 256)), 1)
    x = np.stack([rng.permutation(256) - 128 for _ in range(columns)])
    return [_table_case(x, S8, rng.integers(-128, 128, 256), str(k)) for k in range(20)]


def table_16(values: int) -> list[Case]:
    """513 entries; TOSA wants neighbours at most 16 bits apart. Every code; of few values, those beside entries."""
    rng = np.random.default_rng(12)
    curve = np.rint(32767 * np.tanh(np.linspace(-4, 4, 513)))
    steep = np.tile([-16384, 16383], 257)[:513]
    falls = np.resize([16384, -16384, 0], 513)
    walk = np.clip(np.cumsum(rng.integers(-3000, 3001, 513)), -32768, 32767)
    tables = {"random": rng.integers(-16384, 16384, 513), "curve": curve, "steep": steep, "falls": falls, "walk": walk}
    count = -(-values // len(tables))
    near = 128 * rng.integers(-256, 256, count) + rng.choice([0, 1, 64, 126, 127], count)
    x = (np.arange(-32768, 32768) if count > 1 << 14 else near)[None]
    return [_table_case(x, S16, entries.astype(np.int64), name) for name, entries in tables.items()]


SHAPES = (((3, 5, 7), (3, 5, 7)), ((4, 6, 5), (4, 1, 5)), ((3, 1, 9), (3, 8, 1)), ((5, 2, 3, 4), (5, 1, 1, 4)))


def _pair_cases(
    operator: str, build: Build, drawn: IntType, type: IntType, values: int, seed: int, *,
    attribute: tuple[str, ...] = (), shift: int | None = None,
) -> list[Case]:
    """Return one case per pair of shapes, N long enough; the codes of ``drawn`` travel in ``type``."""
    rng = np.random.default_rng(seed)
    dtype = f"INT{type.bits}"
    cases = []
    for k, pair in enumerate(SHAPES):
        shape = np.broadcast_shapes(*(s[1:] for s in pair))
        n = max(-(-values // len(SHAPES) // int(np.prod(shape))), 2)
        x1, x2 = (codes(rng, (n, *s[1:]), drawn) for s in pair)
        x2[0] = drawn.qmax  # beside the first operand's minimum
        inputs = [Tensor(x1, dtype), Tensor(x2, dtype)] + ([] if shift is None else [number(shift, "INT8")])
        cases.append(Case(f"{operator} {dtype} {drawn} {k}", operator, tuple(inputs), (n, *shape), "INT32",
                          run_of(build, (x1, type), (x2, type)), attribute[0] if attribute else None, attribute[1:]))
    return cases


def add(values: int) -> list[Case]:
    """31 bits each, so that no sum leaves 32: TOSA calls that unpredictable."""
    return _pair_cases("ADD", lambda b, x1, x2: b.add(x1, x2), IntType(31), S32, values, 13)


def sub(values: int) -> list[Case]:
    """31 bits each."""
    return _pair_cases("SUB", lambda b, x1, x2: b.sub(x1, x2), IntType(31), S32, values, 14)


def mul(values: int) -> list[Case]:
    """8 and 16 bits; in 32 bits the product is shifted, ties up, and has to fit 32 again."""
    cases = []
    for type in (S8, S16):
        cases += _pair_cases("MUL", lambda b, x1, x2: b.mul(x1, x2), type, type, values // 5 + 1, type.bits, shift=0)
    for drawn, shift in ((IntType(16), 1), (IntType(24), 17), (IntType(31), 31)):

        def build(b: GraphBuilder, x1: Any, x2: Any, shift: int = shift) -> Any:
            return b.requantize(b.mul(x1, x2, acc=IntType(62)), 1, shift, type=S32)

        cases += _pair_cases("MUL", build, drawn, S32, values // 5 + 1, shift, shift=shift)
    return cases


PROPAGATE = "NanPropagationMode.PROPAGATE"


def maximum(values: int) -> list[Case]:
    """All of 32 bits."""
    return _pair_cases("MAXIMUM", lambda b, x1, x2: b.maximum(x1, x2), S32, S32, values, 16,
                       attribute=("MaximumAttribute", PROPAGATE))


def minimum(values: int) -> list[Case]:
    """All of 32 bits."""
    return _pair_cases("MINIMUM", lambda b, x1, x2: b.minimum(x1, x2), S32, S32, values, 17,
                       attribute=("MinimumAttribute", PROPAGATE))


def _bytes(value: int) -> list[int]:
    """Return a limit of CLAMP as the serializer takes it: little endian, 8 bytes."""
    return list(value.to_bytes(8, "little", signed=True))


def clamp(values: int) -> list[Case]:
    """Limits inside the type, at its ends, and one code alone."""
    rng = np.random.default_rng(18)
    cases = []
    for type in (S8, S16):
        for lo, hi in ((0, type.qmax), (type.qmin, -1), (-5, 77), (type.qmin, type.qmax), (3, 3)):
            x = codes(rng, (2, values // 20 + 1), type)
            ours = run_of(lambda b, x, lo=lo, hi=hi: b.clamp(x, lo, hi), (x, type))
            cases.append(Case(f"CLAMP s{type.bits} {lo} {hi}", "CLAMP", (Tensor(x, f"INT{type.bits}"),), x.shape,
                              f"INT{type.bits}", ours, "ClampAttribute", (_bytes(lo), _bytes(hi), PROPAGATE)))
    return cases
