/* SPDX-License-Identifier: MIT
 *
 * Probabilities of the codes along one axis of x; with d = largest - x in each row:
 *
 *   table       e = table[d];  y = clamp(floor((2^(bits+1) * e + s) / (2 * s)) + lo), s = sum(e)
 *   gemmlowp    e = table[d];  s = sum(round_shift(e, 12)), r = reciprocal of s, y from r * e
 *   tflite_s16  e interpolated in table at the scaled distance, r interpolated in reciprocal at the sum
 */
#ifndef EDGEQ_SOFTMAX_H
#define EDGEQ_SOFTMAX_H

#include "edgeq_lut.h"

enum edgeq_rule {
    EDGEQ_RULE_TABLE = 0,
    EDGEQ_RULE_GEMMLOWP = 1,
    EDGEQ_RULE_TFLITE_S16 = 2
};

typedef struct edgeq_softmax_params {
    int64_t axis; /* from the end when negative */
    int rule;
    edgeq_constant table; /* exponentials, one per distance or 513 */
    bool has_reciprocal;
    edgeq_constant reciprocal; /* 513 entries, for tflite_s16; so are the next four */
    int64_t multiplier;
    int64_t shift;
    int64_t left_shift;
    int rounding;
    edgeq_type type;
} edgeq_softmax_params;

/* Fill y, of x's shape; return EDGEQ_OK, or EDGEQ_OVERFLOW with the sum in `found` (gemmlowp). */
int edgeq_softmax_run(const edgeq_softmax_params *p, const edgeq_tensor *x, const edgeq_tensor *y,
                      edgeq_finding *found);

#endif
