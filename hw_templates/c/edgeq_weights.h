/* SPDX-License-Identifier: MIT
 *
 * Weights of the entries of a table that is stored as a model or coarsely.
 */
#ifndef EDGEQ_WEIGHTS_H
#define EDGEQ_WEIGHTS_H

#include "edgeq_decoder.h"

#define EDGEQ_MOST_ENTRIES 4096u

enum edgeq_table_kind { EDGEQ_TABLE_DENSE, EDGEQ_TABLE_LIST, EDGEQ_TABLE_MODEL, EDGEQ_TABLE_COARSE };

/* What is known of a table before it is read. */
typedef struct edgeq_alphabet {
    uint32_t entries;
    bool has_model; /* a model is legal */
    bool is_signed; /* entries are the symbols from `lo` on, on two sides of 0, each with a gap */
    int64_t lo;
    unsigned low_bits;
    int64_t special; /* number of the special entry, -1 for none */
} edgeq_alphabet;

/* Read a model and set the weight of each entry; false when it is not legal. */
bool edgeq_weights_of_model(edgeq_cursor *cursor, const edgeq_alphabet *alphabet, uint32_t *weights);

/* Read coarse weights, which `p` describes. */
bool edgeq_weights_of_fields(edgeq_cursor *cursor, const edgeq_alphabet *alphabet, unsigned p,
                             uint32_t *weights);

#endif
