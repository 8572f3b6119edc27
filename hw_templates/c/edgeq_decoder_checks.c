/* SPDX-License-Identifier: MIT
 *
 * What codecs share; see edgeq_decoder_checks.h.
 */
#include "edgeq_decoder_checks.h"

int edgeq_fail(edgeq_decoder *decoder, int status, int section, size_t at) {
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

edgeq_cursor edgeq_section_cursor(const edgeq_decoder *decoder, int section) {
    edgeq_cursor cursor;
    cursor.data = decoder->sections[section].data;
    cursor.size = decoder->sections[section].size;
    cursor.at = 0;
    cursor.ok = true;
    return cursor;
}

int edgeq_section_end(edgeq_decoder *decoder, const edgeq_cursor *cursor, int section, int status) {
    if (!cursor->ok) {
        return edgeq_fail(decoder, status, section, cursor->at);
    }
    if (edgeq_left(cursor) > 0) {
        return edgeq_fail(decoder, EDGEQ_BLOB_LEFTOVER, section, cursor->at);
    }
    return EDGEQ_BLOB_OK;
}

int edgeq_section_fields(edgeq_decoder *decoder, int section, uint64_t count, unsigned bits) {
    edgeq_cursor cursor = edgeq_section_cursor(decoder, section);
    edgeq_fields(&cursor, count, bits);
    return edgeq_section_end(decoder, &cursor, section, EDGEQ_BLOB_LENGTH);
}

int edgeq_expect_place(edgeq_decoder *decoder, uint64_t place, int section, size_t at) {
    if (place < decoder->position || place >= decoder->end) {
        return edgeq_fail(decoder, EDGEQ_BLOB_PLACE, section, at);
    }
    return EDGEQ_BLOB_OK;
}

void edgeq_stream_section(edgeq_decoder *decoder, int section) {
    decoder->stream.data = decoder->sections[section].data;
    decoder->stream.size = decoder->sections[section].size;
    decoder->stream.at = 0;
    decoder->stream.flip = 0;
    decoder->stream.window = 0;
    decoder->stream.held = 0;
}

int edgeq_take_value(edgeq_decoder *decoder, int section, edgeq_stored *stored) {
    stored->value = edgeq_stream_value(&decoder->stream, decoder->bits, decoder->is_signed);
    if (stored->value == decoder->fill_value) {
        return edgeq_fail(decoder, EDGEQ_BLOB_VALUE, section, (size_t)(decoder->taken * decoder->bits / 8));
    }
    decoder->taken++;
    return EDGEQ_BLOB_OK;
}

int64_t edgeq_value_at(const edgeq_decoder *decoder, const uint8_t *values, uint64_t index) {
    return edgeq_extend(edgeq_field(values, index * decoder->bits, decoder->bits), decoder->bits,
                        decoder->is_signed);
}

void edgeq_emit_run(const edgeq_sink *sink, size_t count, int64_t value) {
    for (size_t k = 0; sink->narrow != NULL && k < count; k++) {
        sink->narrow[k] = (int32_t)value;
    }
    for (size_t k = 0; sink->narrow == NULL && k < count; k++) {
        sink->wide[k] = value;
    }
}
