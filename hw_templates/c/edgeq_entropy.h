/* SPDX-License-Identifier: MIT
 *
 * What huffman and ans share: the section `tables`, with parameters, codebook, tables of symbols and restart.
 */
#ifndef EDGEQ_ENTROPY_H
#define EDGEQ_ENTROPY_H

#include "edgeq_symbols.h"
#include "edgeq_weights.h"

/*
 * How symbols become bits. A table of n entries takes words(decoder, n) of the workspace, and while it is
 * made `scratch` words an entry more.
 */
typedef struct edgeq_coder {
    unsigned fewest_log2; /* bounds of log2 of the number of states; 0 for huffman */
    unsigned most_log2;
    size_t scratch;
    size_t (*words)(const edgeq_decoder *decoder, size_t entries);
    int (*read)(edgeq_decoder *decoder, edgeq_cursor *cursor, const edgeq_alphabet *alphabet,
                edgeq_code *code, uint32_t *words, uint32_t *scratch);
} edgeq_coder;

/* Read the section `tables`; a codec's `open`. */
int edgeq_entropy_open(edgeq_decoder *decoder, const edgeq_coder *coder);

#endif
