/* SPDX-License-Identifier: MIT
 *
 * Reading an operand whose shape broadcasts to that of the result, as in numpy.
 */
#ifndef EDGEQ_BROADCAST_H
#define EDGEQ_BROADCAST_H

#include "edgeq_tensor.h"

/* Return the element of x that broadcasts to `index` of y. */
static inline int64_t edgeq_get_broadcast(const edgeq_tensor *x, const edgeq_tensor *y,
                                          const int64_t *index) {
    int64_t at = 0;
    for (int k = 0; k < x->rank; k++) {
        at = at * x->shape[k] + (x->shape[k] == 1 ? 0 : index[y->rank - x->rank + k]);
    }
    return edgeq_get(x, at);
}

#endif
