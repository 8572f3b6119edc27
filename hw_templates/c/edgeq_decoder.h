/* SPDX-License-Identifier: MIT
 *
 * Read blobs: one integer tensor in bytes, as edgeq writes it. Format: edgeq/codecs/README.md.
 *
 * The blob stays where it is, in flash or in a file that is mapped; it is read once, forwards, and never
 * copied. No memory is taken but `edgeq_decoder` and the caller's workspace. edgeq_blob.h has an example, and
 * edgeq_blob_open, which knows all codecs of the folder; a program that needs fewer can call
 * edgeq_decoder_open with a list of its own.
 *
 * Every rule of the format is checked: headers, tables and places in edgeq_decoder_open, the rest by the time
 * the last element has been handed out. After a fault all calls return its status, and `fault` says where.
 */
#ifndef EDGEQ_DECODER_H
#define EDGEQ_DECODER_H

#include "edgeq_decoder_state.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Results. Everything after EDGEQ_BLOB_END is a fault; edgeq_blob_message has the words. */
enum edgeq_blob_status {
    EDGEQ_BLOB_OK = 0,
    EDGEQ_BLOB_END,       /* no further value */
    EDGEQ_BLOB_TRUNCATED, /* the bytes end early */
    EDGEQ_BLOB_MAGIC,
    EDGEQ_BLOB_VERSION,
    EDGEQ_BLOB_CODEC,
    EDGEQ_BLOB_TYPE,
    EDGEQ_BLOB_SHAPE,
    EDGEQ_BLOB_FILL_VALUE,
    EDGEQ_BLOB_COUNT,     /* the count of stored values */
    EDGEQ_BLOB_SECTIONS,  /* the number of sections */
    EDGEQ_BLOB_LENGTH,    /* a section's length */
    EDGEQ_BLOB_CRC,
    EDGEQ_BLOB_PARAMETER, /* a codec's parameter */
    EDGEQ_BLOB_TABLE,     /* a codebook, a code or frequencies */
    EDGEQ_BLOB_RESTART,   /* the places of the segments */
    EDGEQ_BLOB_PLACE,     /* an element outside the tensor or its segment, or not after the one before it */
    EDGEQ_BLOB_VALUE,     /* a value outside its type, or the fill value where it is not stored */
    EDGEQ_BLOB_SYMBOL,    /* bits that are no code */
    EDGEQ_BLOB_LEFTOVER,  /* bits after the last value, or padding that is not zero */
    EDGEQ_BLOB_LIMIT,     /* more elements than the caller takes */
    EDGEQ_BLOB_SMALL_WORKSPACE, /* the workspace is smaller than words_needed */
    EDGEQ_BLOB_WIDE,      /* the type needs 64 bits: use the functions that end in 64 */
    EDGEQ_BLOB_SEGMENT    /* there is no such segment */
};

/* Options of edgeq_blob.flags. */
enum edgeq_blob_flags {
    EDGEQ_BLOB_SKIP_CRC = 1 /* the memory is trusted: do not read the whole blob before the first element */
};

/* What the caller gives. `most_elements` refuses larger tensors; 0 is no limit. */
typedef struct edgeq_blob {
    const uint8_t *bytes;
    size_t size;
    uint32_t *workspace; /* stays with the decoder; NULL where words is 0 */
    size_t words;
    uint64_t most_elements;
    unsigned flags;
} edgeq_blob;

/* A value that differs from the fill value; `index` numbers the elements in row-major order. */
typedef struct edgeq_stored {
    uint64_t index;
    int64_t value;
} edgeq_stored;

/* Check the blob and stand before its first element. `codecs` is a list that NULL ends. */
int edgeq_decoder_open(edgeq_decoder *decoder, const edgeq_blob *blob, const edgeq_codec *const *codecs);

/*
 * Hand out the next elements, at most `most` of them, and set *count to their number; it is below `most` at
 * the end only. The order is row-major, but column-major for csc (`decoder->transposed`). At a fault there
 * are none.
 */
int edgeq_decoder_read(edgeq_decoder *decoder, int32_t *out, size_t most, size_t *count);
int edgeq_decoder_read64(edgeq_decoder *decoder, int64_t *out, size_t most, size_t *count);

/*
 * Find the next element that differs from the fill value; return EDGEQ_BLOB_END after the last. The order is
 * that of edgeq_decoder_read; the two may be mixed.
 */
int edgeq_decoder_next(edgeq_decoder *decoder, edgeq_stored *stored);

/* Decode all elements in row-major order, csc too; EDGEQ_BLOB_LIMIT when there are more than `most`. */
int edgeq_decoder_decode(edgeq_decoder *decoder, int32_t *out, size_t most);
int edgeq_decoder_decode64(edgeq_decoder *decoder, int64_t *out, size_t most);

/*
 * Stand before the first element of a segment, 0 .. decoder->segments - 1, and end after its last. A decoder
 * that was opened may be copied: the copies share the workspace, which only edgeq_decoder_open writes, so
 * that several engines can each take a segment.
 */
int edgeq_decoder_start(edgeq_decoder *decoder, uint64_t segment);

/* Stand before the first element of all. */
int edgeq_decoder_rewind(edgeq_decoder *decoder);

#ifdef __cplusplus
}
#endif

#endif
