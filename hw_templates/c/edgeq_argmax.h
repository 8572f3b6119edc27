/* SPDX-License-Identifier: MIT
 *
 * Index of the largest code along an axis; the lowest of equal ones.
 *
 *   y = index_of_larger(best, y, x[.., k, ..], k), best = larger(best, x[.., k, ..]) for k = 1, 2, ..
 */
#ifndef EDGEQ_ARGMAX_H
#define EDGEQ_ARGMAX_H

#include "edgeq_tensor.h"

typedef struct edgeq_argmax_params {
    int64_t axis; /* counted from the end when negative */
    bool keepdims;
} edgeq_argmax_params;

/* Fill y; return EDGEQ_OK. */
int edgeq_argmax_run(const edgeq_argmax_params *p, const edgeq_tensor *x, const edgeq_tensor *y,
                     edgeq_finding *found);

#endif
