"""Wrong rules, each one small rewrite of a scalar rule or of an op, that some judge has to catch."""

from __future__ import annotations

from typing import NamedTuple


class Mutant(NamedTuple):
    """What is wrong, and the rewrites (file below ``edgeq/``, text, its replacement) that make it so.

    ``judge`` is asked first; when it lets the mutant pass, all others are asked.
    """

    name: str
    rewrites: tuple[tuple[str, str, str], ...]
    judge: str = "cmsis_nn"


def _one(name: str, path: str, was: str, becomes: str, judge: str = "cmsis_nn") -> Mutant:
    return Mutant(name, ((path, was, becomes),), judge)


RULES = "arith/primitives.py"
LOOP = "ops/sum_of_products.py"
WINDOW = "ops/window.py"
VALUES = "arith/elementwise.py"
LOOKUP = "arith/lookup.py"
SOFTMAX = "arith/softmax.py"

MUTANTS = (
    # Rounding
    _one("floor in place of ties_up", RULES, "rounding == _TIES_UP,\n        1,", "rounding == _TIES_UP,\n        0,"),
    _one("ties_away rounds every tie up", RULES, "1 - negative,", "1,"),
    _one("ties_even goes to odd", RULES, "_TIES_EVEN, quotient & 1", "_TIES_EVEN, 1 - (quotient & 1)", "ap_fixed"),
    _one("ties_to_zero goes down", RULES, "_TIES_TO_ZERO, negative, 0", "_TIES_TO_ZERO, 0, 0", "ap_fixed"),
    _one("to_zero floors", RULES, "toward_zero = select(inexact, negative, 0)", "toward_zero = 0", "ap_fixed"),
    _one(
        "floor rounds to nearest",
        RULES,
        "select(rounding == _FLOOR, 0, select(",
        "select(rounding == _FLOOR, nearest, select(",
        "ap_fixed",
    ),
    _one(
        "two_stage rounds ties up in its second stage",
        RULES,
        "rounding == _TWO_STAGE, _TIES_AWAY, _TIES_UP",
        "rounding == _TWO_STAGE, _TIES_UP, _TIES_UP",
    ),
    _one(
        "two_stage rounds ties away in its first stage",
        RULES,
        "is_two_stage(rounding), _TIES_UP, rounding",
        "is_two_stage(rounding), _TIES_AWAY, rounding",
    ),
    Mutant(
        "two_stage rounds once",
        (
            (RULES, "select(is_two_stage(rounding), minimum(shift, _FIRST_STAGE), shift)", "shift + 0 * rounding"),
            (RULES, "select(is_two_stage(rounding), maximum(shift - _FIRST_STAGE, 0), 0)", "0 * (shift + rounding)"),
        ),
    ),
    _one(
        "a division floors",
        RULES,
        "return quotient + round_increment(quotient, twice > count, twice == count, remainder != 0, rounding)",
        "return quotient + 0 * (twice + rounding)",
    ),
    _one("the sticky bit is dropped", RULES, "sticky = select((low & _LOW16) != 0, 1, 0)", "sticky = 0", "fraction"),
    # Overflow
    _one(
        "saturate stops one short",
        RULES,
        "return minimum(maximum(x, lo), hi)",
        "return minimum(maximum(x, lo), hi - 1)",
    ),
    _one("saturate_symmetric keeps the minimum", RULES, "select(lo < 0, -hi, lo)", "lo", "ap_fixed"),
    _one(
        "zero saturates", RULES, "select(overflow == _ZERO, zeroed,", "select(overflow == _ZERO, saturate(x, lo, hi),",
        "ap_fixed",
    ),
    _one("wrap saturates", RULES, "return ((x & (hi - lo)) ^ -lo) + lo", "return saturate(x, lo, hi)", "ap_fixed"),
    # Requantize
    _one(
        "zero point before rounding",
        RULES,
        "return round_shift(product, within(shift, 0, 62), rounding) + zero_point",
        "return round_shift(product + (zero_point << shift), within(shift, 0, 62), rounding)",
    ),
    _one(
        "no clamp",
        RULES,
        "t = rescale(x, x_zero_point, multiplier, left_shift, shift, rounding, zero_point)\n"
        "    return saturate(narrow(t, lo, hi, overflow), clamp_lo, clamp_hi)",
        "t = rescale(x, x_zero_point, multiplier, left_shift, shift, rounding, zero_point)\n"
        "    return narrow(t, lo, hi, overflow)",
    ),
    _one(
        "the operand's zero point stays in",
        RULES,
        "within((x - x_zero_point) << left_shift, _MIN63, _MAX63)",
        "within(x << left_shift, _MIN63, _MAX63)",
    ),
    _one(
        "left shift after rounding",
        RULES,
        "shifted = within((x - x_zero_point) << left_shift, _MIN63, _MAX63)",
        "shifted = within(x - x_zero_point, _MIN63, _MAX63)",
    ),
    _one(
        "a multiplier is floored", "arith/multiplier.py", "if rounding is Rounding.floor:", "if rounding is not None:"
    ),
    _one("a multiplier of 2**31 is not halved", "arith/multiplier.py", "if multiplier == 1 << bits:", "if bits < 0:",
         "fraction"),
    # Sums of products
    _one(
        "the weight's zero point stays in",
        RULES,
        "((x - x_zero_point) * (w - w_zero_point)) << fraction_bits",
        "((x - x_zero_point) * w) << fraction_bits",
    ),
    _one(
        "padding with 0 in place of the zero point",
        LOOP,
        "if h < 0 or w < 0:\n                            continue",
        "if h < 0 or w < 0:\n"
        "                            lane[0] += multiply(0, x_zero_point, weight[o, k], zero_points[o], "
        "fraction_bits)\n"
        "                            continue",
    ),
    _one("every group reads the first", LOOP, "(o // OG) * CG + tap[k, 0]", "tap[k, 0]"),
    _one("bias last in place of first", LOOP, 'sums.bias == "first"', 'sums.bias != "first"', "ap_fixed"),
    _one(
        "dilation is ignored",
        WINDOW,
        "(self.stride[a], self.padding[a], self.dilation[a], 1)",
        "(self.stride[a], self.padding[a], 1, 1)",
    ),
    _one(
        "strides of rows and columns change places",
        WINDOW,
        "(self.stride[a], self.padding[a], self.dilation[a], 1)",
        "(self.stride[1 - a], self.padding[a], self.dilation[a], 1)",
    ),
    _one(
        "padding starts at the other side",
        WINDOW,
        "(self.stride[a], self.padding[a], self.dilation[a], 1)",
        "(self.stride[a], self.padding[a + 2], self.dilation[a], 1)",
    ),
    _one(
        "a transposed convolution flips its kernel",
        WINDOW,
        "(1, -self.padding[a], -self.dilation[a], self.stride[a])",
        "(1, self.dilation[a] * (self.kernel[a] - 1) - self.padding[a], self.dilation[a], self.stride[a])",
    ),
    _one("matmul leaves the second zero point in", "ops/matmul.py", "channels + types[1].zero_point", "channels"),
    _one(
        "an accumulator saturates once, at the end",
        RULES,
        "return narrow(within(acc + term, _MIN64, _MAX64), lo, hi, overflow)",
        "return within(acc + term, _MIN64, _MAX64) + 0 * (lo + hi + overflow)",
        "ap_fixed",
    ),
    _one(
        "products are not rounded",
        RULES,
        "return narrow(round_shift(x, shift, rounding), lo, hi, overflow)",
        "return narrow(x >> shift, lo, hi, overflow + 0 * rounding)",
        "ap_fixed",
    ),
    _one(
        "the proof leaves padded taps out",
        "ops/weighted.py",
        "np.minimum(lo_terms, 0).sum(axis=1), np.maximum(hi_terms, 0)",
        "lo_terms.sum(axis=1), hi_terms",
        "proof",
    ),
    _one(
        "the proof leaves the bias out",
        "ops/weighted.py",
        "return Bounds(start + lo, start + hi)",
        "return Bounds(0 * start + lo, 0 * start + hi)",
        "proof",
    ),
    # Pools
    _one("an average counts padding", "ops/avg_pool2d.py", "if include_pad else real", "if not include_pad else real"),
    _one(
        "an average is taken after the zero point",
        "ops/avg_pool2d.py",
        'if self.domain == "centered"',
        'if self.domain != "centered"',
        "tosa",
    ),
    _one("max pooling pads with 0", "ops/max_pool2d.py", "types[0].type.qmin, y)", "0, y)"),
    # Value by value
    _one(
        "a difference is turned round",
        VALUES,
        "(x1 - x1_zero_point) - (x2 - x2_zero_point)",
        "(x2 - x2_zero_point) - (x1 - x1_zero_point)",
        "tosa",
    ),
    _one(
        "a product keeps the second zero point",
        VALUES,
        "(x1 - x1_zero_point) * (x2 - x2_zero_point)",
        "(x1 - x1_zero_point) * x2",
    ),
    _one("argmax takes the last of equals", VALUES, "return select(x > best,", "return select(x >= best,", "tosa"),
    _one(
        "bilinear weights are one short", VALUES, "within(near * (unit - weight)", "within(near * (unit - weight - 1)",
        "tosa",
    ),
    # Tables and softmax
    _one("a table starts at code 0", LOOKUP, "return x - lo", "return (x - lo) ^ 128", "tosa"),
    _one(
        "an interpolation floors",
        LOOKUP,
        "return round_shift(interpolate(x, entry, following), _FRACTION_BITS, _TIES_UP)",
        "return interpolate(x, entry, following) >> _FRACTION_BITS",
    ),
    _one(
        "an interpolation forgets the line",
        LOOKUP,
        "(following - entry) * (x & ((1 << _FRACTION_BITS) - 1))",
        "0 * (following - x)",
    ),
    _one(
        "softmax floors what it sums",
        SOFTMAX,
        "return round_shift(exponential, _SUM_SHIFT, _TIES_AWAY)",
        "return exponential >> _SUM_SHIFT",
        "fraction",
    ),
    _one(
        "softmax takes two Newton steps",
        SOFTMAX,
        "newton_step(newton_step(newton_step(guess, half), half), half)",
        "newton_step(newton_step(guess, half), half)",
        "fraction",
    ),
    # Multipliers
    _one("a multiplier reduced to 16 bits is floored", "arith/multiplier.py", "(m31 + (1 << 15)) >> 16", "m31 >> 16"),
)
