/* SPDX-License-Identifier: MIT
 *
 * What huffman and ans share: the streams of symbols of the three modes.
 */
#ifndef EDGEQ_SYMBOLS_H
#define EDGEQ_SYMBOLS_H

#include "edgeq_decoder.h"

/* Codes of at most this many bits are found with one look; the table of them takes 2^this words. */
#define EDGEQ_LOOKUP_BITS 8

enum { EDGEQ_MODE_VALUES, EDGEQ_MODE_RUNS, EDGEQ_MODE_JOINT };
enum { EDGEQ_TABLES_SECTION, EDGEQ_STREAM_SECTION };

/* Return a step of tANS as one word. */
static inline uint32_t edgeq_pack_state(uint32_t entry, uint32_t bits, uint32_t base) {
    return entry << 18 | bits << 14 | base;
}

/* What a codec of symbols does besides what edgeq_entropy.h has. */
int edgeq_symbols_start(edgeq_decoder *decoder);
int edgeq_symbols_fill(edgeq_decoder *decoder, const edgeq_sink *sink, size_t count);
int edgeq_symbols_next(edgeq_decoder *decoder, edgeq_stored *stored);
int edgeq_symbols_finish(edgeq_decoder *decoder);

#endif
