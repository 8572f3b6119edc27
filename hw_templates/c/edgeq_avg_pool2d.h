/* SPDX-License-Identifier: MIT
 *
 * Mean code of each window of x (C, H, W), with a named rounding.
 *
 *   y = divide_by_count(sum(x - origin), count, rounding) + origin
 *
 * origin is 0 in the domain `raw`, the zero point in `centered`. Padding holds the zero point; count leaves
 * it out unless `count_include_pad`, and never counts what `ceil_mode` adds past the padding.
 */
#ifndef EDGEQ_AVG_POOL2D_H
#define EDGEQ_AVG_POOL2D_H

#include "edgeq_tensor.h"

enum edgeq_domain {
    EDGEQ_DOMAIN_RAW = 0,
    EDGEQ_DOMAIN_CENTERED = 1
};

typedef struct edgeq_avg_pool2d_params {
    int64_t kernel[2]; /* rows, columns */
    bool has_stride;   /* else the kernel */
    int64_t stride[2];
    int64_t padding[4]; /* top, left, bottom, right */
    bool count_include_pad;
    bool ceil_mode; /* decides the shape of y */
    int rounding;
    int domain;
} edgeq_avg_pool2d_params;

/* Fill y (C, OH, OW); return EDGEQ_OK. */
int edgeq_avg_pool2d_run(const edgeq_avg_pool2d_params *p, const edgeq_tensor *x, const edgeq_tensor *y,
                         edgeq_finding *found);

#endif
