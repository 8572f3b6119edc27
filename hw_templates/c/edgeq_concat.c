/* SPDX-License-Identifier: MIT
 *
 * Values one behind the other; see edgeq_concat.h.
 */
#include "edgeq_concat.h"

/* Copy x into y from `start` on along `axis`. */
static void edgeq_copy_behind(const edgeq_tensor *x, const edgeq_tensor *y, int axis, int64_t start) {
    const int64_t size = edgeq_size(x->rank, x->shape);
    int64_t index[EDGEQ_MAX_RANK] = {0};
    for (int64_t i = 0; i < size; i++) {
        int64_t to[EDGEQ_MAX_RANK];
        memcpy(to, index, sizeof to);
        to[axis] += start;
        edgeq_put(y, edgeq_place(y->rank, y->shape, to), edgeq_get(x, i));
        edgeq_advance(x->rank, x->shape, index);
    }
}

int edgeq_concat_run(const edgeq_concat_params *p, const edgeq_tensor *const *xs, int count,
                     const edgeq_tensor *y, edgeq_finding *found) {
    const int axis = (int)(p->axis < 0 ? p->axis + y->rank : p->axis);
    int64_t start = 0;
    (void)found;
    for (int k = 0; k < count; k++) {
        edgeq_copy_behind(xs[k], y, axis, start);
        start += xs[k]->shape[axis];
    }
    return EDGEQ_OK;
}
