/* SPDX-License-Identifier: MIT
 *
 * Codes limited to a range; see edgeq_clamp.h.
 */
#include "edgeq_clamp.h"

#include "edgeq_arith.h"

int edgeq_clamp_run(const edgeq_clamp_params *p, const edgeq_tensor *x, const edgeq_tensor *y,
                    edgeq_finding *found) {
    const int64_t size = edgeq_size(x->rank, x->shape);
    (void)found;
    for (int64_t i = 0; i < size; i++) {
        edgeq_put(y, i, edgeq_saturate(edgeq_get(x, i), p->lo, p->hi));
    }
    return EDGEQ_OK;
}
