/* SPDX-License-Identifier: MIT
 *
 * Change of scale with a slope per channel below zero; see edgeq_prelu.h.
 */
#include "edgeq_prelu.h"

int edgeq_prelu_run(const edgeq_prelu_params *p, const edgeq_tensor *x, const edgeq_tensor *y,
                    edgeq_finding *found) {
    const bool wide[2] = {p->positive_wide, p->negative_wide};
    const edgeq_slopes slopes = {&p->alpha, p->alpha_zero_point};
    return edgeq_sided_run(&p->sided, wide, slopes, x, y, found);
}
