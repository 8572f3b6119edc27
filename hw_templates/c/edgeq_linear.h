/* SPDX-License-Identifier: MIT
 *
 * Fully connected layer: the last axis of x (.., K) times weight (O, K) into accumulators (.., O).
 *
 *   acc[..,o] = bias[o] + 2^f * sum over k, ascending, of
 *               (x[..,k] - x_zero_point) * (w[o,k] - w_zero_point[o])
 */
#ifndef EDGEQ_LINEAR_H
#define EDGEQ_LINEAR_H

#include "edgeq_products.h"

typedef struct edgeq_linear_params {
    edgeq_constant weight; /* (O, K) */
    bool has_bias;
    edgeq_constant bias; /* (O,) or one value, in units of 2^-bias_fraction_bits */
    edgeq_weighted weighted;
    bool exact; /* proven: no sum passes 62 bits, and none leaves acc unless it wraps */
} edgeq_linear_params;

/* Fill y (.., O); return EDGEQ_OK, or EDGEQ_OVERFLOW with the place in `found`. */
int edgeq_linear_run(const edgeq_linear_params *p, const edgeq_tensor *x, const edgeq_tensor *y,
                     edgeq_finding *found);

#endif
