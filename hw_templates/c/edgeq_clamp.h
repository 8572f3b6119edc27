/* SPDX-License-Identifier: MIT
 *
 * Codes limited to a range: ReLU (lo is the zero point), ReLU6, hard tanh.
 *
 *   y = saturate(x, lo, hi)
 */
#ifndef EDGEQ_CLAMP_H
#define EDGEQ_CLAMP_H

#include "edgeq_tensor.h"

typedef struct edgeq_clamp_params {
    int64_t lo;
    int64_t hi;
} edgeq_clamp_params;

/* Fill y, of x's shape; return EDGEQ_OK. */
int edgeq_clamp_run(const edgeq_clamp_params *p, const edgeq_tensor *x, const edgeq_tensor *y,
                    edgeq_finding *found);

#endif
