/* SPDX-License-Identifier: MIT
 *
 * Mean code of each window; see edgeq_avg_pool2d.h.
 */
#include "edgeq_avg_pool2d.h"

#include "edgeq_arith.h"

/* Rows h0 .. h1 - 1 and columns w0 .. w1 - 1. */
typedef struct edgeq_area {
    int64_t h0;
    int64_t h1;
    int64_t w0;
    int64_t w1;
} edgeq_area;

/* Return the part of a window that lies inside limits. */
static edgeq_area edgeq_cut(edgeq_area window, edgeq_area limits) {
    const edgeq_area inside = {
        window.h0 > limits.h0 ? window.h0 : limits.h0,
        window.h1 < limits.h1 ? window.h1 : limits.h1,
        window.w0 > limits.w0 ? window.w0 : limits.w0,
        window.w1 < limits.w1 ? window.w1 : limits.w1,
    };
    return inside;
}

/* Return the number of places. */
static int64_t edgeq_places(edgeq_area area) {
    return (area.h1 - area.h0) * (area.w1 - area.w0);
}

/* Add `factor` times the code `x`, less origin; the rule `error` adds and leaves the sum so. */
static int64_t edgeq_add_code(int64_t total, int64_t x, int64_t origin, int64_t factor) {
    return edgeq_accumulate(total, edgeq_multiply(x, origin, factor, 0, 0), 0, 0, EDGEQ_OVERFLOW_ERROR);
}

/* Return the mean over one window of channel c. */
static int64_t edgeq_window_mean(const edgeq_avg_pool2d_params *p, const edgeq_tensor *x, int64_t c,
                                 edgeq_area window) {
    const edgeq_area image = {0, x->shape[1], 0, x->shape[2]};
    const edgeq_area padded = {
        window.h0,
        x->shape[1] + p->padding[2],
        window.w0,
        x->shape[2] + p->padding[3],
    };
    const edgeq_area counted = edgeq_cut(window, padded);
    const edgeq_area real = edgeq_cut(counted, image);
    const int64_t count = edgeq_places(p->count_include_pad ? counted : real);
    const int64_t origin = p->domain == EDGEQ_DOMAIN_CENTERED ? x->zero_point : 0;
    int64_t total = edgeq_add_code(0, x->zero_point, origin, count - edgeq_places(real));
    for (int64_t h = real.h0; h < real.h1; h++) {
        for (int64_t w = real.w0; w < real.w1; w++) {
            const int64_t at = (c * x->shape[1] + h) * x->shape[2] + w;
            total = edgeq_add_code(total, edgeq_get(x, at), origin, 1);
        }
    }
    return edgeq_average(total, count, origin, p->rounding);
}

int edgeq_avg_pool2d_run(const edgeq_avg_pool2d_params *p, const edgeq_tensor *x, const edgeq_tensor *y,
                         edgeq_finding *found) {
    const int64_t *stride = p->has_stride ? p->stride : p->kernel;
    int64_t i = 0;
    (void)found;
    for (int64_t c = 0; c < y->shape[0]; c++) {
        for (int64_t oh = 0; oh < y->shape[1]; oh++) {
            for (int64_t ow = 0; ow < y->shape[2]; ow++) {
                const int64_t h0 = oh * stride[0] - p->padding[0];
                const int64_t w0 = ow * stride[1] - p->padding[1];
                const edgeq_area window = {h0, h0 + p->kernel[0], w0, w0 + p->kernel[1]};
                edgeq_put(y, i++, edgeq_window_mean(p, x, c, window));
            }
        }
    }
    return EDGEQ_OK;
}
