/* SPDX-License-Identifier: MIT
 *
 * Sum over axes of a sample, added in row-major order.
 *
 *   acc = sum of (x - x_zero_point)
 */
#ifndef EDGEQ_REDUCE_SUM_H
#define EDGEQ_REDUCE_SUM_H

#include "edgeq_products.h"

typedef struct edgeq_reduce_sum_params {
    int64_t axes[EDGEQ_MAX_RANK]; /* negative ones count from the end */
    edgeq_type acc;
    int acc_overflow;
    bool keepdims;
} edgeq_reduce_sum_params;

/* Fill y; return EDGEQ_OK, or EDGEQ_OVERFLOW with the place in `found`. */
int edgeq_reduce_sum_run(const edgeq_reduce_sum_params *p, const edgeq_tensor *x, const edgeq_tensor *y,
                         edgeq_finding *found);

#endif
