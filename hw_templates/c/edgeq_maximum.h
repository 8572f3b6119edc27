/* SPDX-License-Identifier: MIT
 *
 * The larger code of two values of one scale and zero point; shapes broadcast as in numpy.
 *
 *   y = larger(x1, x2)
 */
#ifndef EDGEQ_MAXIMUM_H
#define EDGEQ_MAXIMUM_H

#include "edgeq_tensor.h"

typedef struct edgeq_maximum_params {
    bool unused; /* C has no empty struct */
} edgeq_maximum_params;

/* Fill y; return EDGEQ_OK. */
int edgeq_maximum_run(const edgeq_maximum_params *p, const edgeq_tensor *x1, const edgeq_tensor *x2,
                      const edgeq_tensor *y, edgeq_finding *found);

#endif
