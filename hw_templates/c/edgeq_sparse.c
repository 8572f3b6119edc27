/* SPDX-License-Identifier: MIT
 *
 * Codecs that store the elements that differ from the fill value; see edgeq_sparse.h.
 */
#include "edgeq_sparse.h"

#include "edgeq_decoder_checks.h"

enum { EDGEQ_COO_PARAMETERS, EDGEQ_COO_COORDS, EDGEQ_COO_DATA };
enum { EDGEQ_CSR_PARAMETERS, EDGEQ_CSR_INDPTR, EDGEQ_CSR_INDICES, EDGEQ_CSR_DATA };
enum { EDGEQ_BITMASK_MASK, EDGEQ_BITMASK_DATA };

static int edgeq_coo_open(edgeq_decoder *decoder) {
    const edgeq_section *widths = &decoder->sections[EDGEQ_COO_PARAMETERS];
    edgeq_cursor cursor = edgeq_section_cursor(decoder, EDGEQ_COO_COORDS);
    if (widths->size != (size_t)decoder->rank) {
        return edgeq_fail(decoder, EDGEQ_BLOB_LENGTH, EDGEQ_COO_PARAMETERS, 0);
    }
    for (int axis = 0; axis < decoder->rank; axis++) {
        if (widths->data[axis] != edgeq_bits_for(decoder->dims[axis])) {
            return edgeq_fail(decoder, EDGEQ_BLOB_PARAMETER, EDGEQ_COO_PARAMETERS, (size_t)axis);
        }
        edgeq_fields(&cursor, decoder->stored, widths->data[axis]);
    }
    const int status = edgeq_section_end(decoder, &cursor, EDGEQ_COO_COORDS, EDGEQ_BLOB_LENGTH);
    return status == EDGEQ_BLOB_OK
               ? edgeq_section_fields(decoder, EDGEQ_COO_DATA, decoder->stored, decoder->bits)
               : status;
}

static int edgeq_coo_start(edgeq_decoder *decoder) {
    edgeq_stream_section(decoder, EDGEQ_COO_DATA);
    return EDGEQ_BLOB_OK;
}

static int edgeq_coo_next(edgeq_decoder *decoder, edgeq_stored *stored) {
    const uint8_t *coords = decoder->sections[EDGEQ_COO_COORDS].data;
    size_t at = 0;
    stored->index = 0;
    for (int axis = 0; axis < decoder->rank; axis++) {
        const unsigned width = decoder->sections[EDGEQ_COO_PARAMETERS].data[axis];
        const uint64_t coordinate = edgeq_field(coords + at, decoder->taken * width, width);
        if (coordinate >= decoder->dims[axis]) {
            return edgeq_fail(decoder, EDGEQ_BLOB_PLACE, EDGEQ_COO_COORDS,
                              at + (size_t)(decoder->taken * width / 8));
        }
        stored->index = stored->index * decoder->dims[axis] + coordinate;
        at += (size_t)((decoder->stored * width + 7) / 8);
    }
    const int status = edgeq_expect_place(decoder, stored->index, EDGEQ_COO_COORDS, 0);
    return status == EDGEQ_BLOB_OK ? edgeq_take_value(decoder, EDGEQ_COO_DATA, stored) : status;
}

/* Return the number of values up to the beginning of a row. */
static uint32_t edgeq_pointer(const edgeq_decoder *decoder, uint64_t row) {
    const unsigned width = decoder->of.compressed.pointer_bytes;
    return edgeq_little_endian(decoder->sections[EDGEQ_CSR_INDPTR].data + row * width, width);
}

/* Check indptr: from 0 to the count of stored values, never down. */
static int edgeq_expect_pointers(edgeq_decoder *decoder) {
    const edgeq_compressed *matrix = &decoder->of.compressed;
    const uint64_t entries = decoder->elements == 0 ? 0 : matrix->rows + 1;
    uint32_t before = 0;
    if (decoder->sections[EDGEQ_CSR_INDPTR].size != entries * matrix->pointer_bytes) {
        return edgeq_fail(decoder, EDGEQ_BLOB_LENGTH, EDGEQ_CSR_INDPTR, 0);
    }
    for (uint64_t k = 0; k < entries; k++) {
        const uint32_t pointer = edgeq_pointer(decoder, k);
        if (pointer < before || (k == 0 && pointer != 0) ||
            (k + 1 == entries && pointer != decoder->stored)) {
            return edgeq_fail(decoder, EDGEQ_BLOB_PLACE, EDGEQ_CSR_INDPTR, (size_t)k * matrix->pointer_bytes);
        }
        before = pointer;
    }
    return EDGEQ_BLOB_OK;
}

/* Open csr, or csc, which is csr of the transposed matrix. */
static int edgeq_compressed_open(edgeq_decoder *decoder) {
    const edgeq_section *parameters = &decoder->sections[EDGEQ_CSR_PARAMETERS];
    edgeq_compressed *matrix = &decoder->of.compressed;
    matrix->rows = decoder->transposed ? decoder->columns : decoder->rows;
    matrix->columns = decoder->transposed ? decoder->rows : decoder->columns;
    matrix->pointer_bytes = decoder->stored <= UINT16_MAX ? 2 : 4;
    matrix->index_bits = edgeq_bits_for(matrix->columns);
    if (decoder->stored > UINT32_MAX) {
        return edgeq_fail(decoder, EDGEQ_BLOB_COUNT, -1, 0);
    }
    if (parameters->size != 2) {
        return edgeq_fail(decoder, EDGEQ_BLOB_LENGTH, EDGEQ_CSR_PARAMETERS, 0);
    }
    if (parameters->data[0] != matrix->pointer_bytes * 8 || parameters->data[1] != matrix->index_bits) {
        return edgeq_fail(decoder, EDGEQ_BLOB_PARAMETER, EDGEQ_CSR_PARAMETERS, 0);
    }
    int status = edgeq_expect_pointers(decoder);
    status = status == EDGEQ_BLOB_OK
                 ? edgeq_section_fields(decoder, EDGEQ_CSR_INDICES, decoder->stored, matrix->index_bits)
                 : status;
    return status == EDGEQ_BLOB_OK
               ? edgeq_section_fields(decoder, EDGEQ_CSR_DATA, decoder->stored, decoder->bits)
               : status;
}

static int edgeq_csc_open(edgeq_decoder *decoder) {
    decoder->transposed = true;
    return edgeq_compressed_open(decoder);
}

static int edgeq_compressed_start(edgeq_decoder *decoder) {
    decoder->of.compressed.row = 0;
    edgeq_stream_section(decoder, EDGEQ_CSR_DATA);
    return EDGEQ_BLOB_OK;
}

static int edgeq_compressed_next(edgeq_decoder *decoder, edgeq_stored *stored) {
    edgeq_compressed *matrix = &decoder->of.compressed;
    const uint64_t bit = decoder->taken * matrix->index_bits;
    const uint64_t column = edgeq_field(decoder->sections[EDGEQ_CSR_INDICES].data, bit, matrix->index_bits);
    while (decoder->taken == edgeq_pointer(decoder, matrix->row + 1)) {
        matrix->row++;
    }
    if (column >= matrix->columns) {
        return edgeq_fail(decoder, EDGEQ_BLOB_PLACE, EDGEQ_CSR_INDICES, (size_t)(bit / 8));
    }
    stored->index = matrix->row * matrix->columns + column;
    const int status = edgeq_expect_place(decoder, stored->index, EDGEQ_CSR_INDICES, (size_t)(bit / 8));
    return status == EDGEQ_BLOB_OK ? edgeq_take_value(decoder, EDGEQ_CSR_DATA, stored) : status;
}

static int edgeq_bitmask_open(edgeq_decoder *decoder) {
    const int status = edgeq_section_fields(decoder, EDGEQ_BITMASK_MASK, decoder->elements, 1);
    return status == EDGEQ_BLOB_OK
               ? edgeq_section_fields(decoder, EDGEQ_BITMASK_DATA, decoder->stored, decoder->bits)
               : status;
}

static int edgeq_bitmask_start(edgeq_decoder *decoder) {
    decoder->of.place = 0;
    edgeq_stream_section(decoder, EDGEQ_BITMASK_DATA);
    return EDGEQ_BLOB_OK;
}

/* Move to the next bit that is set, or to the end of the mask. */
static void edgeq_find_set(edgeq_decoder *decoder) {
    const uint8_t *mask = decoder->sections[EDGEQ_BITMASK_MASK].data;
    uint64_t place = decoder->of.place;
    while (place < decoder->elements && (mask[place / 8] << place % 8 & 128) == 0) {
        place += (mask[place / 8] << place % 8 & 255) == 0 ? 8 - place % 8 : 1;
    }
    decoder->of.place = place;
}

static int edgeq_bitmask_next(edgeq_decoder *decoder, edgeq_stored *stored) {
    edgeq_find_set(decoder);
    stored->index = decoder->of.place;
    const int status = edgeq_expect_place(decoder, stored->index, EDGEQ_BITMASK_MASK,
                                          (size_t)(stored->index / 8));
    decoder->of.place++;
    return status == EDGEQ_BLOB_OK ? edgeq_take_value(decoder, EDGEQ_BITMASK_DATA, stored) : status;
}

static int edgeq_bitmask_finish(edgeq_decoder *decoder) {
    edgeq_find_set(decoder);
    if (decoder->of.place < decoder->elements) {
        return edgeq_fail(decoder, EDGEQ_BLOB_COUNT, EDGEQ_BITMASK_MASK, (size_t)(decoder->of.place / 8));
    }
    return EDGEQ_BLOB_OK;
}

const edgeq_codec edgeq_codec_coo = {
    "coo", 4, 3, {"parameters", "coords", "data", NULL}, false,
    edgeq_coo_open, edgeq_coo_start, NULL, edgeq_coo_next, NULL};
const edgeq_codec edgeq_codec_csr = {
    "csr", 5, 4, {"parameters", "indptr", "indices", "data"}, false,
    edgeq_compressed_open, edgeq_compressed_start, NULL, edgeq_compressed_next, NULL};
const edgeq_codec edgeq_codec_csc = {
    "csc", 6, 4, {"parameters", "indptr", "indices", "data"}, false,
    edgeq_csc_open, edgeq_compressed_start, NULL, edgeq_compressed_next, NULL};
const edgeq_codec edgeq_codec_bitmask = {
    "bitmask", 7, 2, {"mask", "data", NULL, NULL}, false,
    edgeq_bitmask_open, edgeq_bitmask_start, NULL, edgeq_bitmask_next, edgeq_bitmask_finish};
