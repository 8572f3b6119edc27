/* SPDX-License-Identifier: MIT
 *
 * Two-dimensional transposed convolution of x (C, H, W) with weight (O, C/groups, KH, KW) into accumulators
 * (O, OH, OW).
 *
 * Each x[c,h,w] is scattered: tap (kh, kw) adds to output h * stride - top + kh * dilation, columns likewise.
 * An output adds its taps by their place in the kernel, in the declared order; those that no input hits are
 * skipped and keep their number. edgeq_products.h states the formula.
 */
#ifndef EDGEQ_CONV_TRANSPOSE2D_H
#define EDGEQ_CONV_TRANSPOSE2D_H

#include "edgeq_products.h"

typedef struct edgeq_conv_transpose2d_params {
    edgeq_constant weight; /* (O, C/groups, KH, KW) */
    bool has_bias;
    edgeq_constant bias;       /* (O,) or one value, in units of 2^-bias_fraction_bits */
    int64_t stride[2];         /* rows, columns */
    int64_t padding[4];        /* top, left, bottom, right are cut from the result; negative ones are added */
    int64_t output_padding[2]; /* bottom, right are added to the result */
    int64_t dilation[2];
    int64_t groups;
    edgeq_weighted weighted;
    bool exact; /* proven: no sum passes 62 bits, and none leaves acc unless it wraps */
} edgeq_conv_transpose2d_params;

/* Fill y (O, OH, OW); return EDGEQ_OK, or EDGEQ_OVERFLOW with the place in `found`. */
int edgeq_conv_transpose2d_run(const edgeq_conv_transpose2d_params *p, const edgeq_tensor *x,
                               const edgeq_tensor *y, edgeq_finding *found);

#endif
