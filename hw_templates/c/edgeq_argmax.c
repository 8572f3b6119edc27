/* SPDX-License-Identifier: MIT
 *
 * Index of the largest code; see edgeq_argmax.h.
 */
#include "edgeq_argmax.h"

#include "edgeq_arith.h"

/* Return the index of the largest of `length` codes that begin at `first` and lie `step` apart. */
static int64_t edgeq_argmax_of(const edgeq_tensor *x, int64_t first, int64_t length, int64_t step) {
    int64_t best = edgeq_get(x, first);
    int64_t index = 0;
    for (int64_t k = 1; k < length; k++) {
        const int64_t value = edgeq_get(x, first + k * step);
        index = edgeq_index_of_larger(best, index, value, k);
        best = edgeq_larger(best, value);
    }
    return index;
}

int edgeq_argmax_run(const edgeq_argmax_params *p, const edgeq_tensor *x, const edgeq_tensor *y,
                     edgeq_finding *found) {
    const int axis = (int)(p->axis < 0 ? p->axis + x->rank : p->axis);
    const int64_t length = x->shape[axis];
    const int64_t inner = edgeq_size(x->rank - axis - 1, x->shape + axis + 1);
    const int64_t size = edgeq_size(x->rank, x->shape) / length;
    (void)found;
    for (int64_t i = 0; i < size; i++) {
        const int64_t first = i / inner * length * inner + i % inner;
        edgeq_put(y, i, edgeq_argmax_of(x, first, length, inner));
    }
    return EDGEQ_OK;
}
