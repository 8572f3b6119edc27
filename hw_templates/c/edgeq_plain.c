/* SPDX-License-Identifier: MIT
 *
 * Codecs that store every element; see edgeq_plain.h.
 */
#include "edgeq_plain.h"

#include "edgeq_decoder_checks.h"

#define EDGEQ_MOST_VALUES 65536u

/* Check that every element is stored. */
static int edgeq_expect_all(edgeq_decoder *decoder) {
    decoder->dense = true;
    if (decoder->stored != decoder->elements) {
        return edgeq_fail(decoder, EDGEQ_BLOB_COUNT, -1, 0);
    }
    return EDGEQ_BLOB_OK;
}

/* Check that a section is all values. */
static int edgeq_expect_fields(edgeq_decoder *decoder, int section) {
    return edgeq_section_fields(decoder, section, decoder->elements, decoder->bits);
}

static int edgeq_packed_open(edgeq_decoder *decoder) {
    const int status = edgeq_expect_all(decoder);
    return status != EDGEQ_BLOB_OK ? status : edgeq_expect_fields(decoder, 0);
}

static int edgeq_fixed_point_open(edgeq_decoder *decoder) {
    edgeq_cursor cursor = edgeq_section_cursor(decoder, 0);
    int status = edgeq_expect_all(decoder);
    decoder->fraction_bits = edgeq_svarint(&cursor);
    status = status == EDGEQ_BLOB_OK ? edgeq_section_end(decoder, &cursor, 0, EDGEQ_BLOB_PARAMETER) : status;
    if (status == EDGEQ_BLOB_OK && (decoder->fraction_bits < -128 || decoder->fraction_bits > 127)) {
        return edgeq_fail(decoder, EDGEQ_BLOB_PARAMETER, 0, 0);
    }
    return status != EDGEQ_BLOB_OK ? status : edgeq_expect_fields(decoder, 1);
}

/* Let the stream begin at the last section, which holds a field for each element. */
static int edgeq_plain_start(edgeq_decoder *decoder) {
    edgeq_stream_section(decoder, decoder->codec->sections - 1);
    return EDGEQ_BLOB_OK;
}

static int edgeq_packed_fill(edgeq_decoder *decoder, const edgeq_sink *sink, size_t count) {
    edgeq_bits stream = decoder->stream; /* copies: a compiler keeps them in registers */
    const edgeq_sink out = *sink;
    for (size_t k = 0; k < count; k++) {
        edgeq_emit(&out, k, edgeq_stream_value(&stream, decoder->bits, decoder->is_signed));
    }
    decoder->stream = stream;
    decoder->taken += count;
    return EDGEQ_BLOB_OK;
}

static int edgeq_vanilla_open(edgeq_decoder *decoder) {
    edgeq_vanilla *vanilla = &decoder->of.vanilla;
    edgeq_cursor cursor = edgeq_section_cursor(decoder, 0);
    int status = edgeq_expect_all(decoder);
    const uint64_t count = edgeq_varint(&cursor);
    vanilla->values = edgeq_fields(&cursor, count, decoder->bits);
    status = status == EDGEQ_BLOB_OK ? edgeq_section_end(decoder, &cursor, 0, EDGEQ_BLOB_TABLE) : status;
    if (status != EDGEQ_BLOB_OK) {
        return status;
    }
    if (count > EDGEQ_MOST_VALUES || (count == 0 && decoder->elements > 0)) {
        return edgeq_fail(decoder, EDGEQ_BLOB_TABLE, 0, 0);
    }
    for (uint64_t k = 1; k < count; k++) {
        if (edgeq_value_at(decoder, vanilla->values, k) <= edgeq_value_at(decoder, vanilla->values, k - 1)) {
            return edgeq_fail(decoder, EDGEQ_BLOB_TABLE, 0, (size_t)(k * decoder->bits / 8));
        }
    }
    vanilla->count = (uint32_t)count;
    vanilla->index_bits = edgeq_bits_for(count);
    return edgeq_section_fields(decoder, 1, decoder->elements, vanilla->index_bits);
}

static int edgeq_vanilla_fill(edgeq_decoder *decoder, const edgeq_sink *sink, size_t count) {
    const edgeq_vanilla vanilla = decoder->of.vanilla;
    edgeq_bits stream = decoder->stream;
    const edgeq_sink out = *sink;
    for (size_t k = 0; k < count; k++) {
        uint32_t index = 0;
        edgeq_take(&stream, vanilla.index_bits, &index);
        if (index >= vanilla.count) {
            const uint64_t bit = (decoder->taken + k) * vanilla.index_bits;
            return edgeq_fail(decoder, EDGEQ_BLOB_SYMBOL, 1, (size_t)(bit / 8));
        }
        edgeq_emit(&out, k, edgeq_value_at(decoder, vanilla.values, index));
    }
    decoder->stream = stream;
    decoder->taken += count;
    return EDGEQ_BLOB_OK;
}

const edgeq_codec edgeq_codec_packed = {
    "packed", 1, 1, {"data", NULL, NULL, NULL}, true,
    edgeq_packed_open, edgeq_plain_start, edgeq_packed_fill, NULL, NULL};
const edgeq_codec edgeq_codec_fixed_point = {
    "fixed_point", 2, 2, {"parameters", "data", NULL, NULL}, true,
    edgeq_fixed_point_open, edgeq_plain_start, edgeq_packed_fill, NULL, NULL};
const edgeq_codec edgeq_codec_vanilla = {
    "vanilla", 3, 2, {"values", "indices", NULL, NULL}, true,
    edgeq_vanilla_open, edgeq_plain_start, edgeq_vanilla_fill, NULL, NULL};
