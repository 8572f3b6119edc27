/* SPDX-License-Identifier: MIT
 *
 * Codes of uint8 pixels; see edgeq_table.h.
 */
#include "edgeq_table.h"

void edgeq_table_run(const edgeq_constant *table, const uint8_t *pixels, const edgeq_tensor *y) {
    const int64_t size = edgeq_size(y->rank, y->shape);
    const int64_t inner = y->rank == 0 ? 1 : size / y->shape[0];
    for (int64_t i = 0; i < size; i++) {
        const int64_t row = table->shape[0] == 1 ? 0 : i / inner;
        edgeq_put(y, i, edgeq_load(table->data, table->element, row * 256 + pixels[i]));
    }
}
