/* SPDX-License-Identifier: MIT
 *
 * Values one behind the other along an axis.
 *
 *   y[.., start_k + i, ..] = x_k[.., i, ..], start_k the length of all before x_k
 */
#ifndef EDGEQ_CONCAT_H
#define EDGEQ_CONCAT_H

#include "edgeq_tensor.h"

typedef struct edgeq_concat_params {
    int64_t axis; /* counted from the end when negative */
} edgeq_concat_params;

/* Fill y from `count` values; return EDGEQ_OK. */
int edgeq_concat_run(const edgeq_concat_params *p, const edgeq_tensor *const *xs, int count,
                     const edgeq_tensor *y, edgeq_finding *found);

#endif
