/* SPDX-License-Identifier: MIT
 *
 * Probabilities of the codes along one axis; see edgeq_softmax.h.
 */
#include "edgeq_softmax.h"

#include "edgeq_arith.h"

/* One row: `count` codes, the first at `start`, `step` apart. */
typedef struct edgeq_row {
    int64_t start;
    int64_t count;
    int64_t step;
    int64_t largest;
    int64_t sum;
} edgeq_row;

/* Return the largest code of a row. */
static int64_t edgeq_row_largest(const edgeq_tensor *x, const edgeq_row *row) {
    int64_t best = x->type.lo;
    for (int64_t k = 0; k < row->count; k++) {
        /* no less than best */
        best = edgeq_saturate(edgeq_get(x, row->start + k * row->step), best, x->type.hi);
    }
    return best;
}

/* Return the exponential of element k of a row. */
static int64_t edgeq_exponential(const edgeq_softmax_params *p, const edgeq_tensor *x, const edgeq_row *row,
                                 int64_t k) {
    const int64_t code = edgeq_get(x, row->start + k * row->step);
    if (p->rule != EDGEQ_RULE_TFLITE_S16) {
        return edgeq_entry(&p->table, edgeq_softmax_distance(row->largest, code));
    }
    const int64_t scaled = edgeq_requantize(code, row->largest, p->multiplier, p->left_shift, p->shift,
                                            p->rounding, INT16_MAX, INT16_MIN, INT16_MAX,
                                            EDGEQ_OVERFLOW_SATURATE, INT16_MIN, INT16_MAX);
    return edgeq_interpolated(&p->table, EDGEQ_INTERPOLATION_TFLITE, scaled);
}

/* Return the sum of a row's exponentials. */
static int64_t edgeq_row_sum(const edgeq_softmax_params *p, const edgeq_tensor *x, const edgeq_row *row) {
    int64_t sum = 0;
    for (int64_t k = 0; k < row->count; k++) {
        const int64_t e = edgeq_exponential(p, x, row, k);
        const int64_t term = p->rule == EDGEQ_RULE_GEMMLOWP ? edgeq_softmax_term(e) : e;
        /* under the rule `error` the sum is left as it is */
        sum = edgeq_accumulate(sum, term, 0, 0, EDGEQ_OVERFLOW_ERROR);
    }
    return sum;
}

/* Return what exponentials are multiplied by; 0 where they are divided by the sum. */
static int64_t edgeq_row_reciprocal(const edgeq_softmax_params *p, const edgeq_row *row) {
    if (p->rule == EDGEQ_RULE_GEMMLOWP) {
        return edgeq_softmax_reciprocal(row->sum);
    }
    if (p->rule == EDGEQ_RULE_TFLITE_S16) {
        return edgeq_interpolated(&p->reciprocal, EDGEQ_INTERPOLATION_TFLITE,
                                  edgeq_softmax_s16_fraction(row->sum));
    }
    return 0;
}

/* Return the code of one exponential. */
static int64_t edgeq_share(const edgeq_softmax_params *p, int64_t e, int64_t reciprocal, int64_t sum) {
    if (p->rule == EDGEQ_RULE_TFLITE_S16) {
        return edgeq_softmax_s16(e, reciprocal, sum);
    }
    if (p->rule == EDGEQ_RULE_GEMMLOWP) {
        return edgeq_softmax_gemmlowp(e, reciprocal, sum, p->type.bits, p->type.lo, p->type.hi);
    }
    return edgeq_softmax_table(e, sum, p->type.bits, p->type.lo, p->type.hi);
}

int edgeq_softmax_run(const edgeq_softmax_params *p, const edgeq_tensor *x, const edgeq_tensor *y,
                      edgeq_finding *found) {
    const int axis = (int)(p->axis < 0 ? p->axis + x->rank : p->axis);
    const int64_t inner = edgeq_size(x->rank - axis - 1, x->shape + axis + 1);
    const int64_t outer = edgeq_size(axis, x->shape);
    const int64_t bits = p->type.bits == 8 ? 28 : 31; /* past them gemmlowp's result has no meaning */
    const edgeq_type sums = {bits, false, 0, ((int64_t)1 << bits) - 1};
    for (int64_t i = 0; i < outer * inner; i++) {
        edgeq_row row = {i / inner * x->shape[axis] * inner + i % inner, x->shape[axis], inner, 0, 0};
        row.largest = edgeq_row_largest(x, &row);
        row.sum = edgeq_row_sum(p, x, &row);
        if (p->rule == EDGEQ_RULE_GEMMLOWP && edgeq_outside(&sums, row.sum, row.start, found)) {
            return EDGEQ_OVERFLOW;
        }
        const int64_t reciprocal = edgeq_row_reciprocal(p, &row);
        for (int64_t k = 0; k < row.count; k++) {
            const int64_t e = edgeq_exponential(p, x, &row, k);
            edgeq_put(y, row.start + k * row.step, edgeq_share(p, e, reciprocal, row.sum));
        }
    }
    return EDGEQ_OK;
}
