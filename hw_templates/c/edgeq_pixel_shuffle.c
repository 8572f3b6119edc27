/* SPDX-License-Identifier: MIT
 *
 * Channels moved into space; see edgeq_pixel_shuffle.h.
 */
#include "edgeq_pixel_shuffle.h"

/* Return the channel of x that holds row i, column j of each square of channel c. */
static int64_t edgeq_shuffled_channel(const edgeq_pixel_shuffle_params *p, int64_t channels, int64_t c,
                                      int64_t i, int64_t j) {
    if (p->order == EDGEQ_ORDER_DCR) {
        return (i * p->factor + j) * channels + c;
    }
    return (c * p->factor + i) * p->factor + j;
}

int edgeq_pixel_shuffle_run(const edgeq_pixel_shuffle_params *p, const edgeq_tensor *x, const edgeq_tensor *y,
                            edgeq_finding *found) {
    int64_t at = 0;
    (void)found;
    for (int64_t c = 0; c < y->shape[0]; c++) {
        for (int64_t oh = 0; oh < y->shape[1]; oh++) {
            for (int64_t ow = 0; ow < y->shape[2]; ow++) {
                const int64_t k = edgeq_shuffled_channel(p, y->shape[0], c, oh % p->factor, ow % p->factor);
                const int64_t from[3] = {k, oh / p->factor, ow / p->factor};
                edgeq_put(y, at++, edgeq_get(x, edgeq_place(x->rank, x->shape, from)));
            }
        }
    }
    return EDGEQ_OK;
}
