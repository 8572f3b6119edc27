/* SPDX-License-Identifier: MIT
 *
 * Change of scale with another slope below zero; see edgeq_leaky_relu.h.
 */
#include "edgeq_leaky_relu.h"

#include <stddef.h>

int edgeq_leaky_relu_run(const edgeq_leaky_relu_params *p, const edgeq_tensor *x, const edgeq_tensor *y,
                         edgeq_finding *found) {
    const bool wide[2] = {p->positive_wide, p->negative_wide};
    const edgeq_slopes none = {NULL, 0};
    return edgeq_sided_run(&p->sided, wide, none, x, y, found);
}
