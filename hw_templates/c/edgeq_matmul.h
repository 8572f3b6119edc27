/* SPDX-License-Identifier: MIT
 *
 * Product of two matrices that both vary: x1 (.., M, K) and x2 (.., K, P) into accumulators (.., M, P).
 *
 *   acc[..,m,p] = sum over k, ascending, of (x1[..,m,k] - x1_zero_point) * (x2[..,k,p] - x2_zero_point)
 *
 * Leading axes broadcast as in numpy. With `transpose1` x1 is (.., K, M), with `transpose2` x2 is (.., P, K).
 * edgeq_products.h states what acc, acc_overflow, acc_lanes and acc_product do.
 */
#ifndef EDGEQ_MATMUL_H
#define EDGEQ_MATMUL_H

#include "edgeq_products.h"

typedef struct edgeq_matmul_params {
    bool transpose1;
    bool transpose2;
    edgeq_type acc;
    int acc_overflow;
    int64_t acc_lanes;
    bool has_acc_product;
    edgeq_product acc_product;
    bool exact; /* proven: no sum passes 62 bits, and none leaves acc unless it wraps */
} edgeq_matmul_params;

/* Fill y (.., M, P); return EDGEQ_OK, or EDGEQ_OVERFLOW with the place in `found`. */
int edgeq_matmul_run(const edgeq_matmul_params *p, const edgeq_tensor *x1, const edgeq_tensor *x2,
                     const edgeq_tensor *y, edgeq_finding *found);

#endif
