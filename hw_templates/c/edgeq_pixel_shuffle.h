/* SPDX-License-Identifier: MIT
 *
 * Channels moved into space: each pixel becomes a square of pixels.
 *
 *   y[c, h*factor + i, w*factor + j] = x[k, h, w]
 *   k = (c*factor + i)*factor + j for the order crd, (i*factor + j)*C + c for dcr, C the channels of y
 */
#ifndef EDGEQ_PIXEL_SHUFFLE_H
#define EDGEQ_PIXEL_SHUFFLE_H

#include "edgeq_tensor.h"

/* Where the channels of one pixel of y lie in x: in one run (crd), or one from each run of C (dcr). */
enum edgeq_pixel_order {
    EDGEQ_ORDER_CRD = 0,
    EDGEQ_ORDER_DCR = 1
};

typedef struct edgeq_pixel_shuffle_params {
    int64_t factor;
    int order;
} edgeq_pixel_shuffle_params;

/* Fill y; return EDGEQ_OK. */
int edgeq_pixel_shuffle_run(const edgeq_pixel_shuffle_params *p, const edgeq_tensor *x, const edgeq_tensor *y,
                            edgeq_finding *found);

#endif
