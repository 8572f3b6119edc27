"""Cases of operators that move or choose values: TRANSPOSE, CONCAT, SLICE, PAD, ARGMAX, and of REDUCE_SUM."""

from __future__ import annotations

import numpy as np

from edgeq import IntType
from tests.judges.tosa_layers import S8, S16, codes
from tests.judges.tosa_model import Case, Tensor, number
from tests.judges.tosa_values import PROPAGATE, run_of

SHAPE = (5, 4, 7)
TYPES = (S8, S16)


def _batch(rng: np.random.Generator, values: int, plans: int, type: IntType, shape: tuple[int, ...]) -> np.ndarray:
    """Return codes (N, *shape), N long enough for a share of the values."""
    return codes(rng, (max(-(-values // plans // int(np.prod(shape))), 2), *shape), type)


def transpose(values: int) -> list[Case]:
    """Every order of three axes; the samples stay first."""
    rng = np.random.default_rng(20)
    cases = []
    for type in TYPES:
        for perm in ((0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)):
            x = _batch(rng, values, 12, type, SHAPE)
            ours = run_of(lambda b, x, perm=perm: b.transpose(x, perm), (x, type))
            shape = (len(x), *(SHAPE[p] for p in perm))
            cases.append(Case(f"TRANSPOSE s{type.bits} {perm}", "TRANSPOSE", (Tensor(x, f"INT{type.bits}"),), shape,
                              f"INT{type.bits}", ours, "TransposeAttribute", ([0, *(p + 1 for p in perm)],)))
    return cases


def concat(values: int) -> list[Case]:
    """Two and three operands along each axis of a sample."""
    rng = np.random.default_rng(21)
    cases = []
    for type in TYPES:
        for axis in range(3):
            n = max(values // 6 // 300, 2)
            lengths = (1, 3, 2)[: 2 + axis % 2]
            xs = [codes(rng, (n, *SHAPE[:axis], length, *SHAPE[axis + 1 :]), type) for length in lengths]
            n = max(-(-values // 6 // sum(x[0].size for x in xs)), 2)
            xs = [codes(rng, (n, *x.shape[1:]), type) for x in xs]
            ours = run_of(lambda b, *xs, axis=axis: b.concat(list(xs), axis), *((x, type) for x in xs))
            shape = (n, *SHAPE[:axis], sum(lengths), *SHAPE[axis + 1 :])
            cases.append(Case(f"CONCAT s{type.bits} {axis}", "CONCAT", tuple(Tensor(x, f"INT{type.bits}") for x in xs),
                              shape, f"INT{type.bits}", ours, "ConcatAttribute", (axis + 1,)))
    return cases


def slices(values: int) -> list[Case]:
    """Parts inside, at each border, whole."""
    rng = np.random.default_rng(22)
    cases = []
    for type in TYPES:
        for start, size in (((0, 0, 0), SHAPE), ((1, 2, 3), (3, 1, 4)), ((4, 0, 6), (1, 4, 1)), ((0, 3, 2), (5, 1, 5))):
            x = _batch(rng, values, 8, type, size)
            x = codes(rng, (len(x), *SHAPE), type)
            stop = [s + d for s, d in zip(start, size, strict=True)]
            ours = run_of(lambda b, x, start=start, stop=stop: b.slice(x, start, stop), (x, type))
            inputs = (Tensor(x, f"INT{type.bits}"), Tensor(np.array([0, *start]), "SHAPE"),
                      Tensor(np.array([len(x), *size]), "SHAPE"))
            cases.append(Case(f"SLICE s{type.bits} {start}", "SLICE", inputs, (len(x), *size), f"INT{type.bits}", ours))
    return cases


def pad(values: int) -> list[Case]:
    """A border of any code, unlike on each side."""
    rng = np.random.default_rng(23)
    borders = (((1, 0, 2), (0, 3, 1), -128), ((0, 0, 0), (0, 0, 1), 5), ((4, 1, 1), (2, 2, 2), -1))
    cases = []
    for type in TYPES:
        for before, after, value in borders:
            shape = tuple(b + d + a for b, d, a in zip(before, SHAPE, after, strict=True))
            x = codes(rng, (len(_batch(rng, values, 6, type, shape)), *SHAPE), type)
            ours = run_of(lambda b, x, args=(before, after, value): b.pad(x, *args), (x, type))
            sides = np.array([0, 0, *(s for pair in zip(before, after, strict=True) for s in pair)])
            inputs = (Tensor(x, f"INT{type.bits}"), Tensor(sides, "SHAPE"), number(value, f"INT{type.bits}"))
            cases.append(Case(f"PAD s{type.bits} {before}", "PAD", inputs, (len(x), *shape), f"INT{type.bits}", ours))
    return cases


def argmax(values: int) -> list[Case]:
    """Few different codes, so that the largest occurs more than once; the first one counts."""
    rng = np.random.default_rng(24)
    cases = []
    for type in TYPES:
        for axis in range(3):
            shape = tuple(d for k, d in enumerate(SHAPE) if k != axis)
            n = len(_batch(rng, values, 6, type, shape))
            x = codes(rng, (n, *SHAPE), type)
            x[: n // 2] = rng.integers(-2, 2, (n // 2, *SHAPE))
            x[0] = type.qmin
            ours = run_of(lambda b, x, axis=axis: b.argmax(x, axis), (x, type))
            cases.append(Case(f"ARGMAX s{type.bits} {axis}", "ARGMAX", (Tensor(x, f"INT{type.bits}"),), (n, *shape),
                              "INT32", ours, "ArgMaxAttribute", (axis + 1, PROPAGATE)))
    return cases


def reduce_sum(values: int) -> list[Case]:
    """28 bits, so that no sum leaves 32."""
    rng = np.random.default_rng(25)
    cases = []
    for axis in range(3):
        shape = tuple(1 if k == axis else d for k, d in enumerate(SHAPE))
        x = codes(rng, (len(_batch(rng, values, 3, S8, shape)), *SHAPE), IntType(28))
        ours = run_of(lambda b, x, axis=axis: b.reduce_sum(x, (axis,), keepdims=True), (x, IntType(32)))
        cases.append(Case(f"REDUCE_SUM {axis}", "REDUCE_SUM", (Tensor(x, "INT32"),), (len(x), *shape), "INT32", ours,
                          "ReduceSumAttribute", (axis + 1,)))
    return cases


