/* SPDX-License-Identifier: MIT
 *
 * Segments of zero_runs, huffman and ans: G rows each, with a place in the data section of their own.
 */
#ifndef EDGEQ_SEGMENTS_H
#define EDGEQ_SEGMENTS_H

#include "edgeq_decoder.h"

/*
 * Read the restart table, which ends section `section`, and check it; `rows` is G, `word_bits` 8 to 64,
 * `data` the number of the data section.
 */
int edgeq_segments_open(edgeq_decoder *decoder, edgeq_cursor *cursor, int section, uint64_t rows,
                        unsigned word_bits, int data);

/* Set the bounds of the segment the decoder stands in. */
void edgeq_segments_enter(edgeq_decoder *decoder);

/* Set the stream to the segment's words. */
void edgeq_segments_stream(edgeq_decoder *decoder, int data);

/* Check that the segment's bits are used up. */
int edgeq_segments_finish(edgeq_decoder *decoder, int data);

/* Return where in the data section the stream stands. */
size_t edgeq_segments_at(const edgeq_decoder *decoder, int data);

#endif
