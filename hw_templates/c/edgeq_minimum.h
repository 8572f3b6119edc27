/* SPDX-License-Identifier: MIT
 *
 * The smaller code of two values of one scale and zero point; shapes broadcast as in numpy.
 *
 *   y = smaller(x1, x2)
 */
#ifndef EDGEQ_MINIMUM_H
#define EDGEQ_MINIMUM_H

#include "edgeq_tensor.h"

typedef struct edgeq_minimum_params {
    bool unused; /* C has no empty struct */
} edgeq_minimum_params;

/* Fill y; return EDGEQ_OK. */
int edgeq_minimum_run(const edgeq_minimum_params *p, const edgeq_tensor *x1, const edgeq_tensor *x2,
                      const edgeq_tensor *y, edgeq_finding *found);

#endif
