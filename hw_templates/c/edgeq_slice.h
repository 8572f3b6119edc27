/* SPDX-License-Identifier: MIT
 *
 * A regular part of a value along each axis.
 *
 *   y[i] = x[start + i * step]
 */
#ifndef EDGEQ_SLICE_H
#define EDGEQ_SLICE_H

#include "edgeq_tensor.h"

typedef struct edgeq_slice_params {
    int64_t start[EDGEQ_MAX_RANK]; /* one entry per axis of x */
    int64_t stop[EDGEQ_MAX_RANK];  /* the shape of y tells as much */
    int64_t step[EDGEQ_MAX_RANK];
} edgeq_slice_params;

/* Fill y; return EDGEQ_OK. */
int edgeq_slice_run(const edgeq_slice_params *p, const edgeq_tensor *x, const edgeq_tensor *y,
                    edgeq_finding *found);

#endif
