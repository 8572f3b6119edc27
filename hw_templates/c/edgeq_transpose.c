/* SPDX-License-Identifier: MIT
 *
 * The axes of a value in another order; see edgeq_transpose.h.
 */
#include "edgeq_transpose.h"

int edgeq_transpose_run(const edgeq_transpose_params *p, const edgeq_tensor *x, const edgeq_tensor *y,
                        edgeq_finding *found) {
    const int64_t size = edgeq_size(y->rank, y->shape);
    int64_t index[EDGEQ_MAX_RANK] = {0};
    int64_t from[EDGEQ_MAX_RANK] = {0};
    (void)found;
    for (int64_t i = 0; i < size; i++) {
        for (int k = 0; k < y->rank; k++) {
            from[p->perm[k]] = index[k];
        }
        edgeq_put(y, i, edgeq_get(x, edgeq_place(x->rank, x->shape, from)));
        edgeq_advance(y->rank, y->shape, index);
    }
    return EDGEQ_OK;
}
