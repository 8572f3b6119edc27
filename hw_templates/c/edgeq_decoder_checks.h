/* SPDX-License-Identifier: MIT
 *
 * What codecs share: faults, sections of fields, values of the type.
 */
#ifndef EDGEQ_DECODER_CHECKS_H
#define EDGEQ_DECODER_CHECKS_H

#include "edgeq_decoder.h"

/* Note the first fault, `at` bytes into a section (-1: the header), and return its status. */
int edgeq_fail(edgeq_decoder *decoder, int status, int section, size_t at);

/* Return a cursor at the beginning of a section. */
edgeq_cursor edgeq_section_cursor(const edgeq_decoder *decoder, int section);

/* Check that the cursor has read all of its section; else `status` is the fault. */
int edgeq_section_end(edgeq_decoder *decoder, const edgeq_cursor *cursor, int section, int status);

/* Check that a section is `count` fields of `bits` bits, padded with zeros, and nothing else. */
int edgeq_section_fields(edgeq_decoder *decoder, int section, uint64_t count, unsigned bits);

/* Tell whether a value is one of the type. */
static inline bool edgeq_is_of_type(const edgeq_decoder *decoder, int64_t value) {
    const uint64_t magnitude = value < 0 ? ~(uint64_t)value : (uint64_t)value;
    const unsigned bits = (unsigned)decoder->bits - (decoder->is_signed ? 1u : 0u);
    return (value >= 0 || decoder->is_signed) && (magnitude >> bits) == 0;
}

/* Return field number `index` of an array of values. */
int64_t edgeq_value_at(const edgeq_decoder *decoder, const uint8_t *values, uint64_t index);

/* Check a stored value's place, which follows the one before it inside the segment; `at` as in edgeq_fail. */
int edgeq_expect_place(edgeq_decoder *decoder, uint64_t place, int section, size_t at);

/* Let the stream begin at a section of bytes. */
void edgeq_stream_section(edgeq_decoder *decoder, int section);

/* Return the next value of a stream that holds it. */
static inline int64_t edgeq_stream_value(edgeq_bits *stream, unsigned bits, bool is_signed) {
    uint64_t value = 0;
    uint32_t part = 0;
    for (unsigned left = bits; left > 0; left -= left < 16 ? left : 16) {
        const unsigned taken = left < 16 ? left : 16;
        edgeq_take(stream, taken, &part);
        value = value << taken | part;
    }
    return edgeq_extend(value, bits, is_signed);
}

/* Take the next value of the fields in `section`, which the stream reads; it is not the fill value. */
int edgeq_take_value(edgeq_decoder *decoder, int section, edgeq_stored *stored);

/* Hand out `count` elements of one value. */
void edgeq_emit_run(const edgeq_sink *sink, size_t count, int64_t value);

/* Hand out element k. */
static inline void edgeq_emit(const edgeq_sink *sink, size_t k, int64_t value) {
    if (sink->narrow != NULL) {
        sink->narrow[k] = (int32_t)value;
    } else {
        sink->wide[k] = value;
    }
}

#endif
