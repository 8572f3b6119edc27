/* SPDX-License-Identifier: MIT
 *
 * Image of another size; see edgeq_resize_bilinear.h.
 */
#include "edgeq_resize_bilinear.h"

#include "edgeq_arith.h"

/* Where a sample lies along one axis: the indices on both sides, and the weight of the second. */
typedef struct edgeq_sample {
    int64_t near;
    int64_t far;
    int64_t weight;
} edgeq_sample;

/* Return `index` moved into 0 .. size - 1. */
static int64_t edgeq_inside(int64_t index, int64_t size) {
    return index < 0 ? 0 : (index < size ? index : size - 1);
}

/* Return where sample `place` of axis k (0 rows, 1 columns) lies. */
static edgeq_sample edgeq_sample_at(const edgeq_resize_bilinear_params *p, const edgeq_tensor *x, int k,
                                    int64_t place) {
    const int64_t index = edgeq_source_index(place, p->denominator[k], p->offset[k], p->numerator[k]);
    const edgeq_sample found = {
        edgeq_inside(index, x->shape[k + 1]), edgeq_inside(index + 1, x->shape[k + 1]),
        edgeq_source_weight(place, p->denominator[k], p->offset[k], p->numerator[k])};
    return found;
}

/* Return the value of channel c at a row and a column. */
static int64_t edgeq_resized(const edgeq_resize_bilinear_params *p, const edgeq_tensor *x, int64_t c,
                             const edgeq_sample *row, const edgeq_sample *column) {
    const int64_t top = (c * x->shape[1] + row->near) * x->shape[2];
    const int64_t bottom = (c * x->shape[1] + row->far) * x->shape[2];
    const int64_t a = edgeq_get(x, top + column->near);
    const int64_t b = edgeq_get(x, top + column->far);
    const int64_t d = edgeq_get(x, bottom + column->near);
    const int64_t e = edgeq_get(x, bottom + column->far);
    if (p->acc.bits == 64) { /* holds every value: nothing to narrow */
        return edgeq_bilinear(a, b, d, e, x->zero_point, row->weight, p->numerator[0], column->weight,
                              p->numerator[1]);
    }
    return edgeq_resize_codes(a, b, d, e, x->zero_point, row->weight, p->numerator[0], column->weight,
                              p->numerator[1], p->acc.lo, p->acc.hi, p->acc_overflow);
}

int edgeq_resize_bilinear_run(const edgeq_resize_bilinear_params *p, const edgeq_tensor *x,
                              const edgeq_tensor *y, edgeq_finding *found) {
    int64_t i = 0;
    for (int64_t c = 0; c < y->shape[0]; c++) {
        for (int64_t oh = 0; oh < y->shape[1]; oh++) {
            const edgeq_sample row = edgeq_sample_at(p, x, 0, oh);
            for (int64_t ow = 0; ow < y->shape[2]; ow++) {
                const edgeq_sample column = edgeq_sample_at(p, x, 1, ow);
                const int64_t value = edgeq_resized(p, x, c, &row, &column);
                if (p->acc_overflow == EDGEQ_OVERFLOW_ERROR && edgeq_outside(&p->acc, value, i, found)) {
                    return EDGEQ_OVERFLOW;
                }
                edgeq_put(y, i++, value);
            }
        }
    }
    return EDGEQ_OK;
}
