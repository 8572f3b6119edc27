/* SPDX-License-Identifier: MIT
 *
 * Two-dimensional convolution; see edgeq_conv2d.h.
 */
#include "edgeq_conv2d.h"

#include <stddef.h>

int edgeq_conv2d_run(const edgeq_conv2d_params *p, const edgeq_tensor *x, const edgeq_tensor *y,
                     edgeq_finding *found) {
    const int64_t *w = p->weight.shape;
    const edgeq_products products = {
        .rule = &p->weighted,
        .weight = &p->weight,
        .bias = p->has_bias ? &p->bias : NULL,
        .exact = p->exact,
        .channels = w[1],
        .kernel = {w[2], w[3]},
        .lines =
            {
                {p->stride[0], p->padding[0], p->dilation[0], 1},
                {p->stride[1], p->padding[1], p->dilation[1], 1},
            },
        .groups = p->groups,
        .w_step = {w[1] * w[2] * w[3], w[2] * w[3], w[3], 1},
        .x_shape = {x->shape[0], x->shape[1], x->shape[2]},
        .x_step = {x->shape[1] * x->shape[2], x->shape[2], 1},
        .y_shape = {y->shape[0], y->shape[1], y->shape[2]},
        .y_step = {y->shape[1] * y->shape[2], y->shape[2], 1},
    };
    return edgeq_products_run(&products, x, y, found);
}
