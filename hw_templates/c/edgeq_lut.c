/* SPDX-License-Identifier: MIT
 *
 * Function of one code, read from a table; see edgeq_lut.h.
 */
#include "edgeq_lut.h"

#include "edgeq_arith.h"

int64_t edgeq_interpolated(const edgeq_constant *table, int interpolation, int64_t x) {
    const int64_t j = edgeq_interpolation_index(x);
    const int64_t entry = edgeq_entry(table, j);
    const int64_t following = edgeq_entry(table, j + 1);
    if (interpolation == EDGEQ_INTERPOLATION_TOSA) {
        return edgeq_interpolate(x, entry, following);
    }
    return edgeq_interpolate_rounded(x, entry, following);
}

int edgeq_lut_run(const edgeq_lut_params *p, const edgeq_tensor *x, const edgeq_tensor *y,
                  edgeq_finding *found) {
    const int64_t size = edgeq_size(x->rank, x->shape);
    (void)found;
    for (int64_t i = 0; i < size; i++) {
        const int64_t code = edgeq_get(x, i);
        if (p->has_interpolation) {
            edgeq_put(y, i, edgeq_interpolated(&p->table, p->interpolation, code));
        } else {
            edgeq_put(y, i, edgeq_entry(&p->table, edgeq_lookup_index(code, x->type.lo)));
        }
    }
    return EDGEQ_OK;
}
