/* SPDX-License-Identifier: MIT
 *
 * Function of one code, read from a table.
 *
 *   y = table[x - qmin]
 *
 * With interpolation x has 16 bits, the table 513 entries, and with j = (x + 2^15) >> 7, f = x & 127
 *
 *   t = (table[j] << 7) + (table[j + 1] - table[j]) * f
 *
 * `tosa` gives t, `tflite` gives t / 2^7 rounded ties up.
 */
#ifndef EDGEQ_LUT_H
#define EDGEQ_LUT_H

#include "edgeq_tensor.h"

enum edgeq_interpolation {
    EDGEQ_INTERPOLATION_TOSA = 0,
    EDGEQ_INTERPOLATION_TFLITE = 1
};

typedef struct edgeq_lut_params {
    edgeq_constant table; /* one entry per code of x, or 513 */
    edgeq_type type;
    int64_t zero_point;
    bool has_interpolation; /* else an entry per code */
    int interpolation;
} edgeq_lut_params;

/* Return entry `index` of a table of one axis. */
static inline int64_t edgeq_entry(const edgeq_constant *table, int64_t index) {
    return edgeq_load(table->data, table->element, index);
}

/* Return the value at a 16-bit x on the lines through a table of 513 entries. */
int64_t edgeq_interpolated(const edgeq_constant *table, int interpolation, int64_t x);

/* Fill y, of x's shape; return EDGEQ_OK. */
int edgeq_lut_run(const edgeq_lut_params *p, const edgeq_tensor *x, const edgeq_tensor *y,
                  edgeq_finding *found);

#endif
