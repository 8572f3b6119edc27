/* SPDX-License-Identifier: MIT
 *
 * Difference of two values of one scale; shapes broadcast as in numpy.
 *
 *   y = overflow((x1 - x1_zero_point) - (x2 - x2_zero_point), acc)
 */
#ifndef EDGEQ_SUB_H
#define EDGEQ_SUB_H

#include "edgeq_tensor.h"

typedef struct edgeq_sub_params {
    edgeq_type acc;
    int acc_overflow;
} edgeq_sub_params;

/* Fill y; return EDGEQ_OK, or EDGEQ_OVERFLOW with the place in `found`. */
int edgeq_sub_run(const edgeq_sub_params *p, const edgeq_tensor *x1, const edgeq_tensor *x2,
                  const edgeq_tensor *y, edgeq_finding *found);

#endif
