/* SPDX-License-Identifier: MIT
 *
 * The smaller code of two values; see edgeq_minimum.h.
 */
#include "edgeq_minimum.h"

#include "edgeq_arith.h"
#include "edgeq_broadcast.h"

int edgeq_minimum_run(const edgeq_minimum_params *p, const edgeq_tensor *x1, const edgeq_tensor *x2,
                      const edgeq_tensor *y, edgeq_finding *found) {
    const int64_t size = edgeq_size(y->rank, y->shape);
    int64_t index[EDGEQ_MAX_RANK] = {0};
    (void)p;
    (void)found;
    for (int64_t i = 0; i < size; i++) {
        const int64_t a = edgeq_get_broadcast(x1, y, index);
        const int64_t b = edgeq_get_broadcast(x2, y, index);
        edgeq_put(y, i, edgeq_smaller(a, b));
        edgeq_advance(y->rank, y->shape, index);
    }
    return EDGEQ_OK;
}
