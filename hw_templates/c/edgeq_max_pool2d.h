/* SPDX-License-Identifier: MIT
 *
 * Largest code of each window of x (C, H, W); padding never wins over a value.
 *
 *   y[c,oh,ow] = max over kh, kw of x[c, oh * stride[0] - top + kh, ow * stride[1] - left + kw]
 */
#ifndef EDGEQ_MAX_POOL2D_H
#define EDGEQ_MAX_POOL2D_H

#include "edgeq_tensor.h"

typedef struct edgeq_max_pool2d_params {
    int64_t kernel[2]; /* rows, columns */
    bool has_stride;   /* else the kernel */
    int64_t stride[2];
    int64_t padding[4]; /* top, left, bottom, right */
    bool ceil_mode;     /* decides the shape of y */
} edgeq_max_pool2d_params;

/* Fill y (C, OH, OW); return EDGEQ_OK. */
int edgeq_max_pool2d_run(const edgeq_max_pool2d_params *p, const edgeq_tensor *x, const edgeq_tensor *y,
                         edgeq_finding *found);

#endif
