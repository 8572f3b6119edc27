/* SPDX-License-Identifier: MIT
 *
 * Image of another size, interpolated between four codes; the result is scaled by both numerators.
 *
 *   row oh lies at (oh * denominator + offset) / numerator of x, columns likewise
 *   y = overflow(bilinear(the four codes around it, indices limited to the image), acc)
 */
#ifndef EDGEQ_RESIZE_BILINEAR_H
#define EDGEQ_RESIZE_BILINEAR_H

#include "edgeq_tensor.h"

typedef struct edgeq_resize_bilinear_params {
    int64_t size[2]; /* rows, columns, as in each member below */
    int64_t numerator[2];
    int64_t denominator[2];
    int64_t offset[2];
    edgeq_type acc;
    int acc_overflow;
} edgeq_resize_bilinear_params;

/* Fill y; return EDGEQ_OK, or EDGEQ_OVERFLOW with the place in `found`. */
int edgeq_resize_bilinear_run(const edgeq_resize_bilinear_params *p, const edgeq_tensor *x,
                              const edgeq_tensor *y, edgeq_finding *found);

#endif
