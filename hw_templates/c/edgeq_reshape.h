/* SPDX-License-Identifier: MIT
 *
 * The values of a sample in another shape; their row-major order stays.
 *
 *   y[i] = x[i]
 */
#ifndef EDGEQ_RESHAPE_H
#define EDGEQ_RESHAPE_H

#include "edgeq_tensor.h"

typedef struct edgeq_reshape_params {
    int64_t shape[EDGEQ_MAX_RANK]; /* of y; one entry may be -1 */
} edgeq_reshape_params;

/* Fill y; return EDGEQ_OK. */
int edgeq_reshape_run(const edgeq_reshape_params *p, const edgeq_tensor *x, const edgeq_tensor *y,
                      edgeq_finding *found);

#endif
