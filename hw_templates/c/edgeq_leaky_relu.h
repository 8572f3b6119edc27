/* SPDX-License-Identifier: MIT
 *
 * Change of scale with another slope below zero; edgeq_sided.h states the formula.
 */
#ifndef EDGEQ_LEAKY_RELU_H
#define EDGEQ_LEAKY_RELU_H

#include "edgeq_sided.h"

typedef struct edgeq_leaky_relu_params {
    edgeq_sided sided;
    bool positive_wide; /* products of the side pass 63 bits: they are split in two exact halves */
    bool negative_wide;
} edgeq_leaky_relu_params;

/* Fill y, of x's shape; return EDGEQ_OK, or EDGEQ_OVERFLOW with the place in `found`. */
int edgeq_leaky_relu_run(const edgeq_leaky_relu_params *p, const edgeq_tensor *x, const edgeq_tensor *y,
                         edgeq_finding *found);

#endif
