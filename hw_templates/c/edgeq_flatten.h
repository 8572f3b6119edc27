/* SPDX-License-Identifier: MIT
 *
 * All values of a sample in one row, in a declared order.
 *
 *   chw: y[(c * H + h) * W + w] = x[c,h,w]; hwc: y[(h * W + w) * C + c] = x[c,h,w]
 */
#ifndef EDGEQ_FLATTEN_H
#define EDGEQ_FLATTEN_H

#include "edgeq_tensor.h"

enum edgeq_flatten_order {
    EDGEQ_ORDER_CHW = 0,
    EDGEQ_ORDER_HWC = 1
};

typedef struct edgeq_flatten_params {
    int order;
} edgeq_flatten_params;

/* Fill y; return EDGEQ_OK. */
int edgeq_flatten_run(const edgeq_flatten_params *p, const edgeq_tensor *x, const edgeq_tensor *y,
                      edgeq_finding *found);

#endif
