/* SPDX-License-Identifier: MIT
 *
 * Sum of two values of one scale; see edgeq_add.h.
 */
#include "edgeq_add.h"

#include "edgeq_arith.h"
#include "edgeq_broadcast.h"

int edgeq_add_run(const edgeq_add_params *p, const edgeq_tensor *x1, const edgeq_tensor *x2,
                  const edgeq_tensor *y, edgeq_finding *found) {
    const int64_t size = edgeq_size(y->rank, y->shape);
    int64_t index[EDGEQ_MAX_RANK] = {0};
    for (int64_t i = 0; i < size; i++) {
        const int64_t a = edgeq_get_broadcast(x1, y, index);
        const int64_t b = edgeq_get_broadcast(x2, y, index);
        int64_t total;
        if (p->acc.bits == 64) { /* operands have at most 32 bits: nothing to narrow */
            total = edgeq_accumulate(edgeq_multiply(a, x1->zero_point, 1, 0, 0),
                                     edgeq_multiply(b, x2->zero_point, 1, 0, 0), 0, 0, EDGEQ_OVERFLOW_ERROR);
        } else {
            total = edgeq_add(a, x1->zero_point, b, x2->zero_point, p->acc.lo, p->acc.hi, p->acc_overflow);
        }
        if (p->acc_overflow == EDGEQ_OVERFLOW_ERROR && edgeq_outside(&p->acc, total, i, found)) {
            return EDGEQ_OVERFLOW;
        }
        edgeq_put(y, i, total);
        edgeq_advance(y->rank, y->shape, index);
    }
    return EDGEQ_OK;
}
