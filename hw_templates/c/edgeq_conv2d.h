/* SPDX-License-Identifier: MIT
 *
 * Two-dimensional convolution of x (C, H, W) with weight (O, C/groups, KH, KW) into accumulators (O, OH, OW);
 * grouped, depthwise and dilated too. edgeq_products.h states the formula and the order of additions.
 */
#ifndef EDGEQ_CONV2D_H
#define EDGEQ_CONV2D_H

#include "edgeq_products.h"

typedef struct edgeq_conv2d_params {
    edgeq_constant weight; /* (O, C/groups, KH, KW) */
    bool has_bias;
    edgeq_constant bias; /* (O,) or one value, in units of 2^-bias_fraction_bits */
    int64_t stride[2];   /* rows, columns */
    int64_t padding[4];  /* top, left, bottom, right */
    int64_t dilation[2];
    int64_t groups;
    edgeq_weighted weighted;
    bool exact; /* proven: no sum passes 62 bits, and none leaves acc unless it wraps */
} edgeq_conv2d_params;

/* Fill y (O, OH, OW); return EDGEQ_OK, or EDGEQ_OVERFLOW with the place in `found`. */
int edgeq_conv2d_run(const edgeq_conv2d_params *p, const edgeq_tensor *x, const edgeq_tensor *y,
                     edgeq_finding *found);

#endif
