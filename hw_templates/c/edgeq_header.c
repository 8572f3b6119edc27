/* SPDX-License-Identifier: MIT
 *
 * The header of a blob; see edgeq_header.h.
 */
#include "edgeq_header.h"

#include "edgeq_decoder_checks.h"

#define EDGEQ_FIXED_BYTES 7
#define EDGEQ_CRC_BYTES 4
#define EDGEQ_HEADER (-1)

/* Return the crc32 of zlib and PNG. */
static uint32_t edgeq_crc32(const uint8_t *bytes, size_t size) {
    static const uint32_t of_nibble[16] = {
        0x00000000u, 0x1DB71064u, 0x3B6E20C8u, 0x26D930ACu, 0x76DC4190u, 0x6B6B51F4u, 0x4DB26158u,
        0x5005713Cu, 0xEDB88320u, 0xF00F9344u, 0xD6D6A3E8u, 0xCB61B38Cu, 0x9B64C2B0u, 0x86D3D2D4u,
        0xA00AE278u, 0xBDBDF21Cu};
    uint32_t crc = UINT32_MAX;
    for (size_t k = 0; k < size; k++) {
        crc ^= bytes[k];
        crc = crc >> 4 ^ of_nibble[crc & 15];
        crc = crc >> 4 ^ of_nibble[crc & 15];
    }
    return ~crc;
}

/* Check the last bytes. */
static int edgeq_check_crc(edgeq_decoder *decoder, const edgeq_blob *blob) {
    const size_t end = blob->size - EDGEQ_CRC_BYTES;
    const uint32_t stored = edgeq_little_endian(blob->bytes + end, EDGEQ_CRC_BYTES);
    if (edgeq_crc32(blob->bytes, end) != stored) {
        return edgeq_fail(decoder, EDGEQ_BLOB_CRC, EDGEQ_HEADER, end);
    }
    return EDGEQ_BLOB_OK;
}

/* Read magic, version, codec, type and rank. */
static int edgeq_read_fixed(edgeq_decoder *decoder, const uint8_t *bytes, const edgeq_codec *const *codecs) {
    if (bytes[0] != 0x45 || bytes[1] != 0x51 || bytes[2] != 0x42) {
        return edgeq_fail(decoder, EDGEQ_BLOB_MAGIC, EDGEQ_HEADER, 0);
    }
    if (bytes[3] != 1) {
        return edgeq_fail(decoder, EDGEQ_BLOB_VERSION, EDGEQ_HEADER, 3);
    }
    while (*codecs != NULL && (*codecs)->id != bytes[4]) {
        codecs++;
    }
    if (*codecs == NULL) {
        return edgeq_fail(decoder, EDGEQ_BLOB_CODEC, EDGEQ_HEADER, 4);
    }
    decoder->codec = *codecs;
    decoder->bits = bytes[5] & 127;
    decoder->is_signed = bytes[5] >> 7 != 0;
    const unsigned widest = !decoder->codec->wide ? 16 : decoder->is_signed ? 64 : 63;
    if (decoder->bits < 1 || decoder->bits > widest) {
        return edgeq_fail(decoder, EDGEQ_BLOB_TYPE, EDGEQ_HEADER, 5);
    }
    decoder->rank = bytes[6];
    if (decoder->rank > EDGEQ_BLOB_MAX_RANK) {
        return edgeq_fail(decoder, EDGEQ_BLOB_SHAPE, EDGEQ_HEADER, 6);
    }
    return EDGEQ_BLOB_OK;
}

/* Read the dims; rows * columns is their product, below 2^48 without the zeros. */
static int edgeq_read_dims(edgeq_decoder *decoder, edgeq_cursor *cursor) {
    const uint64_t most = ((uint64_t)1 << 48) - 1;
    uint64_t product = 1;
    decoder->rows = 1;
    decoder->columns = 1;
    for (int k = 0; k < decoder->rank; k++) {
        const size_t at = cursor->at;
        const uint64_t dim = edgeq_varint(cursor);
        if (!cursor->ok || dim > UINT32_MAX || (dim > 0 && product > most / dim)) {
            return edgeq_fail(decoder, EDGEQ_BLOB_SHAPE, EDGEQ_HEADER, at);
        }
        product *= dim > 0 ? dim : 1;
        decoder->dims[k] = (uint32_t)dim;
        if (k == 0 && decoder->rank > 1) {
            decoder->rows = dim;
        } else {
            decoder->columns *= dim;
        }
    }
    decoder->elements = decoder->rows * decoder->columns;
    return EDGEQ_BLOB_OK;
}

/* Read fill value and count. */
static int edgeq_read_counts(edgeq_decoder *decoder, edgeq_cursor *cursor) {
    size_t at = cursor->at;
    decoder->fill_value = edgeq_svarint(cursor);
    if (!cursor->ok || !edgeq_is_of_type(decoder, decoder->fill_value)) {
        return edgeq_fail(decoder, EDGEQ_BLOB_FILL_VALUE, EDGEQ_HEADER, at);
    }
    at = cursor->at;
    decoder->stored = edgeq_varint(cursor);
    if (!cursor->ok || decoder->stored > decoder->elements) {
        return edgeq_fail(decoder, EDGEQ_BLOB_COUNT, EDGEQ_HEADER, at);
    }
    return EDGEQ_BLOB_OK;
}

/* Read the lengths of the sections, which fill the blob up to the crc. */
static int edgeq_read_sections(edgeq_decoder *decoder, edgeq_cursor *cursor) {
    const size_t at = cursor->at;
    size_t total = 0;
    if (edgeq_byte(cursor) != decoder->codec->sections || !cursor->ok) {
        return edgeq_fail(decoder, EDGEQ_BLOB_SECTIONS, EDGEQ_HEADER, at);
    }
    for (unsigned k = 0; k < decoder->codec->sections; k++) {
        const uint64_t length = edgeq_varint(cursor);
        if (!cursor->ok || length > cursor->size - total) {
            return edgeq_fail(decoder, EDGEQ_BLOB_LENGTH, EDGEQ_HEADER, cursor->at);
        }
        decoder->sections[k].size = (size_t)length;
        total += (size_t)length;
    }
    if (total != edgeq_left(cursor)) {
        return edgeq_fail(decoder, EDGEQ_BLOB_LENGTH, EDGEQ_HEADER, cursor->at);
    }
    for (unsigned k = 0; k < decoder->codec->sections; k++) {
        decoder->sections[k].data = cursor->data + cursor->at;
        cursor->at += decoder->sections[k].size;
    }
    return EDGEQ_BLOB_OK;
}

int edgeq_header_open(edgeq_decoder *decoder, const edgeq_blob *blob, const edgeq_codec *const *codecs) {
    edgeq_cursor cursor = {blob->bytes, blob->size, EDGEQ_FIXED_BYTES, true};
    if (blob->size < EDGEQ_FIXED_BYTES + EDGEQ_CRC_BYTES) {
        return edgeq_fail(decoder, EDGEQ_BLOB_TRUNCATED, EDGEQ_HEADER, blob->size);
    }
    cursor.size -= EDGEQ_CRC_BYTES;
    int status = edgeq_read_fixed(decoder, blob->bytes, codecs);
    if (status == EDGEQ_BLOB_OK && (blob->flags & EDGEQ_BLOB_SKIP_CRC) == 0) {
        status = edgeq_check_crc(decoder, blob);
    }
    status = status == EDGEQ_BLOB_OK ? edgeq_read_dims(decoder, &cursor) : status;
    status = status == EDGEQ_BLOB_OK ? edgeq_read_counts(decoder, &cursor) : status;
    status = status == EDGEQ_BLOB_OK ? edgeq_read_sections(decoder, &cursor) : status;
    if (status == EDGEQ_BLOB_OK && blob->most_elements != 0 && decoder->elements > blob->most_elements) {
        return edgeq_fail(decoder, EDGEQ_BLOB_LIMIT, EDGEQ_HEADER, EDGEQ_FIXED_BYTES);
    }
    return status;
}
