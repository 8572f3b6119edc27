/* SPDX-License-Identifier: MIT
 *
 * A change of scale on each side of the zero point; see edgeq_sided.h.
 */
#include "edgeq_sided.h"

#include <stddef.h>

#include "edgeq_arith.h"

/* Return the change of scale of one side. */
static edgeq_requantize_params edgeq_side(const edgeq_sided *p, bool below, bool wide) {
    edgeq_requantize_params side = {
        .multiplier = below ? p->negative_multiplier : p->multiplier,
        .shift = below ? p->negative_shift : p->shift,
        .left_shift = below ? p->negative_left_shift : p->left_shift,
        .rounding = p->rounding,
        .zero_point = p->zero_point,
        .type = p->type,
        .overflow = p->overflow,
        .has_clamp = p->has_clamp,
        .clamp = {p->clamp[0], p->clamp[1]},
        .wide = wide,
    };
    return side;
}

int edgeq_sided_run(const edgeq_sided *p, const bool *wide, edgeq_slopes slopes, const edgeq_tensor *x,
                    const edgeq_tensor *y, edgeq_finding *found) {
    const edgeq_requantize_params sides[2] = {edgeq_side(p, false, wide[0]), edgeq_side(p, true, wide[1])};
    const int64_t size = edgeq_size(x->rank, x->shape);
    for (int64_t i = 0; i < size; i++) {
        const int64_t c = edgeq_channel(x, p->has_axis, p->axis, i);
        const int64_t below = edgeq_is_below(edgeq_get(x, i), x->zero_point);
        int64_t value = edgeq_get(x, i);
        int64_t origin = x->zero_point;
        if (below == 1 && slopes.alpha != NULL) {
            value = edgeq_multiply(value, origin, edgeq_of_channel(slopes.alpha, c), slopes.zero_point, 0);
            origin = 0;
        }
        if (edgeq_requantize_stops(&sides[below], value, origin, c, y, i, found)) {
            return EDGEQ_OVERFLOW;
        }
    }
    return EDGEQ_OK;
}
