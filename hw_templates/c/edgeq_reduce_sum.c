/* SPDX-License-Identifier: MIT
 *
 * Sum over axes of a sample; see edgeq_reduce_sum.h.
 */
#include "edgeq_reduce_sum.h"

#include "edgeq_arith.h"

/* The axes of x in two parts; each part has length 1 where the other has that of x. */
typedef struct edgeq_parts {
    int64_t left[EDGEQ_MAX_RANK];
    int64_t summed[EDGEQ_MAX_RANK];
} edgeq_parts;

static edgeq_parts edgeq_split(const edgeq_reduce_sum_params *p, const edgeq_tensor *x,
                               const edgeq_tensor *y) {
    edgeq_parts parts = {{0}, {0}};
    const int count = p->keepdims ? 0 : x->rank - y->rank;
    for (int k = 0; k < x->rank; k++) {
        bool summed = p->keepdims && y->shape[k] == 1; /* an axis of length 1 may stand in either part */
        for (int a = 0; a < count; a++) {
            summed = summed || p->axes[a] == k || p->axes[a] + x->rank == k;
        }
        parts.left[k] = summed ? 1 : x->shape[k];
        parts.summed[k] = summed ? x->shape[k] : 1;
    }
    return parts;
}

/* Return where the element at the sum of two indices lies. */
static int64_t edgeq_summand(const edgeq_tensor *x, const int64_t *a, const int64_t *b) {
    int64_t at = 0;
    for (int k = 0; k < x->rank; k++) {
        at = at * x->shape[k] + a[k] + b[k];
    }
    return at;
}

int edgeq_reduce_sum_run(const edgeq_reduce_sum_params *p, const edgeq_tensor *x, const edgeq_tensor *y,
                         edgeq_finding *found) {
    const edgeq_parts parts = edgeq_split(p, x, y);
    const int64_t size = edgeq_size(x->rank, parts.left);
    const int64_t count = edgeq_size(x->rank, parts.summed);
    int64_t left[EDGEQ_MAX_RANK] = {0};
    int64_t summed[EDGEQ_MAX_RANK] = {0};
    for (int64_t i = 0; i < size; i++) {
        int64_t sum = 0;
        found->index = i;
        for (int64_t k = 0; k < count; k++) {
            const int64_t code = edgeq_get(x, edgeq_summand(x, left, summed));
            const int64_t term = edgeq_multiply(code, x->zero_point, 1, 0, 0);
            if (edgeq_add_stops(&p->acc, p->acc_overflow, &sum, term, found)) {
                return EDGEQ_OVERFLOW;
            }
            edgeq_advance(x->rank, parts.summed, summed);
        }
        edgeq_put(y, i, sum);
        edgeq_advance(x->rank, parts.left, left);
    }
    return EDGEQ_OK;
}
