/* SPDX-License-Identifier: MIT
 *
 * Sums of products in a declared accumulator; edgeq_products.h states the formula.
 */
#include "edgeq_products.h"

#include <stddef.h>

#include "edgeq_arith.h"

/* Axes (0 ic, 1 kh, 2 kw) of each acc_order, the slowest first. */
static const int edgeq_order_axes[7][3] = {
    {1, 2, 0}, {1, 0, 2}, {2, 1, 0}, {2, 0, 1}, {0, 1, 2}, {0, 2, 1}, {1, 2, 0},
};

/* Where a tap of one output lies; `first` is the first input channel of the output's group. */
typedef struct edgeq_tap {
    int64_t first;
    int64_t ic;
    int64_t kh;
    int64_t kw;
    int64_t h;
    int64_t w;
} edgeq_tap;

/* Return the first input channel of the group of output channel o. */
static int64_t edgeq_first_channel(const edgeq_products *p, int64_t o) {
    return o / (p->y_shape[0] / p->groups) * p->channels;
}

/* Return the input that tap k of output o reads along one axis, -1 for none. */
static int64_t edgeq_source(const edgeq_line *line, int64_t o, int64_t k, int64_t size) {
    const int64_t at = o * line->step - line->before + k * line->reach;
    if (at < 0 || at % line->up != 0 || at / line->up >= size) {
        return -1;
    }
    return at / line->up;
}

/* Find the tap's row and column in x; return false where it reads none. */
static bool edgeq_find_tap(const edgeq_products *p, int64_t oh, int64_t ow, edgeq_tap *tap) {
    tap->h = edgeq_source(&p->lines[0], oh, tap->kh, p->x_shape[1]);
    tap->w = edgeq_source(&p->lines[1], ow, tap->kw, p->x_shape[2]);
    return tap->h >= 0 && tap->w >= 0;
}

/* Return one product, rounded and narrowed when that is declared. */
static int64_t edgeq_term(const edgeq_products *p, const edgeq_tensor *x, int64_t o, const edgeq_tap *tap) {
    const edgeq_weighted *rule = p->rule;
    const int64_t *step = p->w_step;
    const int64_t c = tap->first + tap->ic;
    const int64_t x_index = c * p->x_step[0] + tap->h * p->x_step[1] + tap->w * p->x_step[2];
    const int64_t w_index = o * step[0] + tap->ic * step[1] + tap->kh * step[2] + tap->kw * step[3];
    const int64_t weight = edgeq_load(p->weight->data, p->weight->element, w_index);
    const int64_t zero_point = edgeq_of_channel(&rule->weight_zero_point, o);
    const int64_t product = edgeq_multiply(edgeq_get(x, x_index), x->zero_point, weight,
                                           zero_point, rule->bias_fraction_bits);
    if (!rule->has_acc_product) {
        return product;
    }
    return edgeq_cast(product, rule->acc_product.shift, rule->acc_product.rounding, rule->acc_product.type.lo,
                      rule->acc_product.type.hi, rule->acc_product.overflow);
}

/* Return the bias as it is added. */
static int64_t edgeq_bias(const edgeq_products *p, int64_t o) {
    const edgeq_product *part = &p->rule->acc_product;
    const int64_t bias = p->bias == NULL ? 0 : edgeq_of_channel(p->bias, o);
    if (!p->rule->has_acc_product) {
        return bias;
    }
    return edgeq_cast(bias, part->shift, part->rounding, part->type.lo, part->type.hi, part->overflow);
}

/* Add one term by the accumulator's rule; 63 and 64 bits wrap in two halves. */
static int64_t edgeq_add_term(const edgeq_type *acc, int overflow, int64_t sum, int64_t term) {
    if (acc->bits < 63) {
        return edgeq_accumulate(sum, term, acc->lo, acc->hi, overflow);
    }
    const int64_t total = edgeq_add_wrap64(sum, term);
    return acc->bits == 64 ? total : edgeq_narrow(total, acc->lo, acc->hi, overflow);
}

bool edgeq_add_stops(const edgeq_type *acc, int overflow, int64_t *sum, int64_t term, edgeq_finding *found) {
    *sum = edgeq_add_term(acc, overflow, *sum, term);
    return overflow == EDGEQ_OVERFLOW_ERROR && edgeq_outside(acc, *sum, found->index, found);
}

/* Return the sum where no partial sum can leave 62 bits: nothing is narrowed but a wrapping total. */
static int64_t edgeq_exact_sum(const edgeq_products *p, const edgeq_tensor *x, int64_t o, int64_t oh,
                               int64_t ow) {
    const edgeq_weighted *rule = p->rule;
    int64_t sum = edgeq_bias(p, o);
    edgeq_tap tap = {edgeq_first_channel(p, o), 0, 0, 0, 0, 0};
    for (tap.kh = 0; tap.kh < p->kernel[0]; tap.kh++) {
        for (tap.kw = 0; tap.kw < p->kernel[1]; tap.kw++) {
            if (!edgeq_find_tap(p, oh, ow, &tap)) {
                continue;
            }
            for (tap.ic = 0; tap.ic < p->channels; tap.ic++) {
                /* under the rule `error` the sum is left as it is */
                sum = edgeq_accumulate(sum, edgeq_term(p, x, o, &tap), 0, 0, EDGEQ_OVERFLOW_ERROR);
            }
        }
    }
    const bool wraps = rule->acc_overflow == EDGEQ_OVERFLOW_WRAP && rule->acc.bits < 64;
    return wraps ? edgeq_narrow(sum, rule->acc.lo, rule->acc.hi, rule->acc_overflow) : sum;
}

/* Return tap k of the declared order. */
static edgeq_tap edgeq_tap_of(const edgeq_products *p, int64_t first, int64_t k) {
    const int *axes = edgeq_order_axes[p->rule->acc_order];
    const int64_t extent[3] = {p->channels, p->kernel[0], p->kernel[1]};
    int64_t at[3];
    at[axes[2]] = k % extent[axes[2]];
    k /= extent[axes[2]];
    at[axes[1]] = k % extent[axes[1]];
    at[axes[0]] = k / extent[axes[1]];
    const edgeq_tap tap = {first, at[0], at[1], at[2], 0, 0};
    return tap;
}

/* Add `term` to `acc` as the op declares; return true when that stops the run. */
static bool edgeq_declared_stops(const edgeq_products *p, int64_t *acc, int64_t term, edgeq_finding *found) {
    return edgeq_add_stops(&p->rule->acc, p->rule->acc_overflow, acc, term, found);
}

/* Add the terms of one partial sum in the declared order; return true when that stops the run. */
static bool edgeq_lane_stops(const edgeq_products *p, const edgeq_tensor *x, int64_t o, int64_t oh,
                             int64_t ow,
                             int64_t lane, int64_t *acc, edgeq_finding *found) {
    const int64_t taps = p->channels * p->kernel[0] * p->kernel[1];
    const int64_t first = edgeq_first_channel(p, o);
    for (int64_t k = lane; k < taps; k += p->rule->acc_lanes) {
        edgeq_tap tap = edgeq_tap_of(p, first, k);
        if (edgeq_find_tap(p, oh, ow, &tap) &&
            edgeq_declared_stops(p, acc, edgeq_term(p, x, o, &tap), found)) {
            return true;
        }
    }
    return false;
}

/* Add every term in the declared order; return true when that stops the run. */
static bool edgeq_ordered_stops(const edgeq_products *p, const edgeq_tensor *x, int64_t o, int64_t oh,
                                int64_t ow,
                                int64_t *acc, edgeq_finding *found) {
    const bool first = p->rule->acc_bias == EDGEQ_ACC_BIAS_FIRST;
    *acc = 0;
    if ((first && edgeq_declared_stops(p, acc, edgeq_bias(p, o), found)) ||
        edgeq_lane_stops(p, x, o, oh, ow, 0, acc, found)) {
        return true;
    }
    for (int64_t lane = 1; lane < p->rule->acc_lanes; lane++) {
        int64_t part = 0;
        if (edgeq_lane_stops(p, x, o, oh, ow, lane, &part, found) ||
            edgeq_declared_stops(p, acc, part, found)) {
            return true;
        }
    }
    return !first && edgeq_declared_stops(p, acc, edgeq_bias(p, o), found);
}

int edgeq_products_run(const edgeq_products *p, const edgeq_tensor *x, const edgeq_tensor *y,
                       edgeq_finding *found) {
    for (int64_t o = 0; o < p->y_shape[0]; o++) {
        for (int64_t oh = 0; oh < p->y_shape[1]; oh++) {
            for (int64_t ow = 0; ow < p->y_shape[2]; ow++) {
                int64_t acc = 0;
                found->index = o * p->y_step[0] + oh * p->y_step[1] + ow * p->y_step[2];
                if (p->exact) {
                    acc = edgeq_exact_sum(p, x, o, oh, ow);
                } else if (edgeq_ordered_stops(p, x, o, oh, ow, &acc, found)) {
                    return EDGEQ_OVERFLOW;
                }
                edgeq_put(y, found->index, acc);
            }
        }
    }
    return EDGEQ_OK;
}
