/* SPDX-License-Identifier: MIT
 *
 * Decode the blobs on standard input in every way that the reader offers, which have to agree.
 *
 *   read_blobs MOST_ELEMENTS < blobs > results
 *
 * Input: per blob its length, u32 little endian, and its bytes. Output: per blob status, section, offset of a
 * fault and number of elements, four int64, then the elements, int64, row-major; none after a fault.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "edgeq_blob.h"

#define AGREE(condition)                                                       \
    do {                                                                       \
        if (!(condition)) {                                                    \
            fprintf(stderr, "blob %ld: line %d: " #condition "\n", blob_number, __LINE__); \
            exit(1);                                                           \
        }                                                                      \
    } while (0)

static long blob_number = 0;

/* Return memory of exactly this size, so that the sanitizer sees a byte too far. */
static void *room(size_t size) {
    void *memory = malloc(size > 0 ? size : 1);
    AGREE(memory != NULL);
    return memory;
}

/* Return where element k of the order of storage belongs. */
static size_t place(const edgeq_decoder *decoder, uint64_t k) {
    const uint64_t rows = decoder->rows;
    return (size_t)(decoder->transposed ? k % rows * decoder->columns + k / rows : k);
}

/* Read in chunks of changing size. */
static int in_chunks(edgeq_decoder *decoder, const int64_t *values, size_t largest) {
    int64_t *chunk = room(largest * sizeof *chunk);
    uint64_t k = 0;
    size_t most = 1;
    size_t count = 0;
    int status = edgeq_decoder_rewind(decoder);
    while (status == EDGEQ_BLOB_OK) {
        status = edgeq_decoder_read64(decoder, chunk, most, &count);
        AGREE(status == EDGEQ_BLOB_OK || count == 0);
        if (values != NULL) {
            for (size_t j = 0; j < count; j++) {
                AGREE(chunk[j] == values[place(decoder, k + j)]);
            }
        }
        k += count;
        AGREE(k <= decoder->elements && (count == most || status != EDGEQ_BLOB_OK || k == decoder->elements));
        if (count < most) {
            break;
        }
        most = most % largest + 1;
    }
    AGREE(values == NULL || k == decoder->elements);
    free(chunk);
    return status;
}

/* Read the values that differ from the fill value; `mixed` reads a few elements between them. */
static int by_value(edgeq_decoder *decoder, const int64_t *values, int mixed) {
    edgeq_stored stored;
    int64_t few[3];
    size_t count = 0;
    uint64_t found = 0;
    uint64_t seen = 0;
    int status = edgeq_decoder_rewind(decoder);
    while (status == EDGEQ_BLOB_OK && (status = edgeq_decoder_next(decoder, &stored)) == EDGEQ_BLOB_OK) {
        AGREE(stored.index < decoder->elements && stored.value != decoder->fill_value);
        AGREE(values == NULL || values[stored.index] == stored.value);
        found++;
        if (mixed) {
            status = edgeq_decoder_read64(decoder, few, 3, &count);
            seen += count;
        }
    }
    if (values != NULL && !mixed) {
        for (uint64_t k = 0; k < decoder->elements; k++) {
            found -= values[k] != decoder->fill_value;
        }
        AGREE(found == 0);
    }
    AGREE(seen <= decoder->elements);
    return status == EDGEQ_BLOB_END ? EDGEQ_BLOB_OK : status;
}

/* Read each segment on its own, the last first, with a copy of the decoder. */
static void by_segment(const edgeq_decoder *opened, const int64_t *values) {
    int64_t chunk[5];
    uint64_t total = 0;
    for (uint64_t segment = opened->segments; segment > 0; segment--) {
        edgeq_decoder engine = *opened;
        AGREE(edgeq_decoder_start(&engine, segment - 1) == EDGEQ_BLOB_OK);
        uint64_t k = opened->segments == 1 ? 0 : (segment - 1) * engine.segment_rows * engine.columns;
        size_t count = 5;
        while (count == 5) {
            AGREE(edgeq_decoder_read64(&engine, chunk, 5, &count) == EDGEQ_BLOB_OK);
            for (size_t j = 0; j < count; j++) {
                AGREE(chunk[j] == values[place(&engine, k + j)]);
            }
            k += count;
            total += count;
        }
    }
    AGREE(total == opened->elements);
    edgeq_decoder none = *opened;
    AGREE(edgeq_decoder_start(&none, opened->segments) == EDGEQ_BLOB_SEGMENT);
}

/* Read 32-bit elements. */
static void narrowly(edgeq_decoder *decoder, const int64_t *values) {
    const size_t elements = (size_t)decoder->elements;
    int32_t *narrow = room(elements * sizeof *narrow);
    const int status = edgeq_decoder_decode(decoder, narrow, elements);
    AGREE(status == (decoder->bits > (decoder->is_signed ? 32 : 31) ? EDGEQ_BLOB_WIDE : EDGEQ_BLOB_OK));
    for (size_t k = 0; status == EDGEQ_BLOB_OK && k < elements; k++) {
        AGREE(narrow[k] == values[k]);
    }
    AGREE(elements == 0 || edgeq_decoder_decode64(decoder, NULL, elements - 1) == EDGEQ_BLOB_LIMIT);
    size_t count = 0;
    AGREE(edgeq_decoder_rewind(decoder) == EDGEQ_BLOB_OK);
    AGREE(edgeq_decoder_read(decoder, narrow, elements, &count) == status);
    AGREE(count == (status == EDGEQ_BLOB_OK ? elements : 0));
    for (size_t k = 0; k < count; k++) {
        AGREE(narrow[k] == values[place(decoder, k)]);
    }
    free(narrow);
}

/* Decode a blob that opens; the other ways have to give the same, or a fault too. */
static int64_t *in_all_ways(const edgeq_decoder *opened, edgeq_fault *fault) {
    edgeq_decoder decoder = *opened;
    int64_t *values = room((size_t)opened->elements * sizeof *values);
    const int status = edgeq_decoder_decode64(&decoder, values, (size_t)opened->elements);
    *fault = decoder.fault;
    AGREE(status == fault->status);
    if (status != EDGEQ_BLOB_OK) {
        free(values);
        values = NULL;
    }
    AGREE(values != NULL || edgeq_decoder_rewind(&decoder) == status);
    AGREE(values != NULL || edgeq_decoder_decode64(&decoder, NULL, (size_t)opened->elements) == status);
    const size_t largest[] = {1, 7, 300};
    for (int k = 0; k < 3; k++) {
        decoder = *opened;
        AGREE((in_chunks(&decoder, values, largest[k]) == EDGEQ_BLOB_OK) == (values != NULL));
    }
    for (int mixed = 0; mixed < 2; mixed++) {
        decoder = *opened;
        AGREE((by_value(&decoder, values, mixed) == EDGEQ_BLOB_OK) == (values != NULL));
    }
    if (values != NULL) {
        by_segment(opened, values);
        decoder = *opened;
        narrowly(&decoder, values);
    }
    return values;
}

/* Open a legal blob with a workspace, a limit and a crc that do not do. */
static void with_less(const edgeq_blob *whole) {
    edgeq_decoder decoder;
    edgeq_blob less = *whole;
    if (less.words > 0) {
        less.words--;
        AGREE(edgeq_blob_open(&decoder, &less) == EDGEQ_BLOB_SMALL_WORKSPACE && decoder.words_needed == whole->words);
        less.words++;
    }
    AGREE(edgeq_blob_open(&decoder, &less) == EDGEQ_BLOB_OK);
    less.most_elements = decoder.elements - 1;
    AGREE(decoder.elements < 2 || edgeq_blob_open(&decoder, &less) == EDGEQ_BLOB_LIMIT);
    less.most_elements = 0;
    uint8_t *damaged = room(less.size);
    memcpy(damaged, less.bytes, less.size);
    damaged[less.size - 1] ^= 1;
    less.bytes = damaged;
    AGREE(edgeq_blob_open(&decoder, &less) == EDGEQ_BLOB_CRC);
    less.flags = EDGEQ_BLOB_SKIP_CRC;
    AGREE(edgeq_blob_open(&decoder, &less) == EDGEQ_BLOB_OK);
    free(damaged);
}

/* Decode one blob and write its result. */
static void result_of(const uint8_t *bytes, size_t size, uint64_t most_elements) {
    edgeq_decoder decoder;
    size_t words = 0;
    int64_t *values = NULL;
    (void)edgeq_blob_workspace(bytes, size, &words);
    AGREE(words <= EDGEQ_BLOB_WORKSPACE);
    uint32_t *workspace = room(words * sizeof *workspace);
    edgeq_blob blob = {bytes, size, workspace, words, most_elements, 0};
    const int status = edgeq_blob_open(&decoder, &blob);
    edgeq_fault fault = decoder.fault;
    AGREE(status == fault.status && status != EDGEQ_BLOB_SMALL_WORKSPACE);
    if (status == EDGEQ_BLOB_OK) {
        values = in_all_ways(&decoder, &fault);
        with_less(&blob);
    }
    AGREE(fault.status == EDGEQ_BLOB_OK || fault.offset <= size);
    AGREE(edgeq_blob_message(fault.status) != NULL && edgeq_blob_section(&decoder) != NULL);
    const int64_t elements = values == NULL ? 0 : (int64_t)decoder.elements;
    const int64_t head[4] = {fault.status, fault.section, (int64_t)fault.offset, elements};
    AGREE(fwrite(head, sizeof head, 1, stdout) == 1);
    AGREE(elements == 0 || fwrite(values, sizeof *values, (size_t)elements, stdout) == (size_t)elements);
    free(values);
    free(workspace);
}

int main(int count, char **arguments) {
    const uint64_t most_elements = count > 1 ? strtoull(arguments[1], NULL, 10) : 0;
    uint8_t head[4];
    for (; fread(head, 1, 4, stdin) == 4; blob_number++) {
        const size_t size = edgeq_little_endian(head, 4);
        uint8_t *bytes = room(size);
        AGREE(fread(bytes, 1, size, stdin) == size);
        result_of(bytes, size, most_elements);
        free(bytes);
    }
    return 0;
}
