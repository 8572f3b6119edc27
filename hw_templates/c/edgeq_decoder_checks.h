/* SPDX-License-Identifier: MIT
 *
 * What codecs share: faults, sections of fields, values of the type.
 */
#ifndef EDGEQ_DECODER_CHECKS_H
#define EDGEQ_DECODER_CHECKS_H

#include "edgeq_decoder.h"

/* Note the first fault, `at` bytes into a section (-1: the header), and return its status. */
static inline int edgeq_fail(edgeq_decoder *decoder, int status, int section, size_t at) {
    if (decoder->fault.status == EDGEQ_BLOB_OK) {
        decoder->fault.status = status;
        decoder->fault.section = section;
        decoder->fault.offset = at;
        if (section >= 0) {
            decoder->fault.offset += (size_t)(decoder->sections[section].data - decoder->blob);
        }
    }
    return decoder->fault.status;
}

/* Return a cursor at the beginning of a section. */
static inline edgeq_cursor edgeq_section_cursor(const edgeq_decoder *decoder, int section) {
    edgeq_cursor cursor;
    cursor.data = decoder->sections[section].data;
    cursor.size = decoder->sections[section].size;
    cursor.at = 0;
    cursor.ok = true;
    return cursor;
}

/* Check that the cursor has read all of its section; else `status` is the fault. */
static inline int edgeq_section_end(edgeq_decoder *decoder, const edgeq_cursor *cursor, int section,
                                    int status) {
    if (!cursor->ok) {
        return edgeq_fail(decoder, status, section, cursor->at);
    }
    if (edgeq_left(cursor) > 0) {
        return edgeq_fail(decoder, EDGEQ_BLOB_LEFTOVER, section, cursor->at);
    }
    return EDGEQ_BLOB_OK;
}

/* Check that a section is `count` fields of `bits` bits, padded with zeros, and nothing else. */
static inline int edgeq_section_fields(edgeq_decoder *decoder, int section, uint64_t count, unsigned bits) {
    edgeq_cursor cursor = edgeq_section_cursor(decoder, section);
    edgeq_fields(&cursor, count, bits);
    return edgeq_section_end(decoder, &cursor, section, EDGEQ_BLOB_LENGTH);
}

/* Tell whether a value is one of the type. */
static inline bool edgeq_is_of_type(const edgeq_decoder *decoder, int64_t value) {
    const uint64_t magnitude = value < 0 ? ~(uint64_t)value : (uint64_t)value;
    const unsigned bits = (unsigned)decoder->bits - (decoder->is_signed ? 1u : 0u);
    return (value >= 0 || decoder->is_signed) && (magnitude >> bits) == 0;
}

/* Return field number `index` of an array of values. */
static inline int64_t edgeq_value_at(const edgeq_decoder *decoder, const uint8_t *values, uint64_t index) {
    return edgeq_extend(edgeq_field(values, index * decoder->bits, decoder->bits), decoder->bits,
                        decoder->is_signed);
}

/* Check a stored value's place, which follows the one before it inside the segment; `at` as in edgeq_fail. */
static inline int edgeq_expect_place(edgeq_decoder *decoder, uint64_t place, int section, size_t at) {
    if (place < decoder->position || place >= decoder->end) {
        return edgeq_fail(decoder, EDGEQ_BLOB_PLACE, section, at);
    }
    return EDGEQ_BLOB_OK;
}

/* Let the stream begin at a section of bytes. */
static inline void edgeq_stream_section(edgeq_decoder *decoder, int section) {
    decoder->stream.data = decoder->sections[section].data;
    decoder->stream.size = decoder->sections[section].size;
    decoder->stream.at = 0;
    decoder->stream.flip = 0;
    decoder->stream.window = 0;
    decoder->stream.held = 0;
}

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
static inline int edgeq_take_value(edgeq_decoder *decoder, int section, edgeq_stored *stored) {
    stored->value = edgeq_stream_value(&decoder->stream, decoder->bits, decoder->is_signed);
    if (stored->value == decoder->fill_value) {
        return edgeq_fail(decoder, EDGEQ_BLOB_VALUE, section, (size_t)(decoder->taken * decoder->bits / 8));
    }
    decoder->taken++;
    return EDGEQ_BLOB_OK;
}

/* Hand out `count` elements of one value. */
static inline void edgeq_emit_run(const edgeq_sink *sink, size_t count, int64_t value) {
    for (size_t k = 0; sink->narrow != NULL && k < count; k++) {
        sink->narrow[k] = (int32_t)value;
    }
    for (size_t k = 0; sink->narrow == NULL && k < count; k++) {
        sink->wide[k] = value;
    }
}

/* Hand out element k. */
static inline void edgeq_emit(const edgeq_sink *sink, size_t k, int64_t value) {
    if (sink->narrow != NULL) {
        sink->narrow[k] = (int32_t)value;
    } else {
        sink->wide[k] = value;
    }
}

#endif
