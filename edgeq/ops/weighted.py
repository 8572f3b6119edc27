"""State what conv and linear share: weights, bias, the declared accumulator, its proof.

Source: integer contract, sections 1 and 4.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgeq.arith.primitives import cast
from edgeq.arith.types import IntType, Overflow, Rounding
from edgeq.errors import GraphError
from edgeq.ir.fields import acc_rule, constant, int_type, integer, one_of, optional, overflow, reals, rounding, scale
from edgeq.ir.op import Bounds, Check, Op, attribute, remark
from edgeq.ir.tensor import Constant, IntArray, Reals, Scale, TensorType

HOST_LIMIT = 1 << 62
"""No term or sum of the simulator and of the emitted C passes this in magnitude."""

ENCODINGS = ("int", "bipolar", "ternary", "codebook", "codebook_per_channel")

MOST_LANES = 1 << 16
"""No loop nest has more partial sums; each takes a word of memory."""


@dataclass(frozen=True)
class Product:
    """Round each product by ``shift`` and narrow it to ``type`` before it is added; the bias likewise."""

    shift: int
    rounding: Rounding
    overflow: Overflow
    type: IntType

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, as the bundle stores them."""
        return {"shift": self.shift, "rounding": self.rounding.name, "overflow": self.overflow.name,
                "type": str(self.type)}

    def apply(self, value: int) -> int:
        """Return one product, or a bias, as it is added."""
        return cast(value, self.shift, int(self.rounding), self.type.qmin, self.type.qmax, int(self.overflow))

    def range(self, lo: int, hi: int) -> tuple[int, int]:
        """Return limits of what is added when products are in ``[lo, hi]``."""
        if self.overflow in (Overflow.wrap, Overflow.zero):
            return self.type.qmin, self.type.qmax
        return self.apply(lo), self.apply(hi)

    def fits(self, lo: int, hi: int) -> bool:
        """Tell whether nothing in ``[lo, hi]`` can stop here: the overflow is not ``error``, or every value fits."""
        return self.overflow is not Overflow.error or self.type.holds(self.apply(lo), self.apply(hi))


def product(value: Any) -> Product:
    """a mapping with shift, rounding, overflow and type"""
    if isinstance(value, Product):
        return value
    if not isinstance(value, Mapping) or set(value) != {"shift", "rounding", "overflow", "type"}:
        raise TypeError
    made = Product(integer(value["shift"]), rounding(value["rounding"]), overflow(value["overflow"]),
                   int_type(value["type"]))
    if not 0 <= made.shift <= 62 or made.type.bits > 62:
        raise GraphError(f"a product is shifted by 0..62 into at most 62 bits, got {made.as_dict()}")
    return made


def order(value: Any) -> str:
    """a loop order: a permutation of kh,kw,ic, or ic alone"""
    names = [part.strip() for part in str(value).split(",")]
    if sorted(names) not in (["ic", "kh", "kw"], ["ic"]):
        raise ValueError
    return ",".join(names)


@dataclass(frozen=True)
class Sums:
    """How terms are added, whatever makes them: type, overflow rule, order, place of the bias, lanes."""

    acc: IntType
    overflow: Overflow
    order: str = "ic"
    bias: str = "first"
    lanes: int = 1
    fraction_bits: int = 0
    product: Product | None = None

    def exact(self, bounds: Bounds) -> bool:
        """Tell whether 62 bits hold every sum, and the accumulator does too or wraps: then no order can differ."""
        lo, hi = int(bounds.lo.min()), int(bounds.hi.max())
        if self.product is not None or max(abs(lo), abs(hi)) >= HOST_LIMIT:
            return False
        return self.acc.holds(lo, hi) or self.overflow is Overflow.wrap


@dataclass(frozen=True)
class Weighted(Op):
    """Sum of products with weights, in a declared accumulator.

    ``acc = bias + 2**bias_fraction_bits * sum((x - x_zero_point) * (w - weight_zero_point))``, added in
    ``acc_order``; ``acc_bias`` is first or last; term t goes to lane ``t % acc_lanes``, a first bias to lane
    0, and lanes 1.. are added to lane 0 in order before a last bias.

    ``weight_scale`` and ``bias_real`` say what weights and bias stand for; they never decide an integer.

    Constraints:
        W1, W2: weight_type has 1..16 bits and holds every weight
        W3, W4: weight_zero_point is a scalar or one per output channel, inside weight_type
        W5, W6: bias is a scalar or one per output channel, inside bias_type, else inside acc
        W7: bias_type is not wider than acc, unless acc_product narrows it
        W8, W9: bias_fraction_bits is 0..30, acc_lanes at least 1
        W10: weights are what weight_encoding says
        W11, W12: the operand has at most 32 bits, a term at most 62
        W13: weight_scale and bias_real have one value or one per output channel
        A1, A2: acc_overflow is wrap (acc of 8..64 bits), saturate or error (8..62 bits)
        A3: no product leaves acc_product where that stops on overflow
    """

    ARITHMETIC = True
    WEIGHTS = ("weight", "bias")

    weight_type: IntType = attribute(int_type, IntType(8), keyword=True)
    weight_zero_point: Constant = attribute(constant, Constant(0), keyword=True)
    weight_encoding: str = attribute(one_of(*ENCODINGS), "int", keyword=True)
    bias_type: IntType | None = attribute(optional(int_type), None, keyword=True)
    bias_fraction_bits: int = attribute(integer, 0, keyword=True)
    acc: IntType = attribute(int_type, IntType(32), keyword=True)
    acc_overflow: Overflow = attribute(acc_rule, Overflow.wrap, keyword=True)
    acc_order: str = attribute(order, "kh,kw,ic", keyword=True)
    acc_bias: str = attribute(one_of("first", "last"), "first", keyword=True)
    acc_lanes: int = attribute(integer, 1, keyword=True)
    acc_product: Product | None = attribute(optional(product), None, keyword=True)
    weight_scale: Scale = remark(optional(scale))
    bias_real: Reals = remark(optional(reals))

    def shared_constraints(self, x: TensorType, weight: Constant, bias: Constant | None) -> Iterator[Check]:
        """Yield W1.. : what holds for every op with weights, once the shapes fit."""
        out = weight.shape[0]
        lo, hi = weight.limits
        yield "W1", 1 <= self.weight_type.bits <= 16, f"weight type {self.weight_type} must have 1..16 bits"
        yield "W2", self.weight_type.holds(lo, hi), f"weights {lo}..{hi} are outside weight_type {self.weight_type}"
        yield "W3", self.weight_zero_point.shape in ((), (out,)), (
            f"weight_zero_point has shape {self.weight_zero_point.shape}, expected a scalar or ({out},)")
        yield "W4", self.weight_type.holds(*self.weight_zero_point.limits), (
            f"weight_zero_point {self.weight_zero_point.limits} is outside weight_type {self.weight_type}")
        yield "W5", bias is None or bias.shape in ((), (out,)), (
            f"bias has shape {bias and bias.shape}, expected a scalar or ({out},)")
        kept = self.bias_type or self.acc
        yield "W6", bias is None or kept.holds(*bias.limits), (
            f"bias {bias and bias.limits} is outside {kept}; widen bias_type or acc")
        narrowed = self.acc_product is not None  # then a wider bias is cast before it is added
        yield "W7", narrowed or kept.bits <= self.acc.bits, f"bias_type {kept} is wider than acc {self.acc}"
        yield from accumulator_constraints(self.acc, self.acc_overflow)
        yield "W8", 0 <= self.bias_fraction_bits <= 30, f"bias_fraction_bits {self.bias_fraction_bits} must be 0..30"
        yield "W9", 1 <= self.acc_lanes <= MOST_LANES, f"acc_lanes {self.acc_lanes} must be 1..{MOST_LANES}"
        yield "W10", _encodable(self.weight_encoding, weight, self.weight_type), (
            f"weights are not {self.weight_encoding}: bipolar takes odd values of one bit less than weight_type, "
            "ternary takes -1, 0 and 1")
        yield "W11", x.type.bits <= 32, f"operand type {x.type} is wider than 32 bits; requantize it first"
        products = self._products(x, weight)
        cast_too = [] if bias is None or self.acc_product is None else [np.array(bias.limits, object)]
        reach = max(_magnitude(values) for values in (*products, *cast_too))
        yield "W12", reach < HOST_LIMIT, "a term needs more than 62 bits; lower bias_fraction_bits or the bias"
        for name in ("weight_scale", "bias_real"):
            said = getattr(self, name)
            yield "W13", not isinstance(said, tuple) or len(said) == out, (
                f"{name} has {len(said) if isinstance(said, tuple) else 1} values, expected one or {out}")
        yield "A3", self._products_fit(products, out, bias), (
            "acc_product stops on overflow, and a product or a bias can leave its type; widen it or narrow by a rule")

    def prove(self, x: TensorType, weight: Constant, bias: Constant | None) -> Bounds:
        """Return limits, per output channel, that no partial sum in the declared order leaves.

        ``weight`` has shape (O, K). Every prefix counts, and taps that fall on padding add nothing.
        """
        lo_terms, hi_terms = self._terms(x, weight)
        start = self.bias_values(weight.shape[0], bias).astype(object)  # a 64-bit bias and a term need more than int64
        lo, hi = np.minimum(lo_terms, 0).sum(axis=1), np.maximum(hi_terms, 0).sum(axis=1)
        if self.acc_bias == "last" or self.acc_lanes > 1:
            return Bounds(np.minimum(start, 0) + lo, np.maximum(start, 0) + hi)
        return Bounds(start + lo, start + hi)

    def proofs(self, *xs: TensorType) -> Mapping[str, bool]:
        """Return ``exact``: 62 bits hold every sum, and the accumulator does too or wraps: no order can differ."""
        bounds = self.bounds(*xs)
        return {"exact": bounds is not None and self.sums.exact(bounds)}

    @property
    def sums(self) -> Sums:
        """What is declared about the accumulator."""
        return Sums(self.acc, self.acc_overflow, self.acc_order, self.acc_bias, self.acc_lanes,
                    self.bias_fraction_bits, self.acc_product)

    def bias_values(self, channels: int, bias: Constant | None) -> IntArray:
        """Return the bias as it is added, shape (O,): zeros when there is none."""
        values = np.zeros(channels, np.int64) if bias is None else bias.per_channel(channels)
        return values if self.acc_product is None else _cast_all(values, self.acc_product)

    def _terms(self, x: TensorType, weight: Constant) -> tuple[IntArray, IntArray]:
        """Return the smallest and largest value of each term, shape (O, K), such that their sums do not wrap."""
        ends = self._products(x, weight)
        if self.acc_product is not None:
            ends = [_cast_all(e.astype(object), self.acc_product) for e in ends]
            if self.acc_product.overflow in (Overflow.wrap, Overflow.zero):
                whole = self.acc_product.type
                return np.full_like(ends[0], whole.qmin), np.full_like(ends[0], whole.qmax)
        return np.minimum(*ends), np.maximum(*ends)

    def _products(self, x: TensorType, weight: Constant) -> list[IntArray]:
        """Return each product, shape (O, K), for the smallest and for the largest x, before ``acc_product``."""
        exact = np.int64 if _fits_int64(x, weight, self.bias_fraction_bits) else object
        zero_points = self.weight_zero_point.per_channel(weight.shape[0]).astype(exact)[:, None]
        centred = (weight.array.reshape(weight.shape[0], -1).astype(exact) - zero_points) * 2**self.bias_fraction_bits
        return [(q - x.zero_point) * centred for q in (x.lo, x.hi)]

    def _products_fit(self, products: list[IntArray], channels: int, bias: Constant | None) -> bool:
        """Tell whether nothing can stop at ``acc_product``: its overflow is not ``error``, or every cast fits."""
        part = self.acc_product
        if part is None or part.overflow is not Overflow.error:
            return True
        cast_values = [_cast_all(end.astype(object), part) for end in products] + [self.bias_values(channels, bias)]
        return all(part.type.holds(int(v.min()), int(v.max())) for v in cast_values)


def accumulator_constraints(acc: IntType, rule: Overflow) -> Iterator[Check]:
    """Yield A1, A2: the widths that an accumulator may have under its overflow rule."""
    yield "A1", rule in (Overflow.wrap, Overflow.saturate, Overflow.error), (
        f"acc_overflow {rule.name} is not a rule for accumulators; use wrap, saturate or error")
    most = 64 if rule is Overflow.wrap else 62
    yield "A2", 8 <= acc.bits <= most, f"acc {acc} must have 8..{most} bits to {rule.name}"


def narrowing(acc: IntType, rule: Overflow) -> tuple[int, int, int, bool]:
    """Return limits and rule with which a kernel narrows what fits 64 bits, and whether an overflow stops it.

    64 bits hold it as it is: ``error`` keeps a value, and within limits of 0 no rule passes 64 bits.
    """
    if acc.bits == 64:
        return 0, 0, int(Overflow.error), False
    return acc.qmin, acc.qmax, int(rule), rule is Overflow.error


def _fits_int64(x: TensorType, weight: Constant, fraction_bits: int) -> bool:
    """Tell whether sums of terms cannot pass int64; else Python integers are used."""
    taps = max(weight.array.size // max(weight.shape[0], 1), 1)
    return x.type.bits + 1 + 17 + fraction_bits + taps.bit_length() <= 62


def _magnitude(values: IntArray) -> int:
    return int(np.abs(values).max()) if values.size else 0


def _encodable(encoding: str, weight: Constant, kept: IntType) -> bool:
    if encoding == "ternary":
        return bool(np.isin(weight.array, (-1, 0, 1)).all())
    if encoding == "bipolar":
        limit = (1 << (kept.bits - 1)) - 1
        return bool(((weight.array % 2 == 1) & (np.abs(weight.array) <= limit)).all())
    return True


def _cast_all(values: IntArray, rule: Product) -> IntArray:
    if not values.size:
        return values
    cast_values: IntArray = np.vectorize(lambda v: rule.apply(int(v)), otypes=[values.dtype])(values)
    return cast_values
