/* SPDX-License-Identifier: MIT
 *
 * A border of one code around a value.
 *
 *   y[i] = x[i - before] inside, else value
 */
#ifndef EDGEQ_PAD_H
#define EDGEQ_PAD_H

#include "edgeq_tensor.h"

typedef struct edgeq_pad_params {
    int64_t before[EDGEQ_MAX_RANK]; /* one entry per axis of x */
    int64_t after[EDGEQ_MAX_RANK];
    bool has_value; /* else the zero point of x */
    int64_t value;
} edgeq_pad_params;

/* Fill y; return EDGEQ_OK. */
int edgeq_pad_run(const edgeq_pad_params *p, const edgeq_tensor *x, const edgeq_tensor *y,
                  edgeq_finding *found);

#endif
