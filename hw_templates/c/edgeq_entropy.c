/* SPDX-License-Identifier: MIT
 *
 * The section `tables` of huffman and ans; see edgeq_entropy.h.
 */
#include "edgeq_entropy.h"

#include "edgeq_decoder_checks.h"
#include "edgeq_segments.h"

#define EDGEQ_MOST_RUN 65535u
#define EDGEQ_FARTHEST_LO (1 << 17)

/* What is read before the tables themselves. */
typedef struct edgeq_setup {
    edgeq_cursor cursor;
    unsigned word_bits;
    uint64_t rows; /* a segment */
    edgeq_alphabet values;
    edgeq_alphabet runs; /* no entries: no such table */
} edgeq_setup;

/* Note that the section holds something that is not legal. */
static int edgeq_refuse(edgeq_decoder *decoder, const edgeq_setup *setup, int status) {
    return edgeq_fail(decoder, status, EDGEQ_TABLES_SECTION, setup->cursor.at);
}

/* Read the parameters. */
static int edgeq_read_parameters(edgeq_decoder *decoder, const edgeq_coder *coder, edgeq_setup *setup,
                                 bool *has_codebook) {
    edgeq_entropy *entropy = &decoder->of.entropy;
    const unsigned flags = edgeq_byte(&setup->cursor);
    const unsigned widths = edgeq_byte(&setup->cursor);
    entropy->mode = flags & 3;
    entropy->escape = (flags & 4) != 0;
    *has_codebook = (flags & 8) != 0;
    setup->word_bits = 8u << (flags >> 4 & 3);
    entropy->low_bits = widths & 15;
    entropy->log2_states = (uint8_t)(widths >> 4);
    const uint64_t largest_run = entropy->mode == EDGEQ_MODE_VALUES ? 0 : edgeq_varint(&setup->cursor);
    setup->rows = edgeq_varint(&setup->cursor);
    if (!setup->cursor.ok || flags >> 6 != 0 || entropy->mode > EDGEQ_MODE_JOINT ||
        entropy->log2_states < coder->fewest_log2 || entropy->log2_states > coder->most_log2 ||
        setup->rows > UINT32_MAX || largest_run > EDGEQ_MOST_RUN || (entropy->escape && largest_run == 0) ||
        (*has_codebook && entropy->low_bits != 0)) {
        return edgeq_refuse(decoder, setup, EDGEQ_BLOB_PARAMETER);
    }
    entropy->largest_run = (uint32_t)largest_run;
    decoder->dense = entropy->mode == EDGEQ_MODE_VALUES;
    return EDGEQ_BLOB_OK;
}

/* Find the codebook; its values are checked later. */
static int edgeq_read_codebook(edgeq_decoder *decoder, edgeq_setup *setup) {
    edgeq_entropy *entropy = &decoder->of.entropy;
    const uint64_t count = edgeq_varint(&setup->cursor);
    entropy->codebook = edgeq_fields(&setup->cursor, count, decoder->bits);
    if (!setup->cursor.ok || count > (uint64_t)1 << decoder->bits) {
        return edgeq_refuse(decoder, setup, EDGEQ_BLOB_TABLE);
    }
    entropy->codebook_size = (uint32_t)count;
    return EDGEQ_BLOB_OK;
}

/* Tell whether symbols can be those of values, or of places in the codebook. */
static bool edgeq_are_symbols(const edgeq_entropy *entropy, int64_t lo, uint64_t count) {
    if (count == 0 || count > EDGEQ_MOST_ENTRIES || lo < -EDGEQ_FARTHEST_LO || lo > EDGEQ_FARTHEST_LO) {
        return false;
    }
    return entropy->codebook == NULL || (lo >= 0 && (uint64_t)lo + count <= entropy->codebook_size);
}

/* Read the value table's alphabet, and derive the run table's. */
static int edgeq_read_alphabets(edgeq_decoder *decoder, edgeq_setup *setup) {
    edgeq_entropy *entropy = &decoder->of.entropy;
    const int64_t lo = edgeq_svarint(&setup->cursor);
    const uint64_t symbols = edgeq_varint(&setup->cursor);
    const bool is_joint = entropy->mode == EDGEQ_MODE_JOINT;
    const uint64_t runs = (uint64_t)entropy->largest_run + 1;
    const uint64_t escape = entropy->escape ? 1 : 0;
    if (!setup->cursor.ok || !edgeq_are_symbols(entropy, lo, symbols) ||
        (is_joint && symbols * runs + escape > EDGEQ_MOST_ENTRIES) ||
        (entropy->mode == EDGEQ_MODE_RUNS && runs + escape > EDGEQ_MOST_ENTRIES)) {
        return edgeq_refuse(decoder, setup, EDGEQ_BLOB_TABLE);
    }
    entropy->symbols = (uint32_t)symbols;
    entropy->lo = (int32_t)lo;
    setup->values.entries = (uint32_t)(is_joint ? symbols * runs + escape : symbols);
    setup->values.has_model = !is_joint;
    setup->values.is_signed = entropy->codebook == NULL;
    setup->values.lo = setup->values.is_signed ? lo : 0;
    setup->values.low_bits = entropy->low_bits;
    setup->values.special = -1;
    if (decoder->dense && setup->values.is_signed && lo <= 0 && (uint64_t)-lo < symbols) {
        setup->values.special = -lo;
    }
    if (entropy->mode == EDGEQ_MODE_RUNS) {
        setup->runs.entries = (uint32_t)(runs + escape);
        setup->runs.has_model = true;
        setup->runs.special = entropy->escape ? (int64_t)runs : -1;
    }
    return EDGEQ_BLOB_OK;
}

/* Return the words that tables take in the end. */
static size_t edgeq_table_words(const edgeq_decoder *decoder, const edgeq_coder *coder,
                                const edgeq_alphabet *of) {
    return of->entries == 0 ? 0 : coder->words(decoder, of->entries);
}

/* Check that the workspace takes the tables and what making them, or checking the codebook, needs. */
static int edgeq_check_workspace(edgeq_decoder *decoder, const edgeq_coder *coder, const edgeq_setup *setup) {
    const bool has_codebook = decoder->of.entropy.codebook != NULL;
    const size_t marks = has_codebook ? (((size_t)1 << decoder->bits) + 31) / 32 : 0;
    const size_t values = setup->values.entries;
    const size_t most = values > setup->runs.entries ? values : setup->runs.entries;
    const size_t words = edgeq_table_words(decoder, coder, &setup->values) +
                         edgeq_table_words(decoder, coder, &setup->runs) + coder->scratch * most;
    decoder->words_needed = words > marks ? words : marks;
    return decoder->words < decoder->words_needed ? edgeq_refuse(decoder, setup, EDGEQ_BLOB_SMALL_WORKSPACE)
                                                  : EDGEQ_BLOB_OK;
}

/* Check that the codebook's values are distinct; the workspace has one bit for each value of the type. */
static int edgeq_check_codebook(edgeq_decoder *decoder, const edgeq_setup *setup) {
    const edgeq_entropy *entropy = &decoder->of.entropy;
    if (entropy->codebook == NULL) {
        return EDGEQ_BLOB_OK;
    }
    for (size_t k = 0; k < (((size_t)1 << decoder->bits) + 31) / 32; k++) {
        decoder->workspace[k] = 0;
    }
    for (uint32_t k = 0; k < entropy->codebook_size; k++) {
        const uint64_t field = edgeq_field(entropy->codebook, (uint64_t)k * decoder->bits, decoder->bits);
        const uint32_t bit = 1u << field % 32;
        if ((decoder->workspace[field / 32] & bit) != 0) {
            return edgeq_refuse(decoder, setup, EDGEQ_BLOB_TABLE);
        }
        decoder->workspace[field / 32] |= bit;
    }
    return EDGEQ_BLOB_OK;
}

/* Read the tables into the workspace, values first; what is left of it serves to make them. */
static int edgeq_read_tables(edgeq_decoder *decoder, const edgeq_coder *coder, edgeq_setup *setup) {
    edgeq_entropy *entropy = &decoder->of.entropy;
    const size_t values = edgeq_table_words(decoder, coder, &setup->values);
    const size_t runs = edgeq_table_words(decoder, coder, &setup->runs);
    uint32_t *scratch = decoder->workspace + values + runs;
    uint32_t *words = decoder->workspace;
    int status = coder->read(decoder, &setup->cursor, &setup->values, &entropy->values, words, scratch);
    if (status == EDGEQ_BLOB_OK && runs > 0) {
        words += values;
        status = coder->read(decoder, &setup->cursor, &setup->runs, &entropy->runs, words, scratch);
    }
    return status;
}

int edgeq_entropy_open(edgeq_decoder *decoder, const edgeq_coder *coder) {
    edgeq_setup setup = {{NULL, 0, 0, true}, 0, 0, {0, false, false, 0, 0, -1}, {0, false, false, 0, 0, -1}};
    bool has_codebook = false;
    setup.cursor = edgeq_section_cursor(decoder, EDGEQ_TABLES_SECTION);
    int status = edgeq_read_parameters(decoder, coder, &setup, &has_codebook);
    if (status == EDGEQ_BLOB_OK && has_codebook) {
        status = edgeq_read_codebook(decoder, &setup);
    }
    const bool has_tables = decoder->elements > 0 && (decoder->dense || decoder->stored > 0);
    if (status == EDGEQ_BLOB_OK && has_tables) {
        status = edgeq_read_alphabets(decoder, &setup);
    }
    status = status == EDGEQ_BLOB_OK ? edgeq_check_workspace(decoder, coder, &setup) : status;
    status = status == EDGEQ_BLOB_OK ? edgeq_check_codebook(decoder, &setup) : status;
    if (status == EDGEQ_BLOB_OK && has_tables) {
        status = edgeq_read_tables(decoder, coder, &setup);
    }
    if (status == EDGEQ_BLOB_OK) {
        status = edgeq_segments_open(decoder, &setup.cursor, EDGEQ_TABLES_SECTION, setup.rows,
                                     setup.word_bits, EDGEQ_STREAM_SECTION);
    }
    return status;
}
