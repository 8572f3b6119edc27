/* SPDX-License-Identifier: MIT
 *
 * Count of thresholds that a value meets; see edgeq_threshold.h.
 */
#include "edgeq_threshold.h"

#include "edgeq_arith.h"

/* Return how many thresholds of channel c a value meets. */
static int64_t edgeq_count_met(const edgeq_threshold_params *p, int64_t x, int64_t c) {
    const edgeq_constant *table = &p->thresholds;
    const int64_t entries = table->shape[table->rank - 1];
    const int64_t first = table->rank == 1 ? 0 : c * entries;
    const int64_t direction = edgeq_of_channel(&p->direction, c);
    int64_t count = 0;
    for (int64_t k = 0; k < entries; k++) {
        const int64_t threshold = edgeq_load(table->data, table->element, first + k);
        /* under the rule `error` the count is left as it is */
        count = edgeq_accumulate(count, edgeq_passes_threshold(x, threshold, direction), 0, 0,
                                 EDGEQ_OVERFLOW_ERROR);
    }
    return count;
}

int edgeq_threshold_run(const edgeq_threshold_params *p, const edgeq_tensor *x, const edgeq_tensor *y,
                        edgeq_finding *found) {
    const int64_t size = edgeq_size(x->rank, x->shape);
    (void)found;
    for (int64_t i = 0; i < size; i++) {
        const int64_t c = edgeq_channel(x, p->has_axis, p->axis, i);
        edgeq_put(y, i, edgeq_threshold_level(edgeq_count_met(p, edgeq_get(x, i), c), p->start, p->step));
    }
    return EDGEQ_OK;
}
