/* SPDX-License-Identifier: MIT
 *
 * Codes of uint8 pixels (C, ..): the quantization `table` of a network's input.
 *
 *   y[c,..] = table[c][pixels[c,..]]
 *
 * table is (C, 256), or (1, 256) for all channels alike.
 */
#ifndef EDGEQ_TABLE_H
#define EDGEQ_TABLE_H

#include "edgeq_tensor.h"

/* Fill y. */
void edgeq_table_run(const edgeq_constant *table, const uint8_t *pixels, const edgeq_tensor *y);

#endif
