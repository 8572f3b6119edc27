/* SPDX-License-Identifier: MIT
 *
 * Fully connected layer: a 1x1 convolution of one column whose rows are those of x; see edgeq_linear.h.
 */
#include "edgeq_linear.h"

#include <stddef.h>

int edgeq_linear_run(const edgeq_linear_params *p, const edgeq_tensor *x, const edgeq_tensor *y,
                     edgeq_finding *found) {
    const int64_t out = p->weight.shape[0];
    const int64_t in = p->weight.shape[1];
    const int64_t rows = edgeq_size(x->rank - 1, x->shape);
    const edgeq_products products = {
        .rule = &p->weighted,
        .weight = &p->weight,
        .bias = p->has_bias ? &p->bias : NULL,
        .exact = p->exact,
        .channels = in,
        .kernel = {1, 1},
        .lines = {{1, 0, 1, 1}, {1, 0, 1, 1}},
        .groups = 1,
        .w_step = {in, 1, 0, 0},
        .x_shape = {in, rows, 1},
        .x_step = {1, in, 1},
        .y_shape = {out, rows, 1},
        .y_step = {1, out, 1},
    };
    return edgeq_products_run(&products, x, y, found);
}
