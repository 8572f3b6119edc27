/* SPDX-License-Identifier: MIT
 *
 * Change of scale with a slope per channel below zero; edgeq_sided.h states the formula.
 */
#ifndef EDGEQ_PRELU_H
#define EDGEQ_PRELU_H

#include "edgeq_sided.h"

typedef struct edgeq_prelu_params {
    edgeq_constant alpha; /* one value, or one per channel along axis */
    int64_t alpha_zero_point;
    edgeq_sided sided;
    bool positive_wide; /* products of the side pass 63 bits: they are split in two exact halves */
    bool negative_wide;
} edgeq_prelu_params;

/* Fill y, of x's shape; return EDGEQ_OK, or EDGEQ_OVERFLOW with the place in `found`. */
int edgeq_prelu_run(const edgeq_prelu_params *p, const edgeq_tensor *x, const edgeq_tensor *y,
                    edgeq_finding *found);

#endif
