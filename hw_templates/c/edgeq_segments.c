/* SPDX-License-Identifier: MIT
 *
 * Segments; see edgeq_segments.h.
 */
#include "edgeq_segments.h"

#include "edgeq_decoder_checks.h"

/* Return one of the two numbers of a segment: 0 its first word, 1 its stored values. */
static uint32_t edgeq_restart(const edgeq_decoder *decoder, uint64_t segment, unsigned which) {
    const uint64_t at = (segment * 2 + which) * decoder->restart_bytes;
    return edgeq_little_endian(decoder->restart + at, decoder->restart_bytes);
}

/* Check the table: words ascend from 0, counts add up, and no narrower width would do. */
static bool edgeq_restart_is_legal(const edgeq_decoder *decoder, size_t words) {
    const unsigned width = decoder->restart_bytes;
    uint64_t before = 0;
    uint64_t total = 0;
    uint32_t largest = 0;
    for (uint64_t k = 0; k < decoder->segments; k++) {
        const uint32_t word = edgeq_restart(decoder, k, 0);
        const uint32_t stored = edgeq_restart(decoder, k, 1);
        if (word < before || word > words || (k == 0 && word != 0)) {
            return false;
        }
        before = word;
        total += stored;
        largest = largest > word ? largest : word;
        largest = largest > stored ? largest : stored;
    }
    return total == decoder->stored && (width == 1 || largest > (width == 2 ? UINT8_MAX : UINT16_MAX));
}

int edgeq_segments_open(edgeq_decoder *decoder, edgeq_cursor *cursor, int section, uint64_t rows,
                        unsigned word_bits, int data) {
    const size_t size = decoder->sections[data].size;
    decoder->word_bytes = word_bits / 8;
    if (size % decoder->word_bytes != 0) {
        return edgeq_fail(decoder, EDGEQ_BLOB_LENGTH, data, size);
    }
    if (rows != 0 && decoder->elements != 0) {
        const unsigned width = edgeq_byte(cursor);
        if (!cursor->ok || (width != 1 && width != 2 && width != 4)) {
            return edgeq_fail(decoder, EDGEQ_BLOB_RESTART, section, cursor->at);
        }
        decoder->segment_rows = rows < decoder->rows ? rows : decoder->rows;
        decoder->segments = (decoder->rows - 1) / decoder->segment_rows + 1;
        decoder->restart = cursor->data + cursor->at;
        decoder->restart_bytes = width;
        if (decoder->segments > edgeq_left(cursor) / 2 / width ||
            !edgeq_restart_is_legal(decoder, size / decoder->word_bytes)) {
            return edgeq_fail(decoder, EDGEQ_BLOB_RESTART, section, cursor->at);
        }
        cursor->at += (size_t)decoder->segments * 2 * width;
    }
    return edgeq_section_end(decoder, cursor, section, EDGEQ_BLOB_RESTART);
}

void edgeq_segments_enter(edgeq_decoder *decoder) {
    const uint64_t row = decoder->segment * decoder->segment_rows;
    const uint64_t left = decoder->rows - row;
    decoder->position = row * decoder->columns;
    decoder->end = (row + (left < decoder->segment_rows ? left : decoder->segment_rows)) * decoder->columns;
    decoder->stored_here = decoder->restart == NULL ? decoder->stored
                                                    : edgeq_restart(decoder, decoder->segment, 1);
}

/* Return the byte of the data section where a segment begins. */
static size_t edgeq_segment_begin(const edgeq_decoder *decoder, uint64_t segment, int data) {
    if (segment == decoder->segments) {
        return decoder->sections[data].size;
    }
    return decoder->restart == NULL ? 0 : (size_t)edgeq_restart(decoder, segment, 0) * decoder->word_bytes;
}

void edgeq_segments_stream(edgeq_decoder *decoder, int data) {
    const size_t first = edgeq_segment_begin(decoder, decoder->segment, data);
    decoder->stream.data = decoder->sections[data].data + first;
    decoder->stream.size = edgeq_segment_begin(decoder, decoder->segment + 1, data) - first;
    decoder->stream.at = 0;
    decoder->stream.flip = decoder->word_bytes - 1;
    decoder->stream.window = 0;
    decoder->stream.held = 0;
}

int edgeq_segments_finish(edgeq_decoder *decoder, int data) {
    if (!edgeq_only_padding(&decoder->stream)) {
        return edgeq_fail(decoder, EDGEQ_BLOB_LEFTOVER, data, edgeq_segments_at(decoder, data));
    }
    return EDGEQ_BLOB_OK;
}

size_t edgeq_segments_at(const edgeq_decoder *decoder, int data) {
    const size_t read = decoder->stream.at - decoder->stream.held / 8;
    return (size_t)(decoder->stream.data - decoder->sections[data].data) + read;
}
