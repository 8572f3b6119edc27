/* SPDX-License-Identifier: MIT
 *
 * Product of two matrices that both vary; see edgeq_matmul.h.
 */
#include "edgeq_matmul.h"

#include <stddef.h>

/* Return the matrix of x that broadcasts to `lead` of y. */
static void *edgeq_matrix(const edgeq_tensor *x, int lead_rank, const int64_t *lead) {
    const int own = x->rank - 2;
    int64_t at = 0;
    for (int k = 0; k < own; k++) {
        at = at * x->shape[k] + (x->shape[k] == 1 ? 0 : lead[lead_rank - own + k]);
    }
    const int64_t size = x->shape[own] * x->shape[own + 1];
    return (uint8_t *)x->data + at * size * edgeq_element_bytes(x->element);
}

int edgeq_matmul_run(const edgeq_matmul_params *p, const edgeq_tensor *x1, const edgeq_tensor *x2,
                     const edgeq_tensor *y, edgeq_finding *found) {
    const int lead_rank = y->rank - 2;
    const int64_t rows = y->shape[lead_rank];
    const int64_t columns = y->shape[lead_rank + 1];
    const int64_t terms = x1->shape[p->transpose1 ? x1->rank - 2 : x1->rank - 1];
    const edgeq_weighted rule = {
        .weight_zero_point = {&x2->zero_point, EDGEQ_INT64, 0, {0}},
        .acc = p->acc,
        .acc_overflow = p->acc_overflow,
        .acc_order = EDGEQ_ACC_ORDER_IC,
        .acc_bias = EDGEQ_ACC_BIAS_FIRST,
        .acc_lanes = p->acc_lanes,
        .has_acc_product = p->has_acc_product,
        .acc_product = p->acc_product,
    };
    edgeq_constant weight = {x2->data, x2->element, 2, {columns, terms}};
    edgeq_tensor x = *x1;
    const edgeq_products products = {
        .rule = &rule,
        .weight = &weight,
        .bias = NULL,
        .exact = p->exact,
        .channels = terms,
        .kernel = {1, 1},
        .lines = {{1, 0, 1, 1}, {1, 0, 1, 1}},
        .groups = 1,
        .w_step = {p->transpose2 ? terms : 1, p->transpose2 ? 1 : columns, 0, 0},
        .x_shape = {terms, rows, 1},
        .x_step = {p->transpose1 ? rows : 1, p->transpose1 ? 1 : terms, 0},
        .y_shape = {columns, rows, 1},
        .y_step = {1, columns, 0},
    };
    const int64_t pairs = edgeq_size(lead_rank, y->shape);
    int64_t lead[EDGEQ_MAX_RANK] = {0};
    for (int64_t pair = 0; pair < pairs; pair++) {
        edgeq_tensor part = *y;
        const int64_t first = pair * rows * columns;
        part.data = (uint8_t *)y->data + first * edgeq_element_bytes(y->element);
        x.data = edgeq_matrix(x1, lead_rank, lead);
        weight.data = edgeq_matrix(x2, lead_rank, lead);
        if (edgeq_products_run(&products, &x, &part, found) != EDGEQ_OK) {
            found->index += first;
            return EDGEQ_OVERFLOW;
        }
        edgeq_advance(lead_rank, y->shape, lead);
    }
    return EDGEQ_OK;
}
