/* SPDX-License-Identifier: MIT
 *
 * The values of a sample in another shape; see edgeq_reshape.h.
 */
#include "edgeq_reshape.h"

int edgeq_reshape_run(const edgeq_reshape_params *p, const edgeq_tensor *x, const edgeq_tensor *y,
                      edgeq_finding *found) {
    const int64_t size = edgeq_size(x->rank, x->shape);
    (void)p;
    (void)found;
    for (int64_t i = 0; i < size; i++) {
        edgeq_put(y, i, edgeq_get(x, i));
    }
    return EDGEQ_OK;
}
