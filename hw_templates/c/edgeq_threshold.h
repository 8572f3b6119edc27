/* SPDX-License-Identifier: MIT
 *
 * Count of thresholds that a value meets, as a code.
 *
 *   y = start + step * count, count of k with x >= thresholds[c][k], or x <= where direction[c] is -1
 */
#ifndef EDGEQ_THRESHOLD_H
#define EDGEQ_THRESHOLD_H

#include "edgeq_tensor.h"

typedef struct edgeq_threshold_params {
    edgeq_constant thresholds; /* (C, K), or (K) for all channels */
    edgeq_constant direction;  /* +1 or -1, one value or one per channel */
    int64_t start;
    int64_t step;
    edgeq_type type;
    int64_t zero_point;
    bool has_axis; /* else the channel axis of x */
    int64_t axis;
} edgeq_threshold_params;

/* Fill y, of x's shape; return EDGEQ_OK. */
int edgeq_threshold_run(const edgeq_threshold_params *p, const edgeq_tensor *x, const edgeq_tensor *y,
                        edgeq_finding *found);

#endif
