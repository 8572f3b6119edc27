/* Printed by edgeq from edgeq/arith; do not edit.
 * SPDX-License-Identifier: MIT
 *
 * What every integer of an exported model means: one function per scalar rule, C99, no undefined
 * behaviour within the ranges named at each function. `shift` shifts right; `rounding` and `overflow`
 * are codes of the enums below; `lo` and `hi` are the limits of a type. Under overflow "error" the
 * value is returned as it is and the caller stops. Each comment quotes the rule's text (Python,
 * unbounded integers: `//` and `>>` round toward minus infinity).
 */
#ifndef EDGEQ_ARITH_H
#define EDGEQ_ARITH_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Codes of the argument `rounding`. */
enum edgeq_rounding {
    EDGEQ_ROUNDING_FLOOR = 0,
    EDGEQ_ROUNDING_TO_ZERO = 1,
    EDGEQ_ROUNDING_TIES_UP = 2,
    EDGEQ_ROUNDING_TIES_AWAY = 3,
    EDGEQ_ROUNDING_TIES_EVEN = 4,
    EDGEQ_ROUNDING_TIES_TO_ZERO = 5,
    EDGEQ_ROUNDING_TIES_DOWN = 6,
    EDGEQ_ROUNDING_TWO_STAGE = 7,
    EDGEQ_ROUNDING_TWO_STAGE_UP = 8
};

/* Codes of the argument `overflow`. */
enum edgeq_overflow {
    EDGEQ_OVERFLOW_SATURATE = 0,
    EDGEQ_OVERFLOW_SATURATE_SYMMETRIC = 1,
    EDGEQ_OVERFLOW_ZERO = 2,
    EDGEQ_OVERFLOW_WRAP = 3,
    EDGEQ_OVERFLOW_ERROR = 4
};

/* Return x / 2^shift toward minus infinity, shift in 0 .. 63. The only right shift of negative values
 * in edgeq's C: C leaves x >> shift of a negative x to the compiler, ~x is never negative there. */
static inline int64_t edgeq_floor_shift(int64_t x, int64_t shift) {
    return x < 0 ? ~(~x >> shift) : x >> shift;
}

/*
 * Clamp x to [lo, hi].
 *
 *     return minimum(maximum(x, lo), hi)
 *
 *   x in -2^63 .. 2^63 - 1
 *   lo in -2^63 .. 2^63 - 1
 *   hi in -2^63 .. 2^63 - 1
 */
static inline int64_t edgeq_saturate(
    int64_t x, int64_t lo, int64_t hi) {
    const int64_t t0 = x > lo ? x : lo;
    const int64_t t1 = t0 < hi ? t0 : hi;
    return t1;
}

/*
 * Reduce x modulo 2**bits into a type of at most 63 bits with the limits lo and hi.
 *
 *     return ((x & (hi - lo)) ^ -lo) + lo
 *
 *   x in -2^63 .. 2^63 - 1
 *   lo in -2^62 .. 0
 *   hi in 0 .. 2^62 - 1
 */
static inline int64_t edgeq_wrap(
    int64_t x, int64_t lo, int64_t hi) {
    const int64_t t0 = hi - lo;
    const int64_t t1 = x & t0;
    const int64_t t2 = INT64_C(0) - lo;
    const int64_t t3 = t1 ^ t2;
    const int64_t t4 = t3 + lo;
    return t4;
}

/*
 * Bring x into [lo, hi] by the named rule; under error the caller stops, x is returned.
 *
 * saturate_symmetric clamps a signed type to [-hi, hi]; zero gives 0 for a value outside.
 *
 *     symmetric = saturate(x, select(lo < 0, -hi, lo), hi)
 *     zeroed = select((x >= lo) & (x <= hi), x, 0)
 *     return select(
 *         overflow == _SATURATE,
 *         saturate(x, lo, hi),
 *         select(
 *             overflow == _SATURATE_SYMMETRIC,
 *             symmetric,
 *             select(overflow == _ZERO, zeroed, select(overflow == _WRAP, wrap(x, lo, hi), x)),
 *         ),
 *     )
 *
 *   x in -2^63 .. 2^63 - 1
 *   lo in -2^62 .. 0
 *   hi in 0 .. 2^62 - 1
 *   overflow in 0 .. 4
 */
static inline int64_t edgeq_narrow(
    int64_t x, int64_t lo, int64_t hi, int64_t overflow) {
    const int64_t t0 = overflow == INT64_C(0);
    const int64_t t1 = x > lo ? x : lo;
    const int64_t t2 = t1 < hi ? t1 : hi;
    const int64_t t3 = overflow == INT64_C(1);
    const int64_t t4 = lo < INT64_C(0);
    const int64_t t5 = INT64_C(0) - hi;
    const int64_t t6 = t4 != 0 ? t5 : lo;
    const int64_t t7 = x > t6 ? x : t6;
    const int64_t t8 = t7 < hi ? t7 : hi;
    const int64_t t9 = overflow == INT64_C(2);
    const int64_t t10 = x >= lo;
    const int64_t t11 = x <= hi;
    const int64_t t12 = t10 & t11;
    const int64_t t13 = t12 != 0 ? x : INT64_C(0);
    const int64_t t14 = overflow == INT64_C(3);
    const int64_t t15 = hi - lo;
    const int64_t t16 = x & t15;
    const int64_t t17 = INT64_C(0) - lo;
    const int64_t t18 = t16 ^ t17;
    const int64_t t19 = t18 + lo;
    const int64_t t20 = t14 != 0 ? t19 : x;
    const int64_t t21 = t9 != 0 ? t13 : t20;
    const int64_t t22 = t3 != 0 ? t8 : t21;
    const int64_t t23 = t0 != 0 ? t2 : t22;
    return t23;
}

/*
 * Return x / 2**shift rounded by the named rule; past a shift of 62, x fits 60 bits.
 *
 *     first = first_round(x, first_shift(shift, rounding), rounding)
 *     return second_round(first, second_shift(shift, rounding), rounding)
 *
 *   x in -2^62 .. 2^62 - 1
 *   shift in 0 .. 62
 *   rounding in 0 .. 8
 */
static inline int64_t edgeq_round_shift(
    int64_t x, int64_t shift, int64_t rounding) {
    const int64_t t0 = rounding == INT64_C(7);
    const int64_t t1 = rounding == INT64_C(8);
    const int64_t t2 = t0 | t1;
    const int64_t t3 = shift < INT64_C(31) ? shift : INT64_C(31);
    const int64_t t4 = t2 != 0 ? t3 : shift;
    const int64_t t5 = t4 < INT64_C(62) ? t4 : INT64_C(62);
    const int64_t t6 = edgeq_floor_shift(x, t5);
    const int64_t t7 = t2 != 0 ? INT64_C(2) : rounding;
    const int64_t t8 = t7 == INT64_C(0);
    const int64_t t9 = t7 == INT64_C(1);
    const int64_t t10 = INT64_C(1) << t5;
    const int64_t t11 = t10 - INT64_C(1);
    const int64_t t12 = x & t11;
    const int64_t t13 = t12 != INT64_C(0);
    const int64_t t14 = t6 < INT64_C(0);
    const int64_t t15 = t14 != 0 ? INT64_C(1) : INT64_C(0);
    const int64_t t16 = t13 != 0 ? t15 : INT64_C(0);
    const int64_t t17 = t10 >> INT64_C(1);
    const int64_t t18 = t12 > t17;
    const int64_t t19 = t12 == t17;
    const int64_t t20 = t19 & t13;
    const int64_t t21 = t7 == INT64_C(2);
    const int64_t t22 = t7 == INT64_C(3);
    const int64_t t23 = INT64_C(1) - t15;
    const int64_t t24 = t7 == INT64_C(4);
    const int64_t t25 = t6 & INT64_C(1);
    const int64_t t26 = t7 == INT64_C(5);
    const int64_t t27 = t26 != 0 ? t15 : INT64_C(0);
    const int64_t t28 = t24 != 0 ? t25 : t27;
    const int64_t t29 = t22 != 0 ? t23 : t28;
    const int64_t t30 = t21 != 0 ? INT64_C(1) : t29;
    const int64_t t31 = t20 != 0 ? t30 : INT64_C(0);
    const int64_t t32 = t18 != 0 ? INT64_C(1) : t31;
    const int64_t t33 = t9 != 0 ? t16 : t32;
    const int64_t t34 = t8 != 0 ? INT64_C(0) : t33;
    const int64_t t35 = t6 + t34;
    const int64_t t36 = shift - INT64_C(31);
    const int64_t t37 = t36 > INT64_C(0) ? t36 : INT64_C(0);
    const int64_t t38 = t2 != 0 ? t37 : INT64_C(0);
    const int64_t t39 = t38 < INT64_C(62) ? t38 : INT64_C(62);
    const int64_t t40 = edgeq_floor_shift(t35, t39);
    const int64_t t41 = INT64_C(1) << t39;
    const int64_t t42 = t41 - INT64_C(1);
    const int64_t t43 = t35 & t42;
    const int64_t t44 = t41 >> INT64_C(1);
    const int64_t t45 = t43 > t44;
    const int64_t t46 = t43 == t44;
    const int64_t t47 = t43 != INT64_C(0);
    const int64_t t48 = t46 & t47;
    const int64_t t49 = t0 != 0 ? INT64_C(3) : INT64_C(2);
    const int64_t t50 = t49 == INT64_C(2);
    const int64_t t51 = t49 == INT64_C(3);
    const int64_t t52 = t40 < INT64_C(0);
    const int64_t t53 = t52 != 0 ? INT64_C(1) : INT64_C(0);
    const int64_t t54 = INT64_C(1) - t53;
    const int64_t t55 = t51 != 0 ? t54 : INT64_C(0);
    const int64_t t56 = t50 != 0 ? INT64_C(1) : t55;
    const int64_t t57 = t48 != 0 ? t56 : INT64_C(0);
    const int64_t t58 = t45 != 0 ? INT64_C(1) : t57;
    const int64_t t59 = t40 + t58;
    return t59;
}

/*
 * Round and narrow x: what acc_product does to each product and to the bias.
 *
 *     return narrow(round_shift(x, shift, rounding), lo, hi, overflow)
 *
 *   x in -2^62 .. 2^62 - 1
 *   shift in 0 .. 62
 *   rounding in 0 .. 8
 *   lo in -2^62 .. 0
 *   hi in 0 .. 2^62 - 1
 *   overflow in 0 .. 4
 */
static inline int64_t edgeq_cast(
    int64_t x, int64_t shift, int64_t rounding, int64_t lo, int64_t hi, int64_t overflow) {
    const int64_t t0 = overflow == INT64_C(0);
    const int64_t t1 = rounding == INT64_C(7);
    const int64_t t2 = rounding == INT64_C(8);
    const int64_t t3 = t1 | t2;
    const int64_t t4 = shift < INT64_C(31) ? shift : INT64_C(31);
    const int64_t t5 = t3 != 0 ? t4 : shift;
    const int64_t t6 = t5 < INT64_C(62) ? t5 : INT64_C(62);
    const int64_t t7 = edgeq_floor_shift(x, t6);
    const int64_t t8 = t3 != 0 ? INT64_C(2) : rounding;
    const int64_t t9 = t8 == INT64_C(0);
    const int64_t t10 = t8 == INT64_C(1);
    const int64_t t11 = INT64_C(1) << t6;
    const int64_t t12 = t11 - INT64_C(1);
    const int64_t t13 = x & t12;
    const int64_t t14 = t13 != INT64_C(0);
    const int64_t t15 = t7 < INT64_C(0);
    const int64_t t16 = t15 != 0 ? INT64_C(1) : INT64_C(0);
    const int64_t t17 = t14 != 0 ? t16 : INT64_C(0);
    const int64_t t18 = t11 >> INT64_C(1);
    const int64_t t19 = t13 > t18;
    const int64_t t20 = t13 == t18;
    const int64_t t21 = t20 & t14;
    const int64_t t22 = t8 == INT64_C(2);
    const int64_t t23 = t8 == INT64_C(3);
    const int64_t t24 = INT64_C(1) - t16;
    const int64_t t25 = t8 == INT64_C(4);
    const int64_t t26 = t7 & INT64_C(1);
    const int64_t t27 = t8 == INT64_C(5);
    const int64_t t28 = t27 != 0 ? t16 : INT64_C(0);
    const int64_t t29 = t25 != 0 ? t26 : t28;
    const int64_t t30 = t23 != 0 ? t24 : t29;
    const int64_t t31 = t22 != 0 ? INT64_C(1) : t30;
    const int64_t t32 = t21 != 0 ? t31 : INT64_C(0);
    const int64_t t33 = t19 != 0 ? INT64_C(1) : t32;
    const int64_t t34 = t10 != 0 ? t17 : t33;
    const int64_t t35 = t9 != 0 ? INT64_C(0) : t34;
    const int64_t t36 = t7 + t35;
    const int64_t t37 = shift - INT64_C(31);
    const int64_t t38 = t37 > INT64_C(0) ? t37 : INT64_C(0);
    const int64_t t39 = t3 != 0 ? t38 : INT64_C(0);
    const int64_t t40 = t39 < INT64_C(62) ? t39 : INT64_C(62);
    const int64_t t41 = edgeq_floor_shift(t36, t40);
    const int64_t t42 = INT64_C(1) << t40;
    const int64_t t43 = t42 - INT64_C(1);
    const int64_t t44 = t36 & t43;
    const int64_t t45 = t42 >> INT64_C(1);
    const int64_t t46 = t44 > t45;
    const int64_t t47 = t44 == t45;
    const int64_t t48 = t44 != INT64_C(0);
    const int64_t t49 = t47 & t48;
    const int64_t t50 = t1 != 0 ? INT64_C(3) : INT64_C(2);
    const int64_t t51 = t50 == INT64_C(2);
    const int64_t t52 = t50 == INT64_C(3);
    const int64_t t53 = t41 < INT64_C(0);
    const int64_t t54 = t53 != 0 ? INT64_C(1) : INT64_C(0);
    const int64_t t55 = INT64_C(1) - t54;
    const int64_t t56 = t52 != 0 ? t55 : INT64_C(0);
    const int64_t t57 = t51 != 0 ? INT64_C(1) : t56;
    const int64_t t58 = t49 != 0 ? t57 : INT64_C(0);
    const int64_t t59 = t46 != 0 ? INT64_C(1) : t58;
    const int64_t t60 = t41 + t59;
    const int64_t t61 = t60 > lo ? t60 : lo;
    const int64_t t62 = t61 < hi ? t61 : hi;
    const int64_t t63 = overflow == INT64_C(1);
    const int64_t t64 = lo < INT64_C(0);
    const int64_t t65 = INT64_C(0) - hi;
    const int64_t t66 = t64 != 0 ? t65 : lo;
    const int64_t t67 = t60 > t66 ? t60 : t66;
    const int64_t t68 = t67 < hi ? t67 : hi;
    const int64_t t69 = overflow == INT64_C(2);
    const int64_t t70 = t60 >= lo;
    const int64_t t71 = t60 <= hi;
    const int64_t t72 = t70 & t71;
    const int64_t t73 = t72 != 0 ? t60 : INT64_C(0);
    const int64_t t74 = overflow == INT64_C(3);
    const int64_t t75 = hi - lo;
    const int64_t t76 = t60 & t75;
    const int64_t t77 = INT64_C(0) - lo;
    const int64_t t78 = t76 ^ t77;
    const int64_t t79 = t78 + lo;
    const int64_t t80 = t74 != 0 ? t79 : t60;
    const int64_t t81 = t69 != 0 ? t73 : t80;
    const int64_t t82 = t63 != 0 ? t68 : t81;
    const int64_t t83 = t0 != 0 ? t62 : t82;
    return t83;
}

/*
 * Return (x - x_zero_point) * (w - w_zero_point) * 2**fraction_bits, one term of a sum.
 *
 *     return within(((x - x_zero_point) * (w - w_zero_point)) << fraction_bits, _MIN63, _MAX63)
 *
 *   x in -2^31 .. 2^31 - 1
 *   x_zero_point in -2^16 .. 2^16 - 1
 *   w in -2^31 .. 2^31 - 1
 *   w_zero_point in -2^16 .. 2^16 - 1
 *   fraction_bits in 0 .. 62
 *
 * Relies on (edgeq proves it per layer):
 *   ((x - x_zero_point) * (w - w_zero_point)) << fraction_bits in -2^62 .. 2^62 - 1
 */
static inline int64_t edgeq_multiply(
    int64_t x, int64_t x_zero_point, int64_t w, int64_t w_zero_point, int64_t fraction_bits) {
    const int64_t t0 = x - x_zero_point;
    const int64_t t1 = w - w_zero_point;
    const int64_t t2 = t0 * t1;
    const int64_t t3 = t2 * (INT64_C(1) << fraction_bits);
    return t3;
}

/*
 * Add term to an accumulator of at most 62 bits with the limits lo and hi.
 *
 *     return narrow(within(acc + term, _MIN64, _MAX64), lo, hi, overflow)
 *
 *   acc in -2^62 .. 2^62 - 1
 *   term in -2^62 .. 2^62 - 1
 *   lo in -2^62 .. 0
 *   hi in 0 .. 2^62 - 1
 *   overflow in 0 .. 4
 */
static inline int64_t edgeq_accumulate(
    int64_t acc, int64_t term, int64_t lo, int64_t hi, int64_t overflow) {
    const int64_t t0 = overflow == INT64_C(0);
    const int64_t t1 = acc + term;
    const int64_t t2 = t1 > lo ? t1 : lo;
    const int64_t t3 = t2 < hi ? t2 : hi;
    const int64_t t4 = overflow == INT64_C(1);
    const int64_t t5 = lo < INT64_C(0);
    const int64_t t6 = INT64_C(0) - hi;
    const int64_t t7 = t5 != 0 ? t6 : lo;
    const int64_t t8 = t1 > t7 ? t1 : t7;
    const int64_t t9 = t8 < hi ? t8 : hi;
    const int64_t t10 = overflow == INT64_C(2);
    const int64_t t11 = t1 >= lo;
    const int64_t t12 = t1 <= hi;
    const int64_t t13 = t11 & t12;
    const int64_t t14 = t13 != 0 ? t1 : INT64_C(0);
    const int64_t t15 = overflow == INT64_C(3);
    const int64_t t16 = hi - lo;
    const int64_t t17 = t1 & t16;
    const int64_t t18 = INT64_C(0) - lo;
    const int64_t t19 = t17 ^ t18;
    const int64_t t20 = t19 + lo;
    const int64_t t21 = t15 != 0 ? t20 : t1;
    const int64_t t22 = t10 != 0 ? t14 : t21;
    const int64_t t23 = t4 != 0 ? t9 : t22;
    const int64_t t24 = t0 != 0 ? t3 : t23;
    return t24;
}

/*
 * Add two codes of one scale, zero points removed, and narrow the sum once.
 *
 *     total = within((x1 - x1_zero_point) + (x2 - x2_zero_point), _MIN63, _MAX63)
 *     return narrow(total, lo, hi, overflow)
 *
 *   x1 in -2^32 .. 2^32 - 1
 *   x1_zero_point in -2^32 .. 2^32 - 1
 *   x2 in -2^32 .. 2^32 - 1
 *   x2_zero_point in -2^32 .. 2^32 - 1
 *   lo in -2^62 .. 0
 *   hi in 0 .. 2^62 - 1
 *   overflow in 0 .. 4
 */
static inline int64_t edgeq_add(
    int64_t x1, int64_t x1_zero_point, int64_t x2, int64_t x2_zero_point, int64_t lo, int64_t hi,
    int64_t overflow) {
    const int64_t t0 = overflow == INT64_C(0);
    const int64_t t1 = x1 - x1_zero_point;
    const int64_t t2 = x2 - x2_zero_point;
    const int64_t t3 = t1 + t2;
    const int64_t t4 = t3 > lo ? t3 : lo;
    const int64_t t5 = t4 < hi ? t4 : hi;
    const int64_t t6 = overflow == INT64_C(1);
    const int64_t t7 = lo < INT64_C(0);
    const int64_t t8 = INT64_C(0) - hi;
    const int64_t t9 = t7 != 0 ? t8 : lo;
    const int64_t t10 = t3 > t9 ? t3 : t9;
    const int64_t t11 = t10 < hi ? t10 : hi;
    const int64_t t12 = overflow == INT64_C(2);
    const int64_t t13 = t3 >= lo;
    const int64_t t14 = t3 <= hi;
    const int64_t t15 = t13 & t14;
    const int64_t t16 = t15 != 0 ? t3 : INT64_C(0);
    const int64_t t17 = overflow == INT64_C(3);
    const int64_t t18 = hi - lo;
    const int64_t t19 = t3 & t18;
    const int64_t t20 = INT64_C(0) - lo;
    const int64_t t21 = t19 ^ t20;
    const int64_t t22 = t21 + lo;
    const int64_t t23 = t17 != 0 ? t22 : t3;
    const int64_t t24 = t12 != 0 ? t16 : t23;
    const int64_t t25 = t6 != 0 ? t11 : t24;
    const int64_t t26 = t0 != 0 ? t5 : t25;
    return t26;
}

/*
 * Add modulo 2**64 with no value past 64 bits: the wrapping accumulator of 63 and 64 bits.
 *
 *     low = (a & _LOW32) + (b & _LOW32)
 *     high = wrap((a >> 32) + (b >> 32) + (low >> 32), -(1 << 31), (1 << 31) - 1)
 *     return (high << 32) + (low & _LOW32)
 *
 *   a in -2^63 .. 2^63 - 1
 *   b in -2^63 .. 2^63 - 1
 */
static inline int64_t edgeq_add_wrap64(
    int64_t a, int64_t b) {
    const int64_t t0 = edgeq_floor_shift(a, INT64_C(32));
    const int64_t t1 = edgeq_floor_shift(b, INT64_C(32));
    const int64_t t2 = t0 + t1;
    const int64_t t3 = a & INT64_C(4294967295);
    const int64_t t4 = b & INT64_C(4294967295);
    const int64_t t5 = t3 + t4;
    const int64_t t6 = t5 >> INT64_C(32);
    const int64_t t7 = t2 + t6;
    const int64_t t8 = t7 & INT64_C(4294967295);
    const int64_t t9 = t8 ^ INT64_C(2147483648);
    const int64_t t10 = t9 + (-INT64_C(2147483648));
    const int64_t t11 = t10 * (INT64_C(1) << INT64_C(32));
    const int64_t t12 = t5 & INT64_C(4294967295);
    const int64_t t13 = t11 + t12;
    return t13;
}

/*
 * Return round_shift(x * multiplier, shift) where the product passes 63 bits; shift <= 94.
 *
 * Exact wherever the first rounding gives less than 2**44 in magnitude; beyond, a value of the same
 * sign and of at least 2**44 - 1. Bits far below the rounding point are folded into one sticky bit.
 *
 *     high, low = multiply_wide(x, multiplier)
 *     taken = first_shift(shift, rounding)
 *     far = (high >> 1) | select(((high & 1) | low) != 0, 1, 0)
 *     sticky = select((low & _LOW16) != 0, 1, 0)
 *     middle = saturate(high, -(1 << 46), (1 << 46) - 1) * (1 << 16) + ((low >> 16) | sticky)
 *     near = saturate(high, -(1 << 30), (1 << 30) - 1) * (1 << 32) + low
 *     value = select(taken >= 35, far, select(taken >= 18, middle, near))
 *     dropped = select(taken >= 35, 33, select(taken >= 18, 16, 0))
 *     first = first_round(value, maximum(taken - dropped, 0), rounding)
 *     return second_round(first, second_shift(shift, rounding), rounding)
 *
 *   x in -2^63 .. 2^63 - 1
 *   multiplier in -2^31 .. 2^32 - 1
 *   shift in 0 .. 94
 *   rounding in 0 .. 8
 */
static inline int64_t edgeq_mul_shift_wide(
    int64_t x, int64_t multiplier, int64_t shift, int64_t rounding) {
    const int64_t t0 = rounding == INT64_C(7);
    const int64_t t1 = rounding == INT64_C(8);
    const int64_t t2 = t0 | t1;
    const int64_t t3 = shift < INT64_C(31) ? shift : INT64_C(31);
    const int64_t t4 = t2 != 0 ? t3 : shift;
    const int64_t t5 = t4 >= INT64_C(35);
    const int64_t t6 = edgeq_floor_shift(x, INT64_C(32));
    const int64_t t7 = t6 * multiplier;
    const int64_t t8 = x & INT64_C(4294967295);
    const int64_t t9 = edgeq_floor_shift(multiplier, INT64_C(16));
    const int64_t t10 = t8 * t9;
    const int64_t t11 = multiplier & INT64_C(65535);
    const int64_t t12 = t8 * t11;
    const int64_t t13 = t12 >> INT64_C(16);
    const int64_t t14 = t10 + t13;
    const int64_t t15 = edgeq_floor_shift(t14, INT64_C(16));
    const int64_t t16 = t7 + t15;
    const int64_t t17 = edgeq_floor_shift(t16, INT64_C(1));
    const int64_t t18 = t16 & INT64_C(1);
    const int64_t t19 = t14 & INT64_C(65535);
    const int64_t t20 = t19 << INT64_C(16);
    const int64_t t21 = t12 & INT64_C(65535);
    const int64_t t22 = t20 | t21;
    const int64_t t23 = t18 | t22;
    const int64_t t24 = t23 != INT64_C(0);
    const int64_t t25 = t24 != 0 ? INT64_C(1) : INT64_C(0);
    const int64_t t26 = t17 | t25;
    const int64_t t27 = t4 >= INT64_C(18);
    const int64_t t28 = t16 > (-INT64_C(70368744177664)) ? t16 : (-INT64_C(70368744177664));
    const int64_t t29 = t28 < INT64_C(70368744177663) ? t28 : INT64_C(70368744177663);
    const int64_t t30 = t29 * INT64_C(65536);
    const int64_t t31 = t22 >> INT64_C(16);
    const int64_t t32 = t22 & INT64_C(65535);
    const int64_t t33 = t32 != INT64_C(0);
    const int64_t t34 = t33 != 0 ? INT64_C(1) : INT64_C(0);
    const int64_t t35 = t31 | t34;
    const int64_t t36 = t30 + t35;
    const int64_t t37 = t16 > (-INT64_C(1073741824)) ? t16 : (-INT64_C(1073741824));
    const int64_t t38 = t37 < INT64_C(1073741823) ? t37 : INT64_C(1073741823);
    const int64_t t39 = t38 * INT64_C(4294967296);
    const int64_t t40 = t39 + t22;
    const int64_t t41 = t27 != 0 ? t36 : t40;
    const int64_t t42 = t5 != 0 ? t26 : t41;
    const int64_t t43 = t27 != 0 ? INT64_C(16) : INT64_C(0);
    const int64_t t44 = t5 != 0 ? INT64_C(33) : t43;
    const int64_t t45 = t4 - t44;
    const int64_t t46 = t45 > INT64_C(0) ? t45 : INT64_C(0);
    const int64_t t47 = t46 < INT64_C(62) ? t46 : INT64_C(62);
    const int64_t t48 = edgeq_floor_shift(t42, t47);
    const int64_t t49 = t2 != 0 ? INT64_C(2) : rounding;
    const int64_t t50 = t49 == INT64_C(0);
    const int64_t t51 = t49 == INT64_C(1);
    const int64_t t52 = INT64_C(1) << t47;
    const int64_t t53 = t52 - INT64_C(1);
    const int64_t t54 = t42 & t53;
    const int64_t t55 = t54 != INT64_C(0);
    const int64_t t56 = t48 < INT64_C(0);
    const int64_t t57 = t56 != 0 ? INT64_C(1) : INT64_C(0);
    const int64_t t58 = t55 != 0 ? t57 : INT64_C(0);
    const int64_t t59 = t52 >> INT64_C(1);
    const int64_t t60 = t54 > t59;
    const int64_t t61 = t54 == t59;
    const int64_t t62 = t61 & t55;
    const int64_t t63 = t49 == INT64_C(2);
    const int64_t t64 = t49 == INT64_C(3);
    const int64_t t65 = INT64_C(1) - t57;
    const int64_t t66 = t49 == INT64_C(4);
    const int64_t t67 = t48 & INT64_C(1);
    const int64_t t68 = t49 == INT64_C(5);
    const int64_t t69 = t68 != 0 ? t57 : INT64_C(0);
    const int64_t t70 = t66 != 0 ? t67 : t69;
    const int64_t t71 = t64 != 0 ? t65 : t70;
    const int64_t t72 = t63 != 0 ? INT64_C(1) : t71;
    const int64_t t73 = t62 != 0 ? t72 : INT64_C(0);
    const int64_t t74 = t60 != 0 ? INT64_C(1) : t73;
    const int64_t t75 = t51 != 0 ? t58 : t74;
    const int64_t t76 = t50 != 0 ? INT64_C(0) : t75;
    const int64_t t77 = t48 + t76;
    const int64_t t78 = shift - INT64_C(31);
    const int64_t t79 = t78 > INT64_C(0) ? t78 : INT64_C(0);
    const int64_t t80 = t2 != 0 ? t79 : INT64_C(0);
    const int64_t t81 = t80 < INT64_C(62) ? t80 : INT64_C(62);
    const int64_t t82 = edgeq_floor_shift(t77, t81);
    const int64_t t83 = INT64_C(1) << t81;
    const int64_t t84 = t83 - INT64_C(1);
    const int64_t t85 = t77 & t84;
    const int64_t t86 = t83 >> INT64_C(1);
    const int64_t t87 = t85 > t86;
    const int64_t t88 = t85 == t86;
    const int64_t t89 = t85 != INT64_C(0);
    const int64_t t90 = t88 & t89;
    const int64_t t91 = t0 != 0 ? INT64_C(3) : INT64_C(2);
    const int64_t t92 = t91 == INT64_C(2);
    const int64_t t93 = t91 == INT64_C(3);
    const int64_t t94 = t82 < INT64_C(0);
    const int64_t t95 = t94 != 0 ? INT64_C(1) : INT64_C(0);
    const int64_t t96 = INT64_C(1) - t95;
    const int64_t t97 = t93 != 0 ? t96 : INT64_C(0);
    const int64_t t98 = t92 != 0 ? INT64_C(1) : t97;
    const int64_t t99 = t90 != 0 ? t98 : INT64_C(0);
    const int64_t t100 = t87 != 0 ? INT64_C(1) : t99;
    const int64_t t101 = t82 + t100;
    return t101;
}

/*
 * Return round_shift(((x - x_zero_point) << left_shift) * multiplier, shift) + zero_point.
 *
 *     shifted = within((x - x_zero_point) << left_shift, _MIN63, _MAX63)
 *     product = within(shifted * multiplier, _MIN63, _MAX63)
 *     return round_shift(product, within(shift, 0, 62), rounding) + zero_point
 *
 *   x in -2^62 .. 2^62 - 1
 *   x_zero_point in -2^31 .. 2^31 - 1
 *   multiplier in -2^31 .. 2^32 - 1
 *   left_shift in 0 .. 62
 *   shift in 0 .. 62
 *   rounding in 0 .. 8
 *   zero_point in -2^31 .. 2^31 - 1
 *
 * Relies on (edgeq proves it per layer):
 *   (x - x_zero_point) << left_shift in -2^62 .. 2^62 - 1
 *   ((x - x_zero_point) << left_shift) * multiplier in -2^62 .. 2^62 - 1
 */
static inline int64_t edgeq_rescale(
    int64_t x, int64_t x_zero_point, int64_t multiplier, int64_t left_shift, int64_t shift,
    int64_t rounding, int64_t zero_point) {
    const int64_t t0 = x - x_zero_point;
    const int64_t t1 = t0 * (INT64_C(1) << left_shift);
    const int64_t t2 = t1 * multiplier;
    const int64_t t3 = rounding == INT64_C(7);
    const int64_t t4 = rounding == INT64_C(8);
    const int64_t t5 = t3 | t4;
    const int64_t t6 = shift < INT64_C(31) ? shift : INT64_C(31);
    const int64_t t7 = t5 != 0 ? t6 : shift;
    const int64_t t8 = t7 < INT64_C(62) ? t7 : INT64_C(62);
    const int64_t t9 = edgeq_floor_shift(t2, t8);
    const int64_t t10 = t5 != 0 ? INT64_C(2) : rounding;
    const int64_t t11 = t10 == INT64_C(0);
    const int64_t t12 = t10 == INT64_C(1);
    const int64_t t13 = INT64_C(1) << t8;
    const int64_t t14 = t13 - INT64_C(1);
    const int64_t t15 = t2 & t14;
    const int64_t t16 = t15 != INT64_C(0);
    const int64_t t17 = t9 < INT64_C(0);
    const int64_t t18 = t17 != 0 ? INT64_C(1) : INT64_C(0);
    const int64_t t19 = t16 != 0 ? t18 : INT64_C(0);
    const int64_t t20 = t13 >> INT64_C(1);
    const int64_t t21 = t15 > t20;
    const int64_t t22 = t15 == t20;
    const int64_t t23 = t22 & t16;
    const int64_t t24 = t10 == INT64_C(2);
    const int64_t t25 = t10 == INT64_C(3);
    const int64_t t26 = INT64_C(1) - t18;
    const int64_t t27 = t10 == INT64_C(4);
    const int64_t t28 = t9 & INT64_C(1);
    const int64_t t29 = t10 == INT64_C(5);
    const int64_t t30 = t29 != 0 ? t18 : INT64_C(0);
    const int64_t t31 = t27 != 0 ? t28 : t30;
    const int64_t t32 = t25 != 0 ? t26 : t31;
    const int64_t t33 = t24 != 0 ? INT64_C(1) : t32;
    const int64_t t34 = t23 != 0 ? t33 : INT64_C(0);
    const int64_t t35 = t21 != 0 ? INT64_C(1) : t34;
    const int64_t t36 = t12 != 0 ? t19 : t35;
    const int64_t t37 = t11 != 0 ? INT64_C(0) : t36;
    const int64_t t38 = t9 + t37;
    const int64_t t39 = shift - INT64_C(31);
    const int64_t t40 = t39 > INT64_C(0) ? t39 : INT64_C(0);
    const int64_t t41 = t5 != 0 ? t40 : INT64_C(0);
    const int64_t t42 = t41 < INT64_C(62) ? t41 : INT64_C(62);
    const int64_t t43 = edgeq_floor_shift(t38, t42);
    const int64_t t44 = INT64_C(1) << t42;
    const int64_t t45 = t44 - INT64_C(1);
    const int64_t t46 = t38 & t45;
    const int64_t t47 = t44 >> INT64_C(1);
    const int64_t t48 = t46 > t47;
    const int64_t t49 = t46 == t47;
    const int64_t t50 = t46 != INT64_C(0);
    const int64_t t51 = t49 & t50;
    const int64_t t52 = t3 != 0 ? INT64_C(3) : INT64_C(2);
    const int64_t t53 = t52 == INT64_C(2);
    const int64_t t54 = t52 == INT64_C(3);
    const int64_t t55 = t43 < INT64_C(0);
    const int64_t t56 = t55 != 0 ? INT64_C(1) : INT64_C(0);
    const int64_t t57 = INT64_C(1) - t56;
    const int64_t t58 = t54 != 0 ? t57 : INT64_C(0);
    const int64_t t59 = t53 != 0 ? INT64_C(1) : t58;
    const int64_t t60 = t51 != 0 ? t59 : INT64_C(0);
    const int64_t t61 = t48 != 0 ? INT64_C(1) : t60;
    const int64_t t62 = t43 + t61;
    const int64_t t63 = t62 + zero_point;
    return t63;
}

/*
 * Return what `rescale` returns, for products of up to 96 bits (see `mul_shift_wide`).
 *
 *     shifted = within((x - x_zero_point) << left_shift, _MIN64, _MAX64)
 *     return mul_shift_wide(shifted, multiplier, shift, rounding) + zero_point
 *
 *   x in -2^62 .. 2^62 - 1
 *   x_zero_point in -2^31 .. 2^31 - 1
 *   multiplier in -2^31 .. 2^32 - 1
 *   left_shift in 0 .. 62
 *   shift in 0 .. 94
 *   rounding in 0 .. 8
 *   zero_point in -2^31 .. 2^31 - 1
 *
 * Relies on (edgeq proves it per layer):
 *   (x - x_zero_point) << left_shift in -2^63 .. 2^63 - 1
 */
static inline int64_t edgeq_rescale_wide(
    int64_t x, int64_t x_zero_point, int64_t multiplier, int64_t left_shift, int64_t shift,
    int64_t rounding, int64_t zero_point) {
    const int64_t t0 = rounding == INT64_C(7);
    const int64_t t1 = rounding == INT64_C(8);
    const int64_t t2 = t0 | t1;
    const int64_t t3 = shift < INT64_C(31) ? shift : INT64_C(31);
    const int64_t t4 = t2 != 0 ? t3 : shift;
    const int64_t t5 = t4 >= INT64_C(35);
    const int64_t t6 = x - x_zero_point;
    const int64_t t7 = t6 * (INT64_C(1) << left_shift);
    const int64_t t8 = edgeq_floor_shift(t7, INT64_C(32));
    const int64_t t9 = t8 * multiplier;
    const int64_t t10 = t7 & INT64_C(4294967295);
    const int64_t t11 = edgeq_floor_shift(multiplier, INT64_C(16));
    const int64_t t12 = t10 * t11;
    const int64_t t13 = multiplier & INT64_C(65535);
    const int64_t t14 = t10 * t13;
    const int64_t t15 = t14 >> INT64_C(16);
    const int64_t t16 = t12 + t15;
    const int64_t t17 = edgeq_floor_shift(t16, INT64_C(16));
    const int64_t t18 = t9 + t17;
    const int64_t t19 = edgeq_floor_shift(t18, INT64_C(1));
    const int64_t t20 = t18 & INT64_C(1);
    const int64_t t21 = t16 & INT64_C(65535);
    const int64_t t22 = t21 << INT64_C(16);
    const int64_t t23 = t14 & INT64_C(65535);
    const int64_t t24 = t22 | t23;
    const int64_t t25 = t20 | t24;
    const int64_t t26 = t25 != INT64_C(0);
    const int64_t t27 = t26 != 0 ? INT64_C(1) : INT64_C(0);
    const int64_t t28 = t19 | t27;
    const int64_t t29 = t4 >= INT64_C(18);
    const int64_t t30 = t18 > (-INT64_C(70368744177664)) ? t18 : (-INT64_C(70368744177664));
    const int64_t t31 = t30 < INT64_C(70368744177663) ? t30 : INT64_C(70368744177663);
    const int64_t t32 = t31 * INT64_C(65536);
    const int64_t t33 = t24 >> INT64_C(16);
    const int64_t t34 = t24 & INT64_C(65535);
    const int64_t t35 = t34 != INT64_C(0);
    const int64_t t36 = t35 != 0 ? INT64_C(1) : INT64_C(0);
    const int64_t t37 = t33 | t36;
    const int64_t t38 = t32 + t37;
    const int64_t t39 = t18 > (-INT64_C(1073741824)) ? t18 : (-INT64_C(1073741824));
    const int64_t t40 = t39 < INT64_C(1073741823) ? t39 : INT64_C(1073741823);
    const int64_t t41 = t40 * INT64_C(4294967296);
    const int64_t t42 = t41 + t24;
    const int64_t t43 = t29 != 0 ? t38 : t42;
    const int64_t t44 = t5 != 0 ? t28 : t43;
    const int64_t t45 = t29 != 0 ? INT64_C(16) : INT64_C(0);
    const int64_t t46 = t5 != 0 ? INT64_C(33) : t45;
    const int64_t t47 = t4 - t46;
    const int64_t t48 = t47 > INT64_C(0) ? t47 : INT64_C(0);
    const int64_t t49 = t48 < INT64_C(62) ? t48 : INT64_C(62);
    const int64_t t50 = edgeq_floor_shift(t44, t49);
    const int64_t t51 = t2 != 0 ? INT64_C(2) : rounding;
    const int64_t t52 = t51 == INT64_C(0);
    const int64_t t53 = t51 == INT64_C(1);
    const int64_t t54 = INT64_C(1) << t49;
    const int64_t t55 = t54 - INT64_C(1);
    const int64_t t56 = t44 & t55;
    const int64_t t57 = t56 != INT64_C(0);
    const int64_t t58 = t50 < INT64_C(0);
    const int64_t t59 = t58 != 0 ? INT64_C(1) : INT64_C(0);
    const int64_t t60 = t57 != 0 ? t59 : INT64_C(0);
    const int64_t t61 = t54 >> INT64_C(1);
    const int64_t t62 = t56 > t61;
    const int64_t t63 = t56 == t61;
    const int64_t t64 = t63 & t57;
    const int64_t t65 = t51 == INT64_C(2);
    const int64_t t66 = t51 == INT64_C(3);
    const int64_t t67 = INT64_C(1) - t59;
    const int64_t t68 = t51 == INT64_C(4);
    const int64_t t69 = t50 & INT64_C(1);
    const int64_t t70 = t51 == INT64_C(5);
    const int64_t t71 = t70 != 0 ? t59 : INT64_C(0);
    const int64_t t72 = t68 != 0 ? t69 : t71;
    const int64_t t73 = t66 != 0 ? t67 : t72;
    const int64_t t74 = t65 != 0 ? INT64_C(1) : t73;
    const int64_t t75 = t64 != 0 ? t74 : INT64_C(0);
    const int64_t t76 = t62 != 0 ? INT64_C(1) : t75;
    const int64_t t77 = t53 != 0 ? t60 : t76;
    const int64_t t78 = t52 != 0 ? INT64_C(0) : t77;
    const int64_t t79 = t50 + t78;
    const int64_t t80 = shift - INT64_C(31);
    const int64_t t81 = t80 > INT64_C(0) ? t80 : INT64_C(0);
    const int64_t t82 = t2 != 0 ? t81 : INT64_C(0);
    const int64_t t83 = t82 < INT64_C(62) ? t82 : INT64_C(62);
    const int64_t t84 = edgeq_floor_shift(t79, t83);
    const int64_t t85 = INT64_C(1) << t83;
    const int64_t t86 = t85 - INT64_C(1);
    const int64_t t87 = t79 & t86;
    const int64_t t88 = t85 >> INT64_C(1);
    const int64_t t89 = t87 > t88;
    const int64_t t90 = t87 == t88;
    const int64_t t91 = t87 != INT64_C(0);
    const int64_t t92 = t90 & t91;
    const int64_t t93 = t0 != 0 ? INT64_C(3) : INT64_C(2);
    const int64_t t94 = t93 == INT64_C(2);
    const int64_t t95 = t93 == INT64_C(3);
    const int64_t t96 = t84 < INT64_C(0);
    const int64_t t97 = t96 != 0 ? INT64_C(1) : INT64_C(0);
    const int64_t t98 = INT64_C(1) - t97;
    const int64_t t99 = t95 != 0 ? t98 : INT64_C(0);
    const int64_t t100 = t94 != 0 ? INT64_C(1) : t99;
    const int64_t t101 = t92 != 0 ? t100 : INT64_C(0);
    const int64_t t102 = t89 != 0 ? INT64_C(1) : t101;
    const int64_t t103 = t84 + t102;
    const int64_t t104 = t103 + zero_point;
    return t104;
}

/*
 * Change the scale of x: rescale, bring into the type [lo, hi], then clamp (section 5).
 *
 *     t = rescale(x, x_zero_point, multiplier, left_shift, shift, rounding, zero_point)
 *     return saturate(narrow(t, lo, hi, overflow), clamp_lo, clamp_hi)
 *
 *   x in -2^62 .. 2^62 - 1
 *   x_zero_point in -2^31 .. 2^31 - 1
 *   multiplier in -2^31 .. 2^32 - 1
 *   left_shift in 0 .. 62
 *   shift in 0 .. 62
 *   rounding in 0 .. 8
 *   zero_point in -2^31 .. 2^31 - 1
 *   lo in -2^62 .. 0
 *   hi in 0 .. 2^62 - 1
 *   overflow in 0 .. 4
 *   clamp_lo in -2^63 .. 2^63 - 1
 *   clamp_hi in -2^63 .. 2^63 - 1
 *
 * Relies on (edgeq proves it per layer):
 *   (x - x_zero_point) << left_shift in -2^62 .. 2^62 - 1
 *   ((x - x_zero_point) << left_shift) * multiplier in -2^62 .. 2^62 - 1
 */
static inline int64_t edgeq_requantize(
    int64_t x, int64_t x_zero_point, int64_t multiplier, int64_t left_shift, int64_t shift,
    int64_t rounding, int64_t zero_point, int64_t lo, int64_t hi, int64_t overflow, int64_t clamp_lo,
    int64_t clamp_hi) {
    const int64_t t0 = overflow == INT64_C(0);
    const int64_t t1 = x - x_zero_point;
    const int64_t t2 = t1 * (INT64_C(1) << left_shift);
    const int64_t t3 = t2 * multiplier;
    const int64_t t4 = rounding == INT64_C(7);
    const int64_t t5 = rounding == INT64_C(8);
    const int64_t t6 = t4 | t5;
    const int64_t t7 = shift < INT64_C(31) ? shift : INT64_C(31);
    const int64_t t8 = t6 != 0 ? t7 : shift;
    const int64_t t9 = t8 < INT64_C(62) ? t8 : INT64_C(62);
    const int64_t t10 = edgeq_floor_shift(t3, t9);
    const int64_t t11 = t6 != 0 ? INT64_C(2) : rounding;
    const int64_t t12 = t11 == INT64_C(0);
    const int64_t t13 = t11 == INT64_C(1);
    const int64_t t14 = INT64_C(1) << t9;
    const int64_t t15 = t14 - INT64_C(1);
    const int64_t t16 = t3 & t15;
    const int64_t t17 = t16 != INT64_C(0);
    const int64_t t18 = t10 < INT64_C(0);
    const int64_t t19 = t18 != 0 ? INT64_C(1) : INT64_C(0);
    const int64_t t20 = t17 != 0 ? t19 : INT64_C(0);
    const int64_t t21 = t14 >> INT64_C(1);
    const int64_t t22 = t16 > t21;
    const int64_t t23 = t16 == t21;
    const int64_t t24 = t23 & t17;
    const int64_t t25 = t11 == INT64_C(2);
    const int64_t t26 = t11 == INT64_C(3);
    const int64_t t27 = INT64_C(1) - t19;
    const int64_t t28 = t11 == INT64_C(4);
    const int64_t t29 = t10 & INT64_C(1);
    const int64_t t30 = t11 == INT64_C(5);
    const int64_t t31 = t30 != 0 ? t19 : INT64_C(0);
    const int64_t t32 = t28 != 0 ? t29 : t31;
    const int64_t t33 = t26 != 0 ? t27 : t32;
    const int64_t t34 = t25 != 0 ? INT64_C(1) : t33;
    const int64_t t35 = t24 != 0 ? t34 : INT64_C(0);
    const int64_t t36 = t22 != 0 ? INT64_C(1) : t35;
    const int64_t t37 = t13 != 0 ? t20 : t36;
    const int64_t t38 = t12 != 0 ? INT64_C(0) : t37;
    const int64_t t39 = t10 + t38;
    const int64_t t40 = shift - INT64_C(31);
    const int64_t t41 = t40 > INT64_C(0) ? t40 : INT64_C(0);
    const int64_t t42 = t6 != 0 ? t41 : INT64_C(0);
    const int64_t t43 = t42 < INT64_C(62) ? t42 : INT64_C(62);
    const int64_t t44 = edgeq_floor_shift(t39, t43);
    const int64_t t45 = INT64_C(1) << t43;
    const int64_t t46 = t45 - INT64_C(1);
    const int64_t t47 = t39 & t46;
    const int64_t t48 = t45 >> INT64_C(1);
    const int64_t t49 = t47 > t48;
    const int64_t t50 = t47 == t48;
    const int64_t t51 = t47 != INT64_C(0);
    const int64_t t52 = t50 & t51;
    const int64_t t53 = t4 != 0 ? INT64_C(3) : INT64_C(2);
    const int64_t t54 = t53 == INT64_C(2);
    const int64_t t55 = t53 == INT64_C(3);
    const int64_t t56 = t44 < INT64_C(0);
    const int64_t t57 = t56 != 0 ? INT64_C(1) : INT64_C(0);
    const int64_t t58 = INT64_C(1) - t57;
    const int64_t t59 = t55 != 0 ? t58 : INT64_C(0);
    const int64_t t60 = t54 != 0 ? INT64_C(1) : t59;
    const int64_t t61 = t52 != 0 ? t60 : INT64_C(0);
    const int64_t t62 = t49 != 0 ? INT64_C(1) : t61;
    const int64_t t63 = t44 + t62;
    const int64_t t64 = t63 + zero_point;
    const int64_t t65 = t64 > lo ? t64 : lo;
    const int64_t t66 = t65 < hi ? t65 : hi;
    const int64_t t67 = overflow == INT64_C(1);
    const int64_t t68 = lo < INT64_C(0);
    const int64_t t69 = INT64_C(0) - hi;
    const int64_t t70 = t68 != 0 ? t69 : lo;
    const int64_t t71 = t64 > t70 ? t64 : t70;
    const int64_t t72 = t71 < hi ? t71 : hi;
    const int64_t t73 = overflow == INT64_C(2);
    const int64_t t74 = t64 >= lo;
    const int64_t t75 = t64 <= hi;
    const int64_t t76 = t74 & t75;
    const int64_t t77 = t76 != 0 ? t64 : INT64_C(0);
    const int64_t t78 = overflow == INT64_C(3);
    const int64_t t79 = hi - lo;
    const int64_t t80 = t64 & t79;
    const int64_t t81 = INT64_C(0) - lo;
    const int64_t t82 = t80 ^ t81;
    const int64_t t83 = t82 + lo;
    const int64_t t84 = t78 != 0 ? t83 : t64;
    const int64_t t85 = t73 != 0 ? t77 : t84;
    const int64_t t86 = t67 != 0 ? t72 : t85;
    const int64_t t87 = t0 != 0 ? t66 : t86;
    const int64_t t88 = t87 > clamp_lo ? t87 : clamp_lo;
    const int64_t t89 = t88 < clamp_hi ? t88 : clamp_hi;
    return t89;
}

/*
 * Return what `requantize` returns, for products of up to 96 bits.
 *
 *     t = rescale_wide(x, x_zero_point, multiplier, left_shift, shift, rounding, zero_point)
 *     return saturate(narrow(t, lo, hi, overflow), clamp_lo, clamp_hi)
 *
 *   x in -2^62 .. 2^62 - 1
 *   x_zero_point in -2^31 .. 2^31 - 1
 *   multiplier in -2^31 .. 2^32 - 1
 *   left_shift in 0 .. 62
 *   shift in 0 .. 94
 *   rounding in 0 .. 8
 *   zero_point in -2^31 .. 2^31 - 1
 *   lo in -2^62 .. 0
 *   hi in 0 .. 2^62 - 1
 *   overflow in 0 .. 4
 *   clamp_lo in -2^63 .. 2^63 - 1
 *   clamp_hi in -2^63 .. 2^63 - 1
 *
 * Relies on (edgeq proves it per layer):
 *   (x - x_zero_point) << left_shift in -2^63 .. 2^63 - 1
 */
static inline int64_t edgeq_requantize_wide(
    int64_t x, int64_t x_zero_point, int64_t multiplier, int64_t left_shift, int64_t shift,
    int64_t rounding, int64_t zero_point, int64_t lo, int64_t hi, int64_t overflow, int64_t clamp_lo,
    int64_t clamp_hi) {
    const int64_t t0 = overflow == INT64_C(0);
    const int64_t t1 = rounding == INT64_C(7);
    const int64_t t2 = rounding == INT64_C(8);
    const int64_t t3 = t1 | t2;
    const int64_t t4 = shift < INT64_C(31) ? shift : INT64_C(31);
    const int64_t t5 = t3 != 0 ? t4 : shift;
    const int64_t t6 = t5 >= INT64_C(35);
    const int64_t t7 = x - x_zero_point;
    const int64_t t8 = t7 * (INT64_C(1) << left_shift);
    const int64_t t9 = edgeq_floor_shift(t8, INT64_C(32));
    const int64_t t10 = t9 * multiplier;
    const int64_t t11 = t8 & INT64_C(4294967295);
    const int64_t t12 = edgeq_floor_shift(multiplier, INT64_C(16));
    const int64_t t13 = t11 * t12;
    const int64_t t14 = multiplier & INT64_C(65535);
    const int64_t t15 = t11 * t14;
    const int64_t t16 = t15 >> INT64_C(16);
    const int64_t t17 = t13 + t16;
    const int64_t t18 = edgeq_floor_shift(t17, INT64_C(16));
    const int64_t t19 = t10 + t18;
    const int64_t t20 = edgeq_floor_shift(t19, INT64_C(1));
    const int64_t t21 = t19 & INT64_C(1);
    const int64_t t22 = t17 & INT64_C(65535);
    const int64_t t23 = t22 << INT64_C(16);
    const int64_t t24 = t15 & INT64_C(65535);
    const int64_t t25 = t23 | t24;
    const int64_t t26 = t21 | t25;
    const int64_t t27 = t26 != INT64_C(0);
    const int64_t t28 = t27 != 0 ? INT64_C(1) : INT64_C(0);
    const int64_t t29 = t20 | t28;
    const int64_t t30 = t5 >= INT64_C(18);
    const int64_t t31 = t19 > (-INT64_C(70368744177664)) ? t19 : (-INT64_C(70368744177664));
    const int64_t t32 = t31 < INT64_C(70368744177663) ? t31 : INT64_C(70368744177663);
    const int64_t t33 = t32 * INT64_C(65536);
    const int64_t t34 = t25 >> INT64_C(16);
    const int64_t t35 = t25 & INT64_C(65535);
    const int64_t t36 = t35 != INT64_C(0);
    const int64_t t37 = t36 != 0 ? INT64_C(1) : INT64_C(0);
    const int64_t t38 = t34 | t37;
    const int64_t t39 = t33 + t38;
    const int64_t t40 = t19 > (-INT64_C(1073741824)) ? t19 : (-INT64_C(1073741824));
    const int64_t t41 = t40 < INT64_C(1073741823) ? t40 : INT64_C(1073741823);
    const int64_t t42 = t41 * INT64_C(4294967296);
    const int64_t t43 = t42 + t25;
    const int64_t t44 = t30 != 0 ? t39 : t43;
    const int64_t t45 = t6 != 0 ? t29 : t44;
    const int64_t t46 = t30 != 0 ? INT64_C(16) : INT64_C(0);
    const int64_t t47 = t6 != 0 ? INT64_C(33) : t46;
    const int64_t t48 = t5 - t47;
    const int64_t t49 = t48 > INT64_C(0) ? t48 : INT64_C(0);
    const int64_t t50 = t49 < INT64_C(62) ? t49 : INT64_C(62);
    const int64_t t51 = edgeq_floor_shift(t45, t50);
    const int64_t t52 = t3 != 0 ? INT64_C(2) : rounding;
    const int64_t t53 = t52 == INT64_C(0);
    const int64_t t54 = t52 == INT64_C(1);
    const int64_t t55 = INT64_C(1) << t50;
    const int64_t t56 = t55 - INT64_C(1);
    const int64_t t57 = t45 & t56;
    const int64_t t58 = t57 != INT64_C(0);
    const int64_t t59 = t51 < INT64_C(0);
    const int64_t t60 = t59 != 0 ? INT64_C(1) : INT64_C(0);
    const int64_t t61 = t58 != 0 ? t60 : INT64_C(0);
    const int64_t t62 = t55 >> INT64_C(1);
    const int64_t t63 = t57 > t62;
    const int64_t t64 = t57 == t62;
    const int64_t t65 = t64 & t58;
    const int64_t t66 = t52 == INT64_C(2);
    const int64_t t67 = t52 == INT64_C(3);
    const int64_t t68 = INT64_C(1) - t60;
    const int64_t t69 = t52 == INT64_C(4);
    const int64_t t70 = t51 & INT64_C(1);
    const int64_t t71 = t52 == INT64_C(5);
    const int64_t t72 = t71 != 0 ? t60 : INT64_C(0);
    const int64_t t73 = t69 != 0 ? t70 : t72;
    const int64_t t74 = t67 != 0 ? t68 : t73;
    const int64_t t75 = t66 != 0 ? INT64_C(1) : t74;
    const int64_t t76 = t65 != 0 ? t75 : INT64_C(0);
    const int64_t t77 = t63 != 0 ? INT64_C(1) : t76;
    const int64_t t78 = t54 != 0 ? t61 : t77;
    const int64_t t79 = t53 != 0 ? INT64_C(0) : t78;
    const int64_t t80 = t51 + t79;
    const int64_t t81 = shift - INT64_C(31);
    const int64_t t82 = t81 > INT64_C(0) ? t81 : INT64_C(0);
    const int64_t t83 = t3 != 0 ? t82 : INT64_C(0);
    const int64_t t84 = t83 < INT64_C(62) ? t83 : INT64_C(62);
    const int64_t t85 = edgeq_floor_shift(t80, t84);
    const int64_t t86 = INT64_C(1) << t84;
    const int64_t t87 = t86 - INT64_C(1);
    const int64_t t88 = t80 & t87;
    const int64_t t89 = t86 >> INT64_C(1);
    const int64_t t90 = t88 > t89;
    const int64_t t91 = t88 == t89;
    const int64_t t92 = t88 != INT64_C(0);
    const int64_t t93 = t91 & t92;
    const int64_t t94 = t1 != 0 ? INT64_C(3) : INT64_C(2);
    const int64_t t95 = t94 == INT64_C(2);
    const int64_t t96 = t94 == INT64_C(3);
    const int64_t t97 = t85 < INT64_C(0);
    const int64_t t98 = t97 != 0 ? INT64_C(1) : INT64_C(0);
    const int64_t t99 = INT64_C(1) - t98;
    const int64_t t100 = t96 != 0 ? t99 : INT64_C(0);
    const int64_t t101 = t95 != 0 ? INT64_C(1) : t100;
    const int64_t t102 = t93 != 0 ? t101 : INT64_C(0);
    const int64_t t103 = t90 != 0 ? INT64_C(1) : t102;
    const int64_t t104 = t85 + t103;
    const int64_t t105 = t104 + zero_point;
    const int64_t t106 = t105 > lo ? t105 : lo;
    const int64_t t107 = t106 < hi ? t106 : hi;
    const int64_t t108 = overflow == INT64_C(1);
    const int64_t t109 = lo < INT64_C(0);
    const int64_t t110 = INT64_C(0) - hi;
    const int64_t t111 = t109 != 0 ? t110 : lo;
    const int64_t t112 = t105 > t111 ? t105 : t111;
    const int64_t t113 = t112 < hi ? t112 : hi;
    const int64_t t114 = overflow == INT64_C(2);
    const int64_t t115 = t105 >= lo;
    const int64_t t116 = t105 <= hi;
    const int64_t t117 = t115 & t116;
    const int64_t t118 = t117 != 0 ? t105 : INT64_C(0);
    const int64_t t119 = overflow == INT64_C(3);
    const int64_t t120 = hi - lo;
    const int64_t t121 = t105 & t120;
    const int64_t t122 = INT64_C(0) - lo;
    const int64_t t123 = t121 ^ t122;
    const int64_t t124 = t123 + lo;
    const int64_t t125 = t119 != 0 ? t124 : t105;
    const int64_t t126 = t114 != 0 ? t118 : t125;
    const int64_t t127 = t108 != 0 ? t113 : t126;
    const int64_t t128 = t0 != 0 ? t107 : t127;
    const int64_t t129 = t128 > clamp_lo ? t128 : clamp_lo;
    const int64_t t130 = t129 < clamp_hi ? t129 : clamp_hi;
    return t130;
}

/*
 * Return total / count rounded by a one-stage rule, count >= 1.
 *
 *     quotient = total // count
 *     remainder = total % count
 *     twice = remainder << 1
 *     return quotient + round_increment(quotient, twice > count, twice == count, remainder != 0, rounding)
 *
 *   total in -2^62 .. 2^62 - 1
 *   count in 1 .. 2^31 - 1
 *   rounding in 0 .. 6
 */
static inline int64_t edgeq_divide_by_count(
    int64_t total, int64_t count, int64_t rounding) {
    const int64_t t0 = total / count - (total % count < 0);
    const int64_t t1 = rounding == INT64_C(0);
    const int64_t t2 = rounding == INT64_C(1);
    const int64_t t3 = total % count + (total % count < 0 ? count : 0);
    const int64_t t4 = t3 != INT64_C(0);
    const int64_t t5 = t0 < INT64_C(0);
    const int64_t t6 = t5 != 0 ? INT64_C(1) : INT64_C(0);
    const int64_t t7 = t4 != 0 ? t6 : INT64_C(0);
    const int64_t t8 = t3 << INT64_C(1);
    const int64_t t9 = t8 > count;
    const int64_t t10 = t8 == count;
    const int64_t t11 = rounding == INT64_C(2);
    const int64_t t12 = rounding == INT64_C(3);
    const int64_t t13 = INT64_C(1) - t6;
    const int64_t t14 = rounding == INT64_C(4);
    const int64_t t15 = t0 & INT64_C(1);
    const int64_t t16 = rounding == INT64_C(5);
    const int64_t t17 = t16 != 0 ? t6 : INT64_C(0);
    const int64_t t18 = t14 != 0 ? t15 : t17;
    const int64_t t19 = t12 != 0 ? t13 : t18;
    const int64_t t20 = t11 != 0 ? INT64_C(1) : t19;
    const int64_t t21 = t10 != 0 ? t20 : INT64_C(0);
    const int64_t t22 = t9 != 0 ? INT64_C(1) : t21;
    const int64_t t23 = t2 != 0 ? t7 : t22;
    const int64_t t24 = t1 != 0 ? INT64_C(0) : t23;
    const int64_t t25 = t0 + t24;
    return t25;
}

/*
 * Return the mean of count centred codes whose sum is total, as a code.
 *
 *     return divide_by_count(total, count, rounding) + zero_point
 *
 *   total in -2^62 .. 2^62 - 1
 *   count in 1 .. 2^31 - 1
 *   zero_point in -2^31 .. 2^31 - 1
 *   rounding in 0 .. 6
 */
static inline int64_t edgeq_average(
    int64_t total, int64_t count, int64_t zero_point, int64_t rounding) {
    const int64_t t0 = total / count - (total % count < 0);
    const int64_t t1 = rounding == INT64_C(0);
    const int64_t t2 = rounding == INT64_C(1);
    const int64_t t3 = total % count + (total % count < 0 ? count : 0);
    const int64_t t4 = t3 != INT64_C(0);
    const int64_t t5 = t0 < INT64_C(0);
    const int64_t t6 = t5 != 0 ? INT64_C(1) : INT64_C(0);
    const int64_t t7 = t4 != 0 ? t6 : INT64_C(0);
    const int64_t t8 = t3 << INT64_C(1);
    const int64_t t9 = t8 > count;
    const int64_t t10 = t8 == count;
    const int64_t t11 = rounding == INT64_C(2);
    const int64_t t12 = rounding == INT64_C(3);
    const int64_t t13 = INT64_C(1) - t6;
    const int64_t t14 = rounding == INT64_C(4);
    const int64_t t15 = t0 & INT64_C(1);
    const int64_t t16 = rounding == INT64_C(5);
    const int64_t t17 = t16 != 0 ? t6 : INT64_C(0);
    const int64_t t18 = t14 != 0 ? t15 : t17;
    const int64_t t19 = t12 != 0 ? t13 : t18;
    const int64_t t20 = t11 != 0 ? INT64_C(1) : t19;
    const int64_t t21 = t10 != 0 ? t20 : INT64_C(0);
    const int64_t t22 = t9 != 0 ? INT64_C(1) : t21;
    const int64_t t23 = t2 != 0 ? t7 : t22;
    const int64_t t24 = t1 != 0 ? INT64_C(0) : t23;
    const int64_t t25 = t0 + t24;
    const int64_t t26 = t25 + zero_point;
    return t26;
}

/*
 * Return the exact difference of two codes, zero points removed.
 *
 *     return within((x1 - x1_zero_point) - (x2 - x2_zero_point), _MIN63, _MAX63)
 *
 *   x1 in -2^32 .. 2^32 - 1
 *   x1_zero_point in -2^32 .. 2^32 - 1
 *   x2 in -2^32 .. 2^32 - 1
 *   x2_zero_point in -2^32 .. 2^32 - 1
 */
static inline int64_t edgeq_difference(
    int64_t x1, int64_t x1_zero_point, int64_t x2, int64_t x2_zero_point) {
    const int64_t t0 = x1 - x1_zero_point;
    const int64_t t1 = x2 - x2_zero_point;
    const int64_t t2 = t0 - t1;
    return t2;
}

/*
 * Subtract two codes of one scale, zero points removed, and narrow the difference once.
 *
 *     return narrow(difference(x1, x1_zero_point, x2, x2_zero_point), lo, hi, overflow)
 *
 *   x1 in -2^32 .. 2^32 - 1
 *   x1_zero_point in -2^32 .. 2^32 - 1
 *   x2 in -2^32 .. 2^32 - 1
 *   x2_zero_point in -2^32 .. 2^32 - 1
 *   lo in -2^62 .. 0
 *   hi in 0 .. 2^62 - 1
 *   overflow in 0 .. 4
 */
static inline int64_t edgeq_subtract(
    int64_t x1, int64_t x1_zero_point, int64_t x2, int64_t x2_zero_point, int64_t lo, int64_t hi,
    int64_t overflow) {
    const int64_t t0 = overflow == INT64_C(0);
    const int64_t t1 = x1 - x1_zero_point;
    const int64_t t2 = x2 - x2_zero_point;
    const int64_t t3 = t1 - t2;
    const int64_t t4 = t3 > lo ? t3 : lo;
    const int64_t t5 = t4 < hi ? t4 : hi;
    const int64_t t6 = overflow == INT64_C(1);
    const int64_t t7 = lo < INT64_C(0);
    const int64_t t8 = INT64_C(0) - hi;
    const int64_t t9 = t7 != 0 ? t8 : lo;
    const int64_t t10 = t3 > t9 ? t3 : t9;
    const int64_t t11 = t10 < hi ? t10 : hi;
    const int64_t t12 = overflow == INT64_C(2);
    const int64_t t13 = t3 >= lo;
    const int64_t t14 = t3 <= hi;
    const int64_t t15 = t13 & t14;
    const int64_t t16 = t15 != 0 ? t3 : INT64_C(0);
    const int64_t t17 = overflow == INT64_C(3);
    const int64_t t18 = hi - lo;
    const int64_t t19 = t3 & t18;
    const int64_t t20 = INT64_C(0) - lo;
    const int64_t t21 = t19 ^ t20;
    const int64_t t22 = t21 + lo;
    const int64_t t23 = t17 != 0 ? t22 : t3;
    const int64_t t24 = t12 != 0 ? t16 : t23;
    const int64_t t25 = t6 != 0 ? t11 : t24;
    const int64_t t26 = t0 != 0 ? t5 : t25;
    return t26;
}

/*
 * Return the exact product of two codes, zero points removed.
 *
 *     return within((x1 - x1_zero_point) * (x2 - x2_zero_point), _MIN64, _MAX64)
 *
 *   x1 in -2^32 .. 2^32 - 1
 *   x1_zero_point in -2^32 .. 2^32 - 1
 *   x2 in -2^32 .. 2^32 - 1
 *   x2_zero_point in -2^32 .. 2^32 - 1
 *
 * Relies on (edgeq proves it per layer):
 *   (x1 - x1_zero_point) * (x2 - x2_zero_point) in -2^63 .. 2^63 - 1
 */
static inline int64_t edgeq_centred_product(
    int64_t x1, int64_t x1_zero_point, int64_t x2, int64_t x2_zero_point) {
    const int64_t t0 = x1 - x1_zero_point;
    const int64_t t1 = x2 - x2_zero_point;
    const int64_t t2 = t0 * t1;
    return t2;
}

/*
 * Multiply two codes, zero points removed, and narrow the product once.
 *
 *     return narrow(centred_product(x1, x1_zero_point, x2, x2_zero_point), lo, hi, overflow)
 *
 *   x1 in -2^32 .. 2^32 - 1
 *   x1_zero_point in -2^32 .. 2^32 - 1
 *   x2 in -2^32 .. 2^32 - 1
 *   x2_zero_point in -2^32 .. 2^32 - 1
 *   lo in -2^62 .. 0
 *   hi in 0 .. 2^62 - 1
 *   overflow in 0 .. 4
 *
 * Relies on (edgeq proves it per layer):
 *   (x1 - x1_zero_point) * (x2 - x2_zero_point) in -2^63 .. 2^63 - 1
 */
static inline int64_t edgeq_multiply_codes(
    int64_t x1, int64_t x1_zero_point, int64_t x2, int64_t x2_zero_point, int64_t lo, int64_t hi,
    int64_t overflow) {
    const int64_t t0 = overflow == INT64_C(0);
    const int64_t t1 = x1 - x1_zero_point;
    const int64_t t2 = x2 - x2_zero_point;
    const int64_t t3 = t1 * t2;
    const int64_t t4 = t3 > lo ? t3 : lo;
    const int64_t t5 = t4 < hi ? t4 : hi;
    const int64_t t6 = overflow == INT64_C(1);
    const int64_t t7 = lo < INT64_C(0);
    const int64_t t8 = INT64_C(0) - hi;
    const int64_t t9 = t7 != 0 ? t8 : lo;
    const int64_t t10 = t3 > t9 ? t3 : t9;
    const int64_t t11 = t10 < hi ? t10 : hi;
    const int64_t t12 = overflow == INT64_C(2);
    const int64_t t13 = t3 >= lo;
    const int64_t t14 = t3 <= hi;
    const int64_t t15 = t13 & t14;
    const int64_t t16 = t15 != 0 ? t3 : INT64_C(0);
    const int64_t t17 = overflow == INT64_C(3);
    const int64_t t18 = hi - lo;
    const int64_t t19 = t3 & t18;
    const int64_t t20 = INT64_C(0) - lo;
    const int64_t t21 = t19 ^ t20;
    const int64_t t22 = t21 + lo;
    const int64_t t23 = t17 != 0 ? t22 : t3;
    const int64_t t24 = t12 != 0 ? t16 : t23;
    const int64_t t25 = t6 != 0 ? t11 : t24;
    const int64_t t26 = t0 != 0 ? t5 : t25;
    return t26;
}

/*
 * Return the larger of two codes.
 *
 *     return maximum(x1, x2)
 *
 *   x1 in -2^63 .. 2^63 - 1
 *   x2 in -2^63 .. 2^63 - 1
 */
static inline int64_t edgeq_larger(
    int64_t x1, int64_t x2) {
    const int64_t t0 = x1 > x2 ? x1 : x2;
    return t0;
}

/*
 * Return the smaller of two codes.
 *
 *     return minimum(x1, x2)
 *
 *   x1 in -2^63 .. 2^63 - 1
 *   x2 in -2^63 .. 2^63 - 1
 */
static inline int64_t edgeq_smaller(
    int64_t x1, int64_t x2) {
    const int64_t t0 = x1 < x2 ? x1 : x2;
    return t0;
}

/*
 * Return place where x is larger than best, else index: a tie stays with the first.
 *
 *     return select(x > best, place, index)
 *
 *   best in -2^63 .. 2^63 - 1
 *   index in -2^63 .. 2^63 - 1
 *   x in -2^63 .. 2^63 - 1
 *   place in -2^63 .. 2^63 - 1
 */
static inline int64_t edgeq_index_of_larger(
    int64_t best, int64_t index, int64_t x, int64_t place) {
    const int64_t t0 = x > best;
    const int64_t t1 = t0 != 0 ? place : index;
    return t1;
}

/*
 * Return the index at or before the source position (place * step + offset) / unit.
 *
 *     return (place * step + offset) // unit
 *
 *   place in 0 .. 2^31 - 1
 *   step in 1 .. 2^31 - 1
 *   offset in -2^31 .. 2^31 - 1
 *   unit in 1 .. 2^16
 */
static inline int64_t edgeq_source_index(
    int64_t place, int64_t step, int64_t offset, int64_t unit) {
    const int64_t t0 = place * step;
    const int64_t t1 = t0 + offset;
    const int64_t t2 = t1 / unit - (t1 % unit < 0);
    return t2;
}

/*
 * Return how far the source position lies behind `source_index`, in parts of unit.
 *
 *     return (place * step + offset) % unit
 *
 *   place in 0 .. 2^31 - 1
 *   step in 1 .. 2^31 - 1
 *   offset in -2^31 .. 2^31 - 1
 *   unit in 1 .. 2^16
 */
static inline int64_t edgeq_source_weight(
    int64_t place, int64_t step, int64_t offset, int64_t unit) {
    const int64_t t0 = place * step;
    const int64_t t1 = t0 + offset;
    const int64_t t2 = t1 % unit + (t1 % unit < 0 ? unit : 0);
    return t2;
}

/*
 * Return the exact value between four codes, zero point removed, times unit_y * unit_x.
 *
 *     top = interpolate(top_left - zero_point, top_right - zero_point, weight_x, unit_x)
 *     bottom = interpolate(bottom_left - zero_point, bottom_right - zero_point, weight_x, unit_x)
 *     return interpolate(top, bottom, weight_y, unit_y)
 *
 *   top_left in -2^32 .. 2^32 - 1
 *   top_right in -2^32 .. 2^32 - 1
 *   bottom_left in -2^32 .. 2^32 - 1
 *   bottom_right in -2^32 .. 2^32 - 1
 *   zero_point in -2^32 .. 2^32 - 1
 *   weight_y in 0 .. 2^16 - 1
 *   unit_y in 1 .. 2^16
 *   weight_x in 0 .. 2^16 - 1
 *   unit_x in 1 .. 2^16
 *
 * Relies on (edgeq proves it per layer):
 *   (((top_left - zero_point) * (unit_x - weight_x)) + ((top_right - zero_point) * weight_x)) * (unit_y
 *   - weight_y) in -2^62 .. 2^62 - 1
 *   (((bottom_left - zero_point) * (unit_x - weight_x)) + ((bottom_right - zero_point) * weight_x)) *
 *   weight_y in -2^62 .. 2^62 - 1
 */
static inline int64_t edgeq_bilinear(
    int64_t top_left, int64_t top_right, int64_t bottom_left, int64_t bottom_right, int64_t zero_point,
    int64_t weight_y, int64_t unit_y, int64_t weight_x, int64_t unit_x) {
    const int64_t t0 = top_left - zero_point;
    const int64_t t1 = unit_x - weight_x;
    const int64_t t2 = t0 * t1;
    const int64_t t3 = top_right - zero_point;
    const int64_t t4 = t3 * weight_x;
    const int64_t t5 = t2 + t4;
    const int64_t t6 = unit_y - weight_y;
    const int64_t t7 = t5 * t6;
    const int64_t t8 = bottom_left - zero_point;
    const int64_t t9 = t8 * t1;
    const int64_t t10 = bottom_right - zero_point;
    const int64_t t11 = t10 * weight_x;
    const int64_t t12 = t9 + t11;
    const int64_t t13 = t12 * weight_y;
    const int64_t t14 = t7 + t13;
    return t14;
}

/*
 * Interpolate between four codes and narrow the result once.
 *
 *     between = bilinear(top_left, top_right, bottom_left, bottom_right, zero_point,
 *                        weight_y, unit_y, weight_x, unit_x)
 *     return narrow(between, lo, hi, overflow)
 *
 *   top_left in -2^32 .. 2^32 - 1
 *   top_right in -2^32 .. 2^32 - 1
 *   bottom_left in -2^32 .. 2^32 - 1
 *   bottom_right in -2^32 .. 2^32 - 1
 *   zero_point in -2^32 .. 2^32 - 1
 *   weight_y in 0 .. 2^16 - 1
 *   unit_y in 1 .. 2^16
 *   weight_x in 0 .. 2^16 - 1
 *   unit_x in 1 .. 2^16
 *   lo in -2^62 .. 0
 *   hi in 0 .. 2^62 - 1
 *   overflow in 0 .. 4
 *
 * Relies on (edgeq proves it per layer):
 *   (((top_left - zero_point) * (unit_x - weight_x)) + ((top_right - zero_point) * weight_x)) * (unit_y
 *   - weight_y) in -2^62 .. 2^62 - 1
 *   (((bottom_left - zero_point) * (unit_x - weight_x)) + ((bottom_right - zero_point) * weight_x)) *
 *   weight_y in -2^62 .. 2^62 - 1
 */
static inline int64_t edgeq_resize_codes(
    int64_t top_left, int64_t top_right, int64_t bottom_left, int64_t bottom_right, int64_t zero_point,
    int64_t weight_y, int64_t unit_y, int64_t weight_x, int64_t unit_x, int64_t lo, int64_t hi,
    int64_t overflow) {
    const int64_t t0 = overflow == INT64_C(0);
    const int64_t t1 = top_left - zero_point;
    const int64_t t2 = unit_x - weight_x;
    const int64_t t3 = t1 * t2;
    const int64_t t4 = top_right - zero_point;
    const int64_t t5 = t4 * weight_x;
    const int64_t t6 = t3 + t5;
    const int64_t t7 = unit_y - weight_y;
    const int64_t t8 = t6 * t7;
    const int64_t t9 = bottom_left - zero_point;
    const int64_t t10 = t9 * t2;
    const int64_t t11 = bottom_right - zero_point;
    const int64_t t12 = t11 * weight_x;
    const int64_t t13 = t10 + t12;
    const int64_t t14 = t13 * weight_y;
    const int64_t t15 = t8 + t14;
    const int64_t t16 = t15 > lo ? t15 : lo;
    const int64_t t17 = t16 < hi ? t16 : hi;
    const int64_t t18 = overflow == INT64_C(1);
    const int64_t t19 = lo < INT64_C(0);
    const int64_t t20 = INT64_C(0) - hi;
    const int64_t t21 = t19 != 0 ? t20 : lo;
    const int64_t t22 = t15 > t21 ? t15 : t21;
    const int64_t t23 = t22 < hi ? t22 : hi;
    const int64_t t24 = overflow == INT64_C(2);
    const int64_t t25 = t15 >= lo;
    const int64_t t26 = t15 <= hi;
    const int64_t t27 = t25 & t26;
    const int64_t t28 = t27 != 0 ? t15 : INT64_C(0);
    const int64_t t29 = overflow == INT64_C(3);
    const int64_t t30 = hi - lo;
    const int64_t t31 = t15 & t30;
    const int64_t t32 = INT64_C(0) - lo;
    const int64_t t33 = t31 ^ t32;
    const int64_t t34 = t33 + lo;
    const int64_t t35 = t29 != 0 ? t34 : t15;
    const int64_t t36 = t24 != 0 ? t28 : t35;
    const int64_t t37 = t18 != 0 ? t23 : t36;
    const int64_t t38 = t0 != 0 ? t17 : t37;
    return t38;
}

/*
 * Return the place of x in a table whose first entry belongs to the smallest code lo.
 *
 *     return x - lo
 *
 *   x in -2048 .. 4095
 *   lo in -2048 .. 0
 */
static inline int64_t edgeq_lookup_index(
    int64_t x, int64_t lo) {
    const int64_t t0 = x - lo;
    return t0;
}

/*
 * Return the place, in a table of 513 entries, of the entry at or below a 16-bit x.
 *
 *     return (x + (1 << 15)) >> _FRACTION_BITS
 *
 *   x in -2^15 .. 2^15 - 1
 */
static inline int64_t edgeq_interpolation_index(
    int64_t x) {
    const int64_t t0 = x + INT64_C(32768);
    const int64_t t1 = t0 >> INT64_C(7);
    return t1;
}

/*
 * Return 128 times the value at a 16-bit x on the line from entry to the entry that follows it.
 *
 *     return (entry << _FRACTION_BITS) + (following - entry) * (x & ((1 << _FRACTION_BITS) - 1))
 *
 *   x in -2^15 .. 2^15 - 1
 *   entry in -2^15 .. 2^15 - 1
 *   following in -2^15 .. 2^15 - 1
 */
static inline int64_t edgeq_interpolate(
    int64_t x, int64_t entry, int64_t following) {
    const int64_t t0 = entry * (INT64_C(1) << INT64_C(7));
    const int64_t t1 = following - entry;
    const int64_t t2 = x & INT64_C(127);
    const int64_t t3 = t1 * t2;
    const int64_t t4 = t0 + t3;
    return t4;
}

/*
 * Return the interpolated value itself, rounded ties up.
 *
 *     return round_shift(interpolate(x, entry, following), _FRACTION_BITS, _TIES_UP)
 *
 *   x in -2^15 .. 2^15 - 1
 *   entry in -2^15 .. 2^15 - 1
 *   following in -2^15 .. 2^15 - 1
 */
static inline int64_t edgeq_interpolate_rounded(
    int64_t x, int64_t entry, int64_t following) {
    const int64_t t0 = entry * (INT64_C(1) << INT64_C(7));
    const int64_t t1 = following - entry;
    const int64_t t2 = x & INT64_C(127);
    const int64_t t3 = t1 * t2;
    const int64_t t4 = t0 + t3;
    const int64_t t5 = edgeq_floor_shift(t4, INT64_C(7));
    const int64_t t6 = t4 & INT64_C(127);
    const int64_t t7 = t6 > INT64_C(64);
    const int64_t t8 = t6 == INT64_C(64);
    const int64_t t9 = t6 != INT64_C(0);
    const int64_t t10 = t8 & t9;
    const int64_t t11 = t10 != 0 ? INT64_C(1) : INT64_C(0);
    const int64_t t12 = t7 != 0 ? INT64_C(1) : t11;
    const int64_t t13 = t5 + t12;
    return t13;
}

/*
 * Tell, as 1 or 0, whether x is less than bound: which side of its zero point a code is on.
 *
 *     return select(x < bound, 1, 0)
 *
 *   x in -2^63 .. 2^63 - 1
 *   bound in -2^63 .. 2^63 - 1
 */
static inline int64_t edgeq_is_below(
    int64_t x, int64_t bound) {
    const int64_t t0 = x < bound;
    const int64_t t1 = t0 != 0 ? INT64_C(1) : INT64_C(0);
    return t1;
}

/*
 * Tell, as 1 or 0, whether x >= threshold, or for a negative direction whether x <= threshold.
 *
 *     return select(direction < 0, select(x <= threshold, 1, 0), select(x >= threshold, 1, 0))
 *
 *   x in -2^61 .. 2^61 - 1
 *   threshold in -2^63 .. 2^63 - 1
 *   direction in -1 .. 1
 */
static inline int64_t edgeq_passes_threshold(
    int64_t x, int64_t threshold, int64_t direction) {
    const int64_t t0 = direction < INT64_C(0);
    const int64_t t1 = x <= threshold;
    const int64_t t2 = t1 != 0 ? INT64_C(1) : INT64_C(0);
    const int64_t t3 = x >= threshold;
    const int64_t t4 = t3 != 0 ? INT64_C(1) : INT64_C(0);
    const int64_t t5 = t0 != 0 ? t2 : t4;
    return t5;
}

/*
 * Return the code of a value that passes count thresholds.
 *
 *     return start + step * count
 *
 *   count in 0 .. 2^16 - 1
 *   start in -2^31 .. 2^31 - 1
 *   step in -2^31 .. 2^31 - 1
 */
static inline int64_t edgeq_threshold_level(
    int64_t count, int64_t start, int64_t step) {
    const int64_t t0 = step * count;
    const int64_t t1 = start + t0;
    return t1;
}

/*
 * Return how far a code is below the largest of its row.
 *
 *     return largest - x
 *
 *   largest in -2^15 .. 2^16 - 1
 *   x in -2^15 .. 2^16 - 1
 */
static inline int64_t edgeq_softmax_distance(
    int64_t largest, int64_t x) {
    const int64_t t0 = largest - x;
    return t0;
}

/*
 * Return the bits of 0 <= x < 2**32 without leading zeros, in five halvings.
 *
 *     n16 = select(x >= 1 << 16, 16, 0)
 *     x16 = select(x >= 1 << 16, x >> 16, x & 0xFFFF)
 *     n8 = select(x16 >= 1 << 8, 8, 0)
 *     x8 = select(x16 >= 1 << 8, x16 >> 8, x16 & 0xFF)
 *     n4 = select(x8 >= 1 << 4, 4, 0)
 *     x4 = select(x8 >= 1 << 4, x8 >> 4, x8 & 0xF)
 *     n2 = select(x4 >= 1 << 2, 2, 0)
 *     x2 = select(x4 >= 1 << 2, x4 >> 2, x4 & 0x3)
 *     return n16 + n8 + n4 + n2 + select(x2 >= 2, 2, minimum(x2, 1))
 *
 *   x in 0 .. 2^32 - 1
 */
static inline int64_t edgeq_bit_length(
    int64_t x) {
    const int64_t t0 = x >= INT64_C(65536);
    const int64_t t1 = t0 != 0 ? INT64_C(16) : INT64_C(0);
    const int64_t t2 = x >> INT64_C(16);
    const int64_t t3 = x & INT64_C(65535);
    const int64_t t4 = t0 != 0 ? t2 : t3;
    const int64_t t5 = t4 >= INT64_C(256);
    const int64_t t6 = t5 != 0 ? INT64_C(8) : INT64_C(0);
    const int64_t t7 = t1 + t6;
    const int64_t t8 = t4 >> INT64_C(8);
    const int64_t t9 = t4 & INT64_C(255);
    const int64_t t10 = t5 != 0 ? t8 : t9;
    const int64_t t11 = t10 >= INT64_C(16);
    const int64_t t12 = t11 != 0 ? INT64_C(4) : INT64_C(0);
    const int64_t t13 = t7 + t12;
    const int64_t t14 = t10 >> INT64_C(4);
    const int64_t t15 = t10 & INT64_C(15);
    const int64_t t16 = t11 != 0 ? t14 : t15;
    const int64_t t17 = t16 >= INT64_C(4);
    const int64_t t18 = t17 != 0 ? INT64_C(2) : INT64_C(0);
    const int64_t t19 = t13 + t18;
    const int64_t t20 = t16 >> INT64_C(2);
    const int64_t t21 = t16 & INT64_C(3);
    const int64_t t22 = t17 != 0 ? t20 : t21;
    const int64_t t23 = t22 >= INT64_C(2);
    const int64_t t24 = t22 < INT64_C(1) ? t22 : INT64_C(1);
    const int64_t t25 = t23 != 0 ? INT64_C(2) : t24;
    const int64_t t26 = t19 + t25;
    return t26;
}

/*
 * Return gemmlowp's saturating rounding doubling high product of two 32-bit values.
 *
 *     return saturate(round_shift(a * b, 31, _TIES_UP), _MIN32, _MAX32)
 *
 *   a in -2^31 .. 2^31 - 1
 *   b in -2^31 .. 2^31 - 1
 */
static inline int64_t edgeq_high_multiply(
    int64_t a, int64_t b) {
    const int64_t t0 = a * b;
    const int64_t t1 = edgeq_floor_shift(t0, INT64_C(31));
    const int64_t t2 = t0 & INT64_C(2147483647);
    const int64_t t3 = t2 > INT64_C(1073741824);
    const int64_t t4 = t2 == INT64_C(1073741824);
    const int64_t t5 = t2 != INT64_C(0);
    const int64_t t6 = t4 & t5;
    const int64_t t7 = t6 != 0 ? INT64_C(1) : INT64_C(0);
    const int64_t t8 = t3 != 0 ? INT64_C(1) : t7;
    const int64_t t9 = t1 + t8;
    const int64_t t10 = t9 > (-INT64_C(2147483648)) ? t9 : (-INT64_C(2147483648));
    const int64_t t11 = t10 < INT64_C(2147483647) ? t10 : INT64_C(2147483647);
    return t11;
}

/*
 * Return gemmlowp's Q0.31 reciprocal of total brought to [1, 2), for 1 <= total < 2**31.
 *
 *     fraction = (total << (32 - bit_length(total))) & _MAX32
 *     half = (fraction + (1 << 31)) >> 1
 *     guess = _48_OVER_17 + high_multiply(half, _MINUS_32_OVER_17)
 *     x = newton_step(newton_step(newton_step(guess, half), half), half)
 *     return saturate(x << 1, _MIN32, _MAX32)
 *
 *   total in 1 .. 2^31 - 1
 */
static inline int64_t edgeq_softmax_reciprocal(
    int64_t total) {
    const int64_t t0 = total >= INT64_C(65536);
    const int64_t t1 = t0 != 0 ? INT64_C(16) : INT64_C(0);
    const int64_t t2 = total >> INT64_C(16);
    const int64_t t3 = total & INT64_C(65535);
    const int64_t t4 = t0 != 0 ? t2 : t3;
    const int64_t t5 = t4 >= INT64_C(256);
    const int64_t t6 = t5 != 0 ? INT64_C(8) : INT64_C(0);
    const int64_t t7 = t1 + t6;
    const int64_t t8 = t4 >> INT64_C(8);
    const int64_t t9 = t4 & INT64_C(255);
    const int64_t t10 = t5 != 0 ? t8 : t9;
    const int64_t t11 = t10 >= INT64_C(16);
    const int64_t t12 = t11 != 0 ? INT64_C(4) : INT64_C(0);
    const int64_t t13 = t7 + t12;
    const int64_t t14 = t10 >> INT64_C(4);
    const int64_t t15 = t10 & INT64_C(15);
    const int64_t t16 = t11 != 0 ? t14 : t15;
    const int64_t t17 = t16 >= INT64_C(4);
    const int64_t t18 = t17 != 0 ? INT64_C(2) : INT64_C(0);
    const int64_t t19 = t13 + t18;
    const int64_t t20 = t16 >> INT64_C(2);
    const int64_t t21 = t16 & INT64_C(3);
    const int64_t t22 = t17 != 0 ? t20 : t21;
    const int64_t t23 = t22 >= INT64_C(2);
    const int64_t t24 = t22 < INT64_C(1) ? t22 : INT64_C(1);
    const int64_t t25 = t23 != 0 ? INT64_C(2) : t24;
    const int64_t t26 = t19 + t25;
    const int64_t t27 = INT64_C(32) - t26;
    const int64_t t28 = total << t27;
    const int64_t t29 = t28 & INT64_C(2147483647);
    const int64_t t30 = t29 + INT64_C(2147483648);
    const int64_t t31 = t30 >> INT64_C(1);
    const int64_t t32 = t31 * (-INT64_C(1010580540));
    const int64_t t33 = edgeq_floor_shift(t32, INT64_C(31));
    const int64_t t34 = t32 & INT64_C(2147483647);
    const int64_t t35 = t34 > INT64_C(1073741824);
    const int64_t t36 = t34 == INT64_C(1073741824);
    const int64_t t37 = t34 != INT64_C(0);
    const int64_t t38 = t36 & t37;
    const int64_t t39 = t38 != 0 ? INT64_C(1) : INT64_C(0);
    const int64_t t40 = t35 != 0 ? INT64_C(1) : t39;
    const int64_t t41 = t33 + t40;
    const int64_t t42 = t41 > (-INT64_C(2147483648)) ? t41 : (-INT64_C(2147483648));
    const int64_t t43 = t42 < INT64_C(2147483647) ? t42 : INT64_C(2147483647);
    const int64_t t44 = INT64_C(1515870810) + t43;
    const int64_t t45 = t31 * t44;
    const int64_t t46 = t45 >> INT64_C(31);
    const int64_t t47 = t45 & INT64_C(2147483647);
    const int64_t t48 = t47 > INT64_C(1073741824);
    const int64_t t49 = t47 == INT64_C(1073741824);
    const int64_t t50 = t47 != INT64_C(0);
    const int64_t t51 = t49 & t50;
    const int64_t t52 = t51 != 0 ? INT64_C(1) : INT64_C(0);
    const int64_t t53 = t48 != 0 ? INT64_C(1) : t52;
    const int64_t t54 = t46 + t53;
    const int64_t t55 = t54 > (-INT64_C(2147483648)) ? t54 : (-INT64_C(2147483648));
    const int64_t t56 = t55 < INT64_C(2147483647) ? t55 : INT64_C(2147483647);
    const int64_t t57 = INT64_C(536870912) - t56;
    const int64_t t58 = t44 * t57;
    const int64_t t59 = edgeq_floor_shift(t58, INT64_C(31));
    const int64_t t60 = t58 & INT64_C(2147483647);
    const int64_t t61 = t60 > INT64_C(1073741824);
    const int64_t t62 = t60 == INT64_C(1073741824);
    const int64_t t63 = t60 != INT64_C(0);
    const int64_t t64 = t62 & t63;
    const int64_t t65 = t64 != 0 ? INT64_C(1) : INT64_C(0);
    const int64_t t66 = t61 != 0 ? INT64_C(1) : t65;
    const int64_t t67 = t59 + t66;
    const int64_t t68 = t67 > (-INT64_C(2147483648)) ? t67 : (-INT64_C(2147483648));
    const int64_t t69 = t68 < INT64_C(2147483647) ? t68 : INT64_C(2147483647);
    const int64_t t70 = t69 * (INT64_C(1) << INT64_C(2));
    const int64_t t71 = t70 > (-INT64_C(2147483648)) ? t70 : (-INT64_C(2147483648));
    const int64_t t72 = t71 < INT64_C(2147483647) ? t71 : INT64_C(2147483647);
    const int64_t t73 = t44 + t72;
    const int64_t t74 = t73 > (-INT64_C(2147483648)) ? t73 : (-INT64_C(2147483648));
    const int64_t t75 = t74 < INT64_C(2147483647) ? t74 : INT64_C(2147483647);
    const int64_t t76 = t31 * t75;
    const int64_t t77 = edgeq_floor_shift(t76, INT64_C(31));
    const int64_t t78 = t76 & INT64_C(2147483647);
    const int64_t t79 = t78 > INT64_C(1073741824);
    const int64_t t80 = t78 == INT64_C(1073741824);
    const int64_t t81 = t78 != INT64_C(0);
    const int64_t t82 = t80 & t81;
    const int64_t t83 = t82 != 0 ? INT64_C(1) : INT64_C(0);
    const int64_t t84 = t79 != 0 ? INT64_C(1) : t83;
    const int64_t t85 = t77 + t84;
    const int64_t t86 = t85 > (-INT64_C(2147483648)) ? t85 : (-INT64_C(2147483648));
    const int64_t t87 = t86 < INT64_C(2147483647) ? t86 : INT64_C(2147483647);
    const int64_t t88 = INT64_C(536870912) - t87;
    const int64_t t89 = t75 * t88;
    const int64_t t90 = edgeq_floor_shift(t89, INT64_C(31));
    const int64_t t91 = t89 & INT64_C(2147483647);
    const int64_t t92 = t91 > INT64_C(1073741824);
    const int64_t t93 = t91 == INT64_C(1073741824);
    const int64_t t94 = t91 != INT64_C(0);
    const int64_t t95 = t93 & t94;
    const int64_t t96 = t95 != 0 ? INT64_C(1) : INT64_C(0);
    const int64_t t97 = t92 != 0 ? INT64_C(1) : t96;
    const int64_t t98 = t90 + t97;
    const int64_t t99 = t98 > (-INT64_C(2147483648)) ? t98 : (-INT64_C(2147483648));
    const int64_t t100 = t99 < INT64_C(2147483647) ? t99 : INT64_C(2147483647);
    const int64_t t101 = t100 * (INT64_C(1) << INT64_C(2));
    const int64_t t102 = t101 > (-INT64_C(2147483648)) ? t101 : (-INT64_C(2147483648));
    const int64_t t103 = t102 < INT64_C(2147483647) ? t102 : INT64_C(2147483647);
    const int64_t t104 = t75 + t103;
    const int64_t t105 = t104 > (-INT64_C(2147483648)) ? t104 : (-INT64_C(2147483648));
    const int64_t t106 = t105 < INT64_C(2147483647) ? t105 : INT64_C(2147483647);
    const int64_t t107 = t31 * t106;
    const int64_t t108 = edgeq_floor_shift(t107, INT64_C(31));
    const int64_t t109 = t107 & INT64_C(2147483647);
    const int64_t t110 = t109 > INT64_C(1073741824);
    const int64_t t111 = t109 == INT64_C(1073741824);
    const int64_t t112 = t109 != INT64_C(0);
    const int64_t t113 = t111 & t112;
    const int64_t t114 = t113 != 0 ? INT64_C(1) : INT64_C(0);
    const int64_t t115 = t110 != 0 ? INT64_C(1) : t114;
    const int64_t t116 = t108 + t115;
    const int64_t t117 = t116 > (-INT64_C(2147483648)) ? t116 : (-INT64_C(2147483648));
    const int64_t t118 = t117 < INT64_C(2147483647) ? t117 : INT64_C(2147483647);
    const int64_t t119 = INT64_C(536870912) - t118;
    const int64_t t120 = t106 * t119;
    const int64_t t121 = edgeq_floor_shift(t120, INT64_C(31));
    const int64_t t122 = t120 & INT64_C(2147483647);
    const int64_t t123 = t122 > INT64_C(1073741824);
    const int64_t t124 = t122 == INT64_C(1073741824);
    const int64_t t125 = t122 != INT64_C(0);
    const int64_t t126 = t124 & t125;
    const int64_t t127 = t126 != 0 ? INT64_C(1) : INT64_C(0);
    const int64_t t128 = t123 != 0 ? INT64_C(1) : t127;
    const int64_t t129 = t121 + t128;
    const int64_t t130 = t129 > (-INT64_C(2147483648)) ? t129 : (-INT64_C(2147483648));
    const int64_t t131 = t130 < INT64_C(2147483647) ? t130 : INT64_C(2147483647);
    const int64_t t132 = t131 * (INT64_C(1) << INT64_C(2));
    const int64_t t133 = t132 > (-INT64_C(2147483648)) ? t132 : (-INT64_C(2147483648));
    const int64_t t134 = t133 < INT64_C(2147483647) ? t133 : INT64_C(2147483647);
    const int64_t t135 = t106 + t134;
    const int64_t t136 = t135 > (-INT64_C(2147483648)) ? t135 : (-INT64_C(2147483648));
    const int64_t t137 = t136 < INT64_C(2147483647) ? t136 : INT64_C(2147483647);
    const int64_t t138 = t137 * (INT64_C(1) << INT64_C(1));
    const int64_t t139 = t138 > (-INT64_C(2147483648)) ? t138 : (-INT64_C(2147483648));
    const int64_t t140 = t139 < INT64_C(2147483647) ? t139 : INT64_C(2147483647);
    return t140;
}

/*
 * Return what a Q0.31 exponential adds to gemmlowp's sum.
 *
 *     return round_shift(exponential, _SUM_SHIFT, _TIES_AWAY)
 *
 *   exponential in 0 .. 2^31 - 1
 */
static inline int64_t edgeq_softmax_term(
    int64_t exponential) {
    const int64_t t0 = exponential >> INT64_C(12);
    const int64_t t1 = exponential & INT64_C(4095);
    const int64_t t2 = t1 > INT64_C(2048);
    const int64_t t3 = t1 == INT64_C(2048);
    const int64_t t4 = t1 != INT64_C(0);
    const int64_t t5 = t3 & t4;
    const int64_t t6 = t5 != 0 ? INT64_C(1) : INT64_C(0);
    const int64_t t7 = t2 != 0 ? INT64_C(1) : t6;
    const int64_t t8 = t0 + t7;
    return t8;
}

/*
 * Return the code, in the type of bits bits with the limits lo and hi, of one exponential.
 *
 *     shift = maximum(bit_length(total) + 11 - bits, 0)
 *     return saturate(round_shift(high_multiply(reciprocal, exponential), shift, _TIES_AWAY) + lo, lo, hi)
 *
 *   exponential in 0 .. 2^31 - 1
 *   reciprocal in 0 .. 2^31 - 1
 *   total in 1 .. 2^31 - 1
 *   bits in 8 .. 16
 *   lo in -2^15 .. 0
 *   hi in 0 .. 2^16 - 1
 */
static inline int64_t edgeq_softmax_gemmlowp(
    int64_t exponential, int64_t reciprocal, int64_t total, int64_t bits, int64_t lo, int64_t hi) {
    const int64_t t0 = reciprocal * exponential;
    const int64_t t1 = t0 >> INT64_C(31);
    const int64_t t2 = t0 & INT64_C(2147483647);
    const int64_t t3 = t2 > INT64_C(1073741824);
    const int64_t t4 = t2 == INT64_C(1073741824);
    const int64_t t5 = t2 != INT64_C(0);
    const int64_t t6 = t4 & t5;
    const int64_t t7 = t6 != 0 ? INT64_C(1) : INT64_C(0);
    const int64_t t8 = t3 != 0 ? INT64_C(1) : t7;
    const int64_t t9 = t1 + t8;
    const int64_t t10 = t9 > (-INT64_C(2147483648)) ? t9 : (-INT64_C(2147483648));
    const int64_t t11 = t10 < INT64_C(2147483647) ? t10 : INT64_C(2147483647);
    const int64_t t12 = total >= INT64_C(65536);
    const int64_t t13 = t12 != 0 ? INT64_C(16) : INT64_C(0);
    const int64_t t14 = total >> INT64_C(16);
    const int64_t t15 = total & INT64_C(65535);
    const int64_t t16 = t12 != 0 ? t14 : t15;
    const int64_t t17 = t16 >= INT64_C(256);
    const int64_t t18 = t17 != 0 ? INT64_C(8) : INT64_C(0);
    const int64_t t19 = t13 + t18;
    const int64_t t20 = t16 >> INT64_C(8);
    const int64_t t21 = t16 & INT64_C(255);
    const int64_t t22 = t17 != 0 ? t20 : t21;
    const int64_t t23 = t22 >= INT64_C(16);
    const int64_t t24 = t23 != 0 ? INT64_C(4) : INT64_C(0);
    const int64_t t25 = t19 + t24;
    const int64_t t26 = t22 >> INT64_C(4);
    const int64_t t27 = t22 & INT64_C(15);
    const int64_t t28 = t23 != 0 ? t26 : t27;
    const int64_t t29 = t28 >= INT64_C(4);
    const int64_t t30 = t29 != 0 ? INT64_C(2) : INT64_C(0);
    const int64_t t31 = t25 + t30;
    const int64_t t32 = t28 >> INT64_C(2);
    const int64_t t33 = t28 & INT64_C(3);
    const int64_t t34 = t29 != 0 ? t32 : t33;
    const int64_t t35 = t34 >= INT64_C(2);
    const int64_t t36 = t34 < INT64_C(1) ? t34 : INT64_C(1);
    const int64_t t37 = t35 != 0 ? INT64_C(2) : t36;
    const int64_t t38 = t31 + t37;
    const int64_t t39 = t38 + INT64_C(11);
    const int64_t t40 = t39 - bits;
    const int64_t t41 = t40 > INT64_C(0) ? t40 : INT64_C(0);
    const int64_t t42 = t41 < INT64_C(62) ? t41 : INT64_C(62);
    const int64_t t43 = t11 >> t42;
    const int64_t t44 = INT64_C(1) << t42;
    const int64_t t45 = t44 - INT64_C(1);
    const int64_t t46 = t11 & t45;
    const int64_t t47 = t44 >> INT64_C(1);
    const int64_t t48 = t46 > t47;
    const int64_t t49 = t46 == t47;
    const int64_t t50 = t46 != INT64_C(0);
    const int64_t t51 = t49 & t50;
    const int64_t t52 = t51 != 0 ? INT64_C(1) : INT64_C(0);
    const int64_t t53 = t48 != 0 ? INT64_C(1) : t52;
    const int64_t t54 = t43 + t53;
    const int64_t t55 = t54 + lo;
    const int64_t t56 = t55 > lo ? t55 : lo;
    const int64_t t57 = t56 < hi ? t56 : hi;
    return t57;
}

/*
 * Return the code of exponential / total, rounded ties up, in units of 2**-bits.
 *
 *     return saturate(divide_by_count(exponential << bits, total, _TIES_UP) + lo, lo, hi)
 *
 *   exponential in 0 .. 2^31 - 1
 *   total in 1 .. 2^47 - 1
 *   bits in 8 .. 16
 *   lo in -2^15 .. 0
 *   hi in 0 .. 2^16 - 1
 */
static inline int64_t edgeq_softmax_table(
    int64_t exponential, int64_t total, int64_t bits, int64_t lo, int64_t hi) {
    const int64_t t0 = exponential << bits;
    const int64_t t1 = t0 / total;
    const int64_t t2 = t0 % total;
    const int64_t t3 = t2 << INT64_C(1);
    const int64_t t4 = t3 > total;
    const int64_t t5 = t3 == total;
    const int64_t t6 = t5 != 0 ? INT64_C(1) : INT64_C(0);
    const int64_t t7 = t4 != 0 ? INT64_C(1) : t6;
    const int64_t t8 = t1 + t7;
    const int64_t t9 = t8 + lo;
    const int64_t t10 = t9 > lo ? t9 : lo;
    const int64_t t11 = t10 < hi ? t10 : hi;
    return t11;
}

/*
 * Return the 16-bit argument at which TFLite's table of 1 / (1 + x) is read for 1 <= total < 2**31.
 *
 *     leading = round_shift(total << maximum(31 - bit_length(total), 0), 14, _TIES_UP)
 *     return saturate(leading - (1 << 16) - (1 << 15), _MIN16, _MAX16)
 *
 *   total in 1 .. 2^31 - 1
 */
static inline int64_t edgeq_softmax_s16_fraction(
    int64_t total) {
    const int64_t t0 = total >= INT64_C(65536);
    const int64_t t1 = t0 != 0 ? INT64_C(16) : INT64_C(0);
    const int64_t t2 = total >> INT64_C(16);
    const int64_t t3 = total & INT64_C(65535);
    const int64_t t4 = t0 != 0 ? t2 : t3;
    const int64_t t5 = t4 >= INT64_C(256);
    const int64_t t6 = t5 != 0 ? INT64_C(8) : INT64_C(0);
    const int64_t t7 = t1 + t6;
    const int64_t t8 = t4 >> INT64_C(8);
    const int64_t t9 = t4 & INT64_C(255);
    const int64_t t10 = t5 != 0 ? t8 : t9;
    const int64_t t11 = t10 >= INT64_C(16);
    const int64_t t12 = t11 != 0 ? INT64_C(4) : INT64_C(0);
    const int64_t t13 = t7 + t12;
    const int64_t t14 = t10 >> INT64_C(4);
    const int64_t t15 = t10 & INT64_C(15);
    const int64_t t16 = t11 != 0 ? t14 : t15;
    const int64_t t17 = t16 >= INT64_C(4);
    const int64_t t18 = t17 != 0 ? INT64_C(2) : INT64_C(0);
    const int64_t t19 = t13 + t18;
    const int64_t t20 = t16 >> INT64_C(2);
    const int64_t t21 = t16 & INT64_C(3);
    const int64_t t22 = t17 != 0 ? t20 : t21;
    const int64_t t23 = t22 >= INT64_C(2);
    const int64_t t24 = t22 < INT64_C(1) ? t22 : INT64_C(1);
    const int64_t t25 = t23 != 0 ? INT64_C(2) : t24;
    const int64_t t26 = t19 + t25;
    const int64_t t27 = INT64_C(31) - t26;
    const int64_t t28 = t27 > INT64_C(0) ? t27 : INT64_C(0);
    const int64_t t29 = total << t28;
    const int64_t t30 = t29 >> INT64_C(14);
    const int64_t t31 = t29 & INT64_C(16383);
    const int64_t t32 = t31 > INT64_C(8192);
    const int64_t t33 = t31 == INT64_C(8192);
    const int64_t t34 = t31 != INT64_C(0);
    const int64_t t35 = t33 & t34;
    const int64_t t36 = t35 != 0 ? INT64_C(1) : INT64_C(0);
    const int64_t t37 = t32 != 0 ? INT64_C(1) : t36;
    const int64_t t38 = t30 + t37;
    const int64_t t39 = t38 - INT64_C(65536);
    const int64_t t40 = t39 - INT64_C(32768);
    const int64_t t41 = t40 > (-INT64_C(32768)) ? t40 : (-INT64_C(32768));
    const int64_t t42 = t41 < INT64_C(32767) ? t41 : INT64_C(32767);
    return t42;
}

/*
 * Return TFLite's 16-bit probability (32768 is 1) of one exponential.
 *
 *     shift = maximum(bit_length(total) - 1, 0)
 *     return saturate(round_shift(exponential * reciprocal, shift, _TIES_UP), 0, _MAX16)
 *
 *   exponential in 0 .. 2^15 - 1
 *   reciprocal in -2^15 .. 2^15 - 1
 *   total in 1 .. 2^31 - 1
 */
static inline int64_t edgeq_softmax_s16(
    int64_t exponential, int64_t reciprocal, int64_t total) {
    const int64_t t0 = exponential * reciprocal;
    const int64_t t1 = total >= INT64_C(65536);
    const int64_t t2 = t1 != 0 ? INT64_C(16) : INT64_C(0);
    const int64_t t3 = total >> INT64_C(16);
    const int64_t t4 = total & INT64_C(65535);
    const int64_t t5 = t1 != 0 ? t3 : t4;
    const int64_t t6 = t5 >= INT64_C(256);
    const int64_t t7 = t6 != 0 ? INT64_C(8) : INT64_C(0);
    const int64_t t8 = t2 + t7;
    const int64_t t9 = t5 >> INT64_C(8);
    const int64_t t10 = t5 & INT64_C(255);
    const int64_t t11 = t6 != 0 ? t9 : t10;
    const int64_t t12 = t11 >= INT64_C(16);
    const int64_t t13 = t12 != 0 ? INT64_C(4) : INT64_C(0);
    const int64_t t14 = t8 + t13;
    const int64_t t15 = t11 >> INT64_C(4);
    const int64_t t16 = t11 & INT64_C(15);
    const int64_t t17 = t12 != 0 ? t15 : t16;
    const int64_t t18 = t17 >= INT64_C(4);
    const int64_t t19 = t18 != 0 ? INT64_C(2) : INT64_C(0);
    const int64_t t20 = t14 + t19;
    const int64_t t21 = t17 >> INT64_C(2);
    const int64_t t22 = t17 & INT64_C(3);
    const int64_t t23 = t18 != 0 ? t21 : t22;
    const int64_t t24 = t23 >= INT64_C(2);
    const int64_t t25 = t23 < INT64_C(1) ? t23 : INT64_C(1);
    const int64_t t26 = t24 != 0 ? INT64_C(2) : t25;
    const int64_t t27 = t20 + t26;
    const int64_t t28 = t27 - INT64_C(1);
    const int64_t t29 = t28 > INT64_C(0) ? t28 : INT64_C(0);
    const int64_t t30 = t29 < INT64_C(62) ? t29 : INT64_C(62);
    const int64_t t31 = edgeq_floor_shift(t0, t30);
    const int64_t t32 = INT64_C(1) << t30;
    const int64_t t33 = t32 - INT64_C(1);
    const int64_t t34 = t0 & t33;
    const int64_t t35 = t32 >> INT64_C(1);
    const int64_t t36 = t34 > t35;
    const int64_t t37 = t34 == t35;
    const int64_t t38 = t34 != INT64_C(0);
    const int64_t t39 = t37 & t38;
    const int64_t t40 = t39 != 0 ? INT64_C(1) : INT64_C(0);
    const int64_t t41 = t36 != 0 ? INT64_C(1) : t40;
    const int64_t t42 = t31 + t41;
    const int64_t t43 = t42 > INT64_C(0) ? t42 : INT64_C(0);
    const int64_t t44 = t43 < INT64_C(32767) ? t43 : INT64_C(32767);
    return t44;
}

#ifdef __cplusplus
}
#endif

#endif
