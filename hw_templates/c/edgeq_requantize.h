/* SPDX-License-Identifier: MIT
 *
 * Change of scale, zero point and type; the only op that multiplies by a scale.
 *
 *   t = round_shift(((x - x_zero_point) << left_shift) * multiplier, shift, rounding) + zero_point
 *   y = clamp(overflow(t, type))
 */
#ifndef EDGEQ_REQUANTIZE_H
#define EDGEQ_REQUANTIZE_H

#include "edgeq_tensor.h"

typedef struct edgeq_requantize_params {
    edgeq_constant multiplier; /* one value, or one per channel along axis; shift and left_shift likewise */
    edgeq_constant shift;
    edgeq_constant left_shift;
    int rounding;
    int64_t zero_point;
    edgeq_type type;
    int overflow;
    bool has_clamp;
    int64_t clamp[2]; /* smallest and largest code */
    bool has_axis;    /* else the channel axis of x */
    int64_t axis;
    bool wide; /* products pass 63 bits: they are split in two exact halves */
} edgeq_requantize_params;

/* Store the code of one value of channel c as element i of y; return true when that stops the run. */
bool edgeq_requantize_stops(const edgeq_requantize_params *p, int64_t x, int64_t x_zero_point, int64_t c,
                            const edgeq_tensor *y, int64_t i, edgeq_finding *found);

/* Fill y, of x's shape; return EDGEQ_OK, or EDGEQ_OVERFLOW with the place in `found`. */
int edgeq_requantize_run(const edgeq_requantize_params *p, const edgeq_tensor *x, const edgeq_tensor *y,
                         edgeq_finding *found);

#endif
