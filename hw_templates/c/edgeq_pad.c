/* SPDX-License-Identifier: MIT
 *
 * A border of one code around a value; see edgeq_pad.h.
 */
#include "edgeq_pad.h"

/* Return the code at `index` of the padded value. */
static int64_t edgeq_padded(const edgeq_pad_params *p, const edgeq_tensor *x, const int64_t *index) {
    int64_t at = 0;
    for (int k = 0; k < x->rank; k++) {
        const int64_t inside = index[k] - p->before[k];
        if (inside < 0 || inside >= x->shape[k]) {
            return p->has_value ? p->value : x->zero_point;
        }
        at = at * x->shape[k] + inside;
    }
    return edgeq_get(x, at);
}

int edgeq_pad_run(const edgeq_pad_params *p, const edgeq_tensor *x, const edgeq_tensor *y,
                  edgeq_finding *found) {
    const int64_t size = edgeq_size(y->rank, y->shape);
    int64_t index[EDGEQ_MAX_RANK] = {0};
    (void)found;
    for (int64_t i = 0; i < size; i++) {
        edgeq_put(y, i, edgeq_padded(p, x, index));
        edgeq_advance(y->rank, y->shape, index);
    }
    return EDGEQ_OK;
}
