/* SPDX-License-Identifier: MIT
 *
 * One-dimensional convolution; see edgeq_conv1d.h.
 */
#include "edgeq_conv1d.h"

#include <stddef.h>

int edgeq_conv1d_run(const edgeq_conv1d_params *p, const edgeq_tensor *x, const edgeq_tensor *y,
                     edgeq_finding *found) {
    const int64_t *w = p->weight.shape;
    const edgeq_products products = {
        .rule = &p->weighted,
        .weight = &p->weight,
        .bias = p->has_bias ? &p->bias : NULL,
        .exact = p->exact,
        .channels = w[1],
        .kernel = {1, w[2]},
        .lines =
            {
                {1, 0, 1, 1},
                {p->stride, p->padding[0], p->dilation, 1},
            },
        .groups = p->groups,
        .w_step = {w[1] * w[2], w[2], 0, 1},
        .x_shape = {x->shape[0], 1, x->shape[1]},
        .x_step = {x->shape[1], 0, 1},
        .y_shape = {y->shape[0], 1, y->shape[1]},
        .y_step = {y->shape[1], 0, 1},
    };
    return edgeq_products_run(&products, x, y, found);
}
