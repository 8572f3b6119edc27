/* SPDX-License-Identifier: MIT
 *
 * What an emitted network offers: its values as views into a static arena, and a function that computes them.
 */
#ifndef EDGEQ_NETWORK_H
#define EDGEQ_NETWORK_H

#include "edgeq_tensor.h"

/* Called with each value once it is computed, inputs first; the bytes may be reused after the call. */
typedef void (*edgeq_observer)(void *context, int value, const edgeq_tensor *tensor);

/* Where an overflow stopped a run: number of the value that was being computed, index in it, value. */
typedef struct edgeq_stop {
    int value;
    edgeq_finding finding;
} edgeq_stop;

/*
 * Compute every value of one sample. inputs[k] holds the sample of input k, row-major, in the element type
 * of its view, or uint8 pixels where the input has a table. `observe` may be NULL. Return EDGEQ_OK or
 * EDGEQ_OVERFLOW.
 */
typedef int (*edgeq_network_run)(const void *const *inputs, edgeq_observer observe, void *context,
                                 edgeq_stop *stop);

#endif
