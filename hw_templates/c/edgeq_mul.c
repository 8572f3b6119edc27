/* SPDX-License-Identifier: MIT
 *
 * Product of two values; see edgeq_mul.h.
 */
#include "edgeq_mul.h"

#include "edgeq_arith.h"
#include "edgeq_broadcast.h"

int edgeq_mul_run(const edgeq_mul_params *p, const edgeq_tensor *x1, const edgeq_tensor *x2,
                  const edgeq_tensor *y, edgeq_finding *found) {
    const int64_t size = edgeq_size(y->rank, y->shape);
    int64_t index[EDGEQ_MAX_RANK] = {0};
    for (int64_t i = 0; i < size; i++) {
        const int64_t a = edgeq_get_broadcast(x1, y, index);
        const int64_t b = edgeq_get_broadcast(x2, y, index);
        int64_t total;
        if (p->acc.bits == 64) { /* holds every product: nothing to narrow */
            total = edgeq_centred_product(a, x1->zero_point, b, x2->zero_point);
        } else {
            total = edgeq_multiply_codes(a, x1->zero_point, b, x2->zero_point, p->acc.lo, p->acc.hi,
                                    p->acc_overflow);
        }
        if (p->acc_overflow == EDGEQ_OVERFLOW_ERROR && edgeq_outside(&p->acc, total, i, found)) {
            return EDGEQ_OVERFLOW;
        }
        edgeq_put(y, i, total);
        edgeq_advance(y->rank, y->shape, index);
    }
    return EDGEQ_OK;
}
