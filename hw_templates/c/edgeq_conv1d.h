/* SPDX-License-Identifier: MIT
 *
 * One-dimensional convolution of x (C, L) with weight (O, C/groups, K) into accumulators (O, OL): a conv2d of
 * one row. edgeq_products.h states the formula and the order of additions.
 */
#ifndef EDGEQ_CONV1D_H
#define EDGEQ_CONV1D_H

#include "edgeq_products.h"

typedef struct edgeq_conv1d_params {
    edgeq_constant weight; /* (O, C/groups, K) */
    bool has_bias;
    edgeq_constant bias; /* (O,) or one value, in units of 2^-bias_fraction_bits */
    int64_t stride;
    int64_t padding[2]; /* left, right */
    int64_t dilation;
    int64_t groups;
    edgeq_weighted weighted;
    bool exact; /* proven: no sum passes 62 bits, and none leaves acc unless it wraps */
} edgeq_conv1d_params;

/* Fill y (O, OL); return EDGEQ_OK, or EDGEQ_OVERFLOW with the place in `found`. */
int edgeq_conv1d_run(const edgeq_conv1d_params *p, const edgeq_tensor *x, const edgeq_tensor *y,
                     edgeq_finding *found);

#endif
