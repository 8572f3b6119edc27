/* SPDX-License-Identifier: MIT
 *
 * What leaky_relu and prelu share: a change of scale on each side of the zero point of x.
 *
 *   y = requantize(x, ..)                                  where x >= x_zero_point
 *   y = requantize(x, negative ..)                         below, or with slopes
 *   y = requantize((x - x_zero_point) * (alpha[c] - alpha_zero_point), negative ..)
 */
#ifndef EDGEQ_SIDED_H
#define EDGEQ_SIDED_H

#include "edgeq_requantize.h"

typedef struct edgeq_sided {
    edgeq_constant multiplier; /* one value, or one per channel along axis; so are the next five */
    edgeq_constant shift;
    edgeq_constant negative_multiplier;
    edgeq_constant negative_shift;
    edgeq_constant left_shift;
    edgeq_constant negative_left_shift;
    int rounding;
    int64_t zero_point;
    edgeq_type type;
    int overflow;
    bool has_clamp;
    int64_t clamp[2]; /* smallest and largest code */
    bool has_axis;    /* else the channel axis of x */
    int64_t axis;
} edgeq_sided;

/* Slopes below the zero point. */
typedef struct edgeq_slopes {
    const edgeq_constant *alpha; /* NULL for none */
    int64_t zero_point;
} edgeq_slopes;

/* Fill y, of x's shape; `wide` says of the side above and of that below whether products pass 63 bits.
 * Return EDGEQ_OK, or EDGEQ_OVERFLOW with the place in `found`. */
int edgeq_sided_run(const edgeq_sided *p, const bool *wide, edgeq_slopes slopes, const edgeq_tensor *x,
                    const edgeq_tensor *y, edgeq_finding *found);

#endif
