"""Cases of RESCALE: single and double round, 32-bit and 16-bit multipliers, every legal pair of types."""

from __future__ import annotations

from itertools import product

import numpy as np

from edgeq import GraphBuilder, IntType, simulate
from tests.judges.tosa_model import Case, Tensor, number

TYPES = {"s8": IntType(8), "u8": IntType(8, signed=False), "s16": IntType(16), "u16": IntType(16, signed=False),
         "s32": IntType(32), "s48": IntType(48)}
OUTPUTS = {"s8": "s8 u8 s16 u16 s32", "u8": "s8 s16", "s16": "s8 u8 s16 u16 s32", "u16": "s8 s16", "s32": "s8 s16 s32",
           "s48": "s8 s16 s32"}
CHANNELS = 48
S32_MAX = (1 << 31) - 1


def _zero_point(rng: np.random.Generator, kind: str) -> int:
    """Return one that TOSA allows: any of 8 bits, the middle of u16, 0 of other types."""
    if kind == "u16":
        return int(rng.choice([0, 1 << 15]))
    return int(rng.integers(TYPES[kind].qmin, TYPES[kind].qmax, endpoint=True)) if TYPES[kind].bits == 8 else 0


def _multipliers(rng: np.random.Generator, mode: str) -> np.ndarray:
    """Return normalised multipliers, every third with trailing zeros so that ties occur, and some of any size."""
    bits = 15 if mode == "SINGLE16" else 31
    made = rng.integers(1 << (bits - 1), (1 << bits) - 1, CHANNELS, endpoint=True)
    made[::3] = (1 << (bits - 1)) + (rng.integers(0, 4, len(made[::3])) << (bits - 3))
    made[1::8] = rng.integers(0, 1 << bits, len(made[1::8]))
    made[:6] = 0, (1 << bits) - 1, 1 << (bits - 1), (1 << (bits - 1)) + 1, 1, 2
    return made


def _column(rng: np.random.Generator, given: IntType, zero: int, multiplier: int, shift: int, rows: int) -> np.ndarray:
    """Return codes of one channel: any size, ties and their neighbours, ends. TOSA wants x < 2^(shift-1), and a scaled
    value of 32 bits."""
    limit = min((1 << (shift - 1)) - 1, S32_MAX if given.bits <= 32 else (1 << 47) - 1,
                ((S32_MAX - 1) << shift) // max(multiplier, 1))
    lo, hi = max(given.qmin - zero, -limit), min(given.qmax - zero, limit)
    wide = rng.integers(lo, hi, rows, endpoint=True)
    sizes = rng.integers(0, 48, rows)
    near = np.clip(wide >> sizes, lo, hi)
    trailing = (multiplier & -multiplier).bit_length() - 1
    step = 1 << min(max(shift - 1 - trailing, 0), 47)
    ties = (2 * (near // (2 * step)) + 1) * step + rng.choice([-1, 0, 0, 0, 1], rows)
    x = np.select([np.arange(rows) % 3 == 0, np.arange(rows) % 3 == 1], [wide, near], ties)
    x[:6] = lo, hi, 0, 1, -1, hi - 1
    return np.clip(x, lo, hi) + zero


def _case(rng: np.random.Generator, mode: str, source: str, target: str, rows: int, per_channel: bool) -> Case:
    given, wanted = TYPES[source], TYPES[target]
    zero_in, zero_out = _zero_point(rng, source), _zero_point(rng, target)
    channels = CHANNELS if per_channel else 1
    multiplier = _multipliers(rng, mode)
    # As many bits are dropped as bring a value of this type to about the size of the target, sometimes more or fewer.
    middle = given.bits + (15 if mode == "SINGLE16" else 31) - wanted.bits
    shift = np.clip(middle + rng.integers(-6, 7, CHANNELS), 2, 62)
    shift[-4:] = 2, 31, 32, 62
    if not per_channel:
        multiplier, shift = multiplier[[7]], np.array([min(max(middle, 33 if mode == "DOUBLE" else 2), 62)])
        rows *= CHANNELS
    pairs = zip(multiplier.tolist(), shift.tolist(), strict=True)
    x = np.stack([_column(rng, given, zero_in, m, s, rows) for m, s in pairs])
    dtype, out_dtype = f"INT{given.bits}", f"INT{wanted.bits}"
    inputs = (Tensor(x.T, dtype), Tensor(multiplier, "INT16" if mode == "SINGLE16" else "INT32", constant=True),
              Tensor(shift, "INT8", constant=True), number(zero_in, dtype), number(zero_out, out_dtype))
    rule = "DOUBLE_ROUND" if mode == "DOUBLE" else "SINGLE_ROUND"

    def ours() -> np.ndarray:
        b = GraphBuilder()
        value = b.input("x", (channels, rows), given, zero_in)
        rounding = "two_stage" if mode == "DOUBLE" else "ties_up"
        per = (multiplier, shift) if per_channel else (int(multiplier[0]), int(shift[0]))
        b.output(b.requantize(value, *per, rounding=rounding, zero_point=zero_out, type=wanted, axis=0), "y")
        return simulate(b.build(), {"x": x[None]}).outputs["y"][0].T

    arguments = (mode != "SINGLE16", f"RoundingMode.{rule}", per_channel, not given.signed, not wanted.signed)
    place = "per channel" if per_channel else "per tensor"
    return Case(f"RESCALE {mode} {source} to {target} {place}", "RESCALE", inputs, (rows, channels), out_dtype, ours,
                "RescaleAttribute", arguments, unsigned=not wanted.signed)


def _cases(mode: str, values: int, seed: int) -> list[Case]:
    rng = np.random.default_rng(seed)
    sources = [s for s in TYPES if s != "s48"] if mode != "SINGLE16" else list(TYPES)
    plans = [(s, t, p) for s in sources for t, p in product(OUTPUTS[s].split(), (True, False))]
    rows = max(values // len(plans) // CHANNELS, 6) + 1
    return [_case(rng, mode, s, t, rows, p) for s, t, p in plans]


def rescale_single(values: int) -> list[Case]:
    """One rounding, 32-bit multipliers."""
    return _cases("SINGLE", values, 1)


def rescale_double(values: int) -> list[Case]:
    """Two roundings."""
    return _cases("DOUBLE", values, 2)


def rescale_16(values: int) -> list[Case]:
    """16-bit multipliers, 48-bit operands too."""
    return _cases("SINGLE16", values, 3)
