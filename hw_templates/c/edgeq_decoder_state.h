/* SPDX-License-Identifier: MIT
 *
 * What a decoder knows of its blob, what it remembers while it reads, and what a codec has to offer.
 */
#ifndef EDGEQ_DECODER_STATE_H
#define EDGEQ_DECODER_STATE_H

#include "edgeq_bits.h"

#define EDGEQ_BLOB_MAX_RANK 32
#define EDGEQ_BLOB_MAX_SECTIONS 4
#define EDGEQ_LONGEST_CODE 15

typedef struct edgeq_decoder edgeq_decoder;
struct edgeq_stored;

/* Bytes of one section. */
typedef struct edgeq_section {
    const uint8_t *data;
    size_t size;
} edgeq_section;

/* Where a fault is: number of the section (-1: header, crc, or none) and offset in the blob. */
typedef struct edgeq_fault {
    int status;
    int section;
    size_t offset;
} edgeq_fault;

/* Where elements go: one of the two arrays. */
typedef struct edgeq_sink {
    int32_t *narrow;
    int64_t *wide;
} edgeq_sink;

/* A codec. Functions return a status; NULL where there is nothing to do. */
typedef struct edgeq_codec {
    const char *name;
    uint8_t id;
    uint8_t sections;
    const char *section_names[EDGEQ_BLOB_MAX_SECTIONS];
    bool wide; /* types of more than 16 bits are legal */
    int (*open)(edgeq_decoder *decoder);
    int (*start)(edgeq_decoder *decoder);
    /* dense: the next `count` elements */
    int (*fill)(edgeq_decoder *decoder, const edgeq_sink *sink, size_t count);
    /* not dense: the next stored value, with its place in the order of storage; EDGEQ_BLOB_END for none */
    int (*next)(edgeq_decoder *decoder, struct edgeq_stored *stored);
    int (*finish)(edgeq_decoder *decoder);
} edgeq_codec;

/* A table of symbols: canonical codes (lookup of first bits, order, rows by length), or states of tANS. */
typedef struct edgeq_code {
    const uint32_t *table;
    const uint32_t *order;
    uint16_t first[EDGEQ_LONGEST_CODE + 1];
    uint16_t count[EDGEQ_LONGEST_CODE + 1];
    uint16_t offset[EDGEQ_LONGEST_CODE + 1];
} edgeq_code;

/* Of huffman and ans. */
typedef struct edgeq_entropy {
    uint8_t mode;
    uint8_t low_bits;
    uint8_t log2_states; /* 0: huffman */
    bool escape;
    uint32_t largest_run;
    const uint8_t *codebook; /* NULL: none */
    uint32_t codebook_size;
    int32_t lo;
    uint32_t symbols;
    edgeq_code values;
    edgeq_code runs;
} edgeq_entropy;

/* Of csr and csc: the matrix as it is stored, and the row and the number of the next value. */
typedef struct edgeq_compressed {
    uint64_t rows;
    uint64_t columns;
    unsigned pointer_bytes;
    unsigned index_bits;
    uint64_t row;
} edgeq_compressed;

/* Of zero_runs. */
typedef struct edgeq_zero_runs {
    unsigned run_bits;
    bool padded;
} edgeq_zero_runs;

/* Of vanilla. */
typedef struct edgeq_vanilla {
    const uint8_t *values;
    uint32_t count;
    unsigned index_bits;
} edgeq_vanilla;

struct edgeq_decoder {
    /* What the blob says. */
    const edgeq_codec *codec;
    bool is_signed;
    uint8_t bits;
    int rank;
    uint32_t dims[EDGEQ_BLOB_MAX_RANK];
    uint64_t rows;
    uint64_t columns;
    uint64_t elements;
    uint64_t stored;         /* K */
    int64_t fill_value;
    int64_t fraction_bits;   /* fixed_point: an integer q means q * 2^-fraction_bits; else 0 */
    bool transposed;         /* csc: elements come column by column */
    uint64_t segments;
    size_t words_needed;     /* of the workspace, in uint32_t */
    edgeq_fault fault;

    /* The rest is for the decoder alone. */
    const uint8_t *blob;
    edgeq_section sections[EDGEQ_BLOB_MAX_SECTIONS];
    uint32_t *workspace;
    size_t words;
    bool dense;
    uint64_t segment_rows;
    unsigned word_bytes;
    const uint8_t *restart;  /* NULL: one segment */
    unsigned restart_bytes;

    /* Where it stands. */
    uint64_t segment;
    uint64_t last_segment;
    uint64_t position;
    uint64_t end;            /* of the segment */
    uint64_t stored_here;    /* in the segment */
    uint64_t taken;          /* of them */
    bool is_done;
    bool has_pending;        /* a stored value that is still to come */
    uint64_t pending_place;
    int64_t pending_value;
    edgeq_bits stream;
    uint32_t state;          /* ans */
    union {
        edgeq_vanilla vanilla;
        edgeq_compressed compressed;
        edgeq_zero_runs zero_runs;
        edgeq_entropy entropy;
        uint64_t place;      /* bitmask: the next bit */
    } of;
};

#endif
