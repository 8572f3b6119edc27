/* SPDX-License-Identifier: MIT
 *
 * The axes of a value in another order.
 *
 *   y[i[perm[0]], i[perm[1]], ..] = x[i[0], i[1], ..]
 */
#ifndef EDGEQ_TRANSPOSE_H
#define EDGEQ_TRANSPOSE_H

#include "edgeq_tensor.h"

typedef struct edgeq_transpose_params {
    int64_t perm[EDGEQ_MAX_RANK]; /* one axis of x per axis of y */
} edgeq_transpose_params;

/* Fill y; return EDGEQ_OK. */
int edgeq_transpose_run(const edgeq_transpose_params *p, const edgeq_tensor *x, const edgeq_tensor *y,
                        edgeq_finding *found);

#endif
