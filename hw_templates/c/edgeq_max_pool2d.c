/* SPDX-License-Identifier: MIT
 *
 * Largest code of each window; see edgeq_max_pool2d.h.
 */
#include "edgeq_max_pool2d.h"

#include "edgeq_arith.h"

/* Return the largest code of rows h0 .. h1 - 1 and columns w0 .. w1 - 1 of channel c. */
static int64_t edgeq_window_max(const edgeq_tensor *x, int64_t c, int64_t h0, int64_t h1, int64_t w0,
                                int64_t w1) {
    int64_t best = x->type.lo;
    for (int64_t h = h0 < 0 ? 0 : h0; h < h1 && h < x->shape[1]; h++) {
        for (int64_t w = w0 < 0 ? 0 : w0; w < w1 && w < x->shape[2]; w++) {
            const int64_t at = (c * x->shape[1] + h) * x->shape[2] + w;
            best = edgeq_saturate(edgeq_get(x, at), best, x->type.hi); /* no less than best */
        }
    }
    return best;
}

int edgeq_max_pool2d_run(const edgeq_max_pool2d_params *p, const edgeq_tensor *x, const edgeq_tensor *y,
                         edgeq_finding *found) {
    const int64_t *stride = p->has_stride ? p->stride : p->kernel;
    int64_t i = 0;
    (void)found;
    for (int64_t c = 0; c < y->shape[0]; c++) {
        for (int64_t oh = 0; oh < y->shape[1]; oh++) {
            for (int64_t ow = 0; ow < y->shape[2]; ow++) {
                const int64_t h0 = oh * stride[0] - p->padding[0];
                const int64_t w0 = ow * stride[1] - p->padding[1];
                edgeq_put(y, i++, edgeq_window_max(x, c, h0, h0 + p->kernel[0], w0, w0 + p->kernel[1]));
            }
        }
    }
    return EDGEQ_OK;
}
