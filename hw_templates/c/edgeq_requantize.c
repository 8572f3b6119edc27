/* SPDX-License-Identifier: MIT
 *
 * Change of scale; see edgeq_requantize.h.
 */
#include "edgeq_requantize.h"

#include "edgeq_arith.h"

/* Return the code of one value. */
static int64_t edgeq_requantize_one(const edgeq_requantize_params *p, int64_t x, int64_t x_zero_point,
                                    int64_t c) {
    const int64_t multiplier = edgeq_of_channel(&p->multiplier, c);
    const int64_t shift = edgeq_of_channel(&p->shift, c);
    const int64_t left_shift = edgeq_of_channel(&p->left_shift, c);
    const int64_t lo = p->has_clamp ? p->clamp[0] : p->type.lo;
    const int64_t hi = p->has_clamp ? p->clamp[1] : p->type.hi;
    if (p->wide) {
        return edgeq_requantize_wide(x, x_zero_point, multiplier, left_shift, shift, p->rounding,
                                     p->zero_point,
                                     p->type.lo, p->type.hi, p->overflow, lo, hi);
    }
    return edgeq_requantize(x, x_zero_point, multiplier, left_shift, shift, p->rounding, p->zero_point,
                            p->type.lo,
                            p->type.hi, p->overflow, lo, hi);
}

/* Return the value before it is narrowed. */
static int64_t edgeq_rescale_one(const edgeq_requantize_params *p, int64_t x, int64_t x_zero_point,
                                 int64_t c) {
    const int64_t multiplier = edgeq_of_channel(&p->multiplier, c);
    const int64_t shift = edgeq_of_channel(&p->shift, c);
    const int64_t left_shift = edgeq_of_channel(&p->left_shift, c);
    if (p->wide) {
        return edgeq_rescale_wide(x, x_zero_point, multiplier, left_shift, shift, p->rounding, p->zero_point);
    }
    return edgeq_rescale(x, x_zero_point, multiplier, left_shift, shift, p->rounding, p->zero_point);
}

bool edgeq_requantize_stops(const edgeq_requantize_params *p, int64_t x, int64_t x_zero_point, int64_t c,
                            const edgeq_tensor *y, int64_t i, edgeq_finding *found) {
    if (p->overflow == EDGEQ_OVERFLOW_ERROR &&
        edgeq_outside(&p->type, edgeq_rescale_one(p, x, x_zero_point, c), i, found)) {
        return true;
    }
    edgeq_put(y, i, edgeq_requantize_one(p, x, x_zero_point, c));
    return false;
}

int edgeq_requantize_run(const edgeq_requantize_params *p, const edgeq_tensor *x, const edgeq_tensor *y,
                         edgeq_finding *found) {
    const int64_t size = edgeq_size(x->rank, x->shape);
    for (int64_t i = 0; i < size; i++) {
        const int64_t c = edgeq_channel(x, p->has_axis, p->axis, i);
        if (edgeq_requantize_stops(p, edgeq_get(x, i), x->zero_point, c, y, i, found)) {
            return EDGEQ_OVERFLOW;
        }
    }
    return EDGEQ_OK;
}
