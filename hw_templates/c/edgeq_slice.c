/* SPDX-License-Identifier: MIT
 *
 * A regular part of a value; see edgeq_slice.h.
 */
#include "edgeq_slice.h"

int edgeq_slice_run(const edgeq_slice_params *p, const edgeq_tensor *x, const edgeq_tensor *y,
                    edgeq_finding *found) {
    const int64_t size = edgeq_size(y->rank, y->shape);
    int64_t index[EDGEQ_MAX_RANK] = {0};
    int64_t from[EDGEQ_MAX_RANK] = {0};
    (void)found;
    for (int64_t i = 0; i < size; i++) {
        for (int k = 0; k < y->rank; k++) {
            from[k] = p->start[k] + index[k] * p->step[k];
        }
        edgeq_put(y, i, edgeq_get(x, edgeq_place(x->rank, x->shape, from)));
        edgeq_advance(y->rank, y->shape, index);
    }
    return EDGEQ_OK;
}
