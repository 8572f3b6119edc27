/* SPDX-License-Identifier: MIT
 *
 * Each code repeated down and across.
 *
 *   y[c, oh, ow] = x[c, oh / factors[0], ow / factors[1]]
 */
#ifndef EDGEQ_UPSAMPLE_H
#define EDGEQ_UPSAMPLE_H

#include "edgeq_tensor.h"

typedef struct edgeq_upsample_params {
    int64_t factors[2]; /* rows, columns */
} edgeq_upsample_params;

/* Fill y; return EDGEQ_OK. */
int edgeq_upsample_run(const edgeq_upsample_params *p, const edgeq_tensor *x, const edgeq_tensor *y,
                       edgeq_finding *found);

#endif
