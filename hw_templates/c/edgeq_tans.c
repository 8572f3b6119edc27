/* SPDX-License-Identifier: MIT
 *
 * Codec ans: its tables; see edgeq_tans.h. The streams are in edgeq_symbols.c.
 */
#include "edgeq_tans.h"

#include "edgeq_decoder_checks.h"
#include "edgeq_entropy.h"

/* Set the frequency of each weight, in place; false when there is no weight or too little room. */
static bool edgeq_frequencies(uint32_t *weights, uint32_t entries, uint32_t states) {
    uint64_t total = 0;
    uint64_t others = 0; /* sum of the weights that get more than a state each */
    uint64_t sum = 0;
    uint32_t used = 0;
    int64_t ones = 0;
    int64_t given = 0;
    int64_t left = states;
    uint32_t largest = 0;
    for (uint32_t k = 0; k < entries; k++) {
        total += weights[k];
        used += weights[k] > 0;
    }
    if (used == 0 || used > states) {
        return false;
    }
    for (uint32_t k = 0; k < entries; k++) {
        const bool is_small = (uint64_t)weights[k] * states < total;
        others += is_small ? 0 : weights[k];
        ones += is_small && weights[k] > 0;
    }
    for (uint32_t k = 0; k < entries; k++) {
        if ((uint64_t)weights[k] * states < total) {
            weights[k] = weights[k] > 0;
        } else {
            sum += weights[k];
            const int64_t share = (int64_t)(sum * (uint64_t)(states - ones) / others) - given;
            weights[k] = share < 1 ? 1 : (uint32_t)share;
            given += weights[k];
        }
        left -= weights[k];
        largest = weights[k] > weights[largest] ? k : largest;
    }
    left += weights[largest];
    weights[largest] = left < 1 ? 0 : (uint32_t)left;
    return left >= 1;
}

/* Read the frequency of each entry in `bits` bits. */
static bool edgeq_read_dense(edgeq_cursor *cursor, uint32_t entries, unsigned bits, uint32_t *frequencies) {
    const uint8_t *fields = edgeq_fields(cursor, entries, bits);
    for (uint32_t k = 0; cursor->ok && k < entries; k++) {
        frequencies[k] = (uint32_t)edgeq_field(fields, (uint64_t)k * bits, bits);
    }
    return cursor->ok;
}

/* Read the entries that occur, ascending, each with its frequency less 1 in `log2_states` bits. */
static bool edgeq_read_list(edgeq_cursor *cursor, uint32_t entries, unsigned log2_states,
                            uint32_t *frequencies) {
    const unsigned number_bits = edgeq_bits_for(entries);
    const unsigned bits = number_bits + log2_states;
    const uint64_t count = edgeq_varint(cursor);
    const uint8_t *fields = edgeq_fields(cursor, count, bits);
    uint64_t least = 0;
    if (!cursor->ok || count > entries) {
        return false;
    }
    for (uint32_t k = 0; k < entries; k++) {
        frequencies[k] = 0;
    }
    for (uint64_t k = 0; k < count; k++) {
        const uint64_t entry = edgeq_field(fields, k * bits, number_bits);
        if (entry < least || entry >= entries) {
            return false;
        }
        frequencies[entry] = (uint32_t)edgeq_field(fields, k * bits + number_bits, log2_states) + 1;
        least = entry + 1;
    }
    return true;
}

/* Read what a table holds as the frequency of each entry; their sum is not checked yet. */
static bool edgeq_read_frequencies(edgeq_cursor *cursor, const edgeq_alphabet *alphabet, unsigned log2_states,
                                   uint32_t *frequencies) {
    const uint32_t entries = alphabet->entries;
    const unsigned head = edgeq_byte(cursor);
    const unsigned p = head >> 4;
    switch (cursor->ok ? head & 15 : 15) {
    case EDGEQ_TABLE_DENSE:
        return p != 0 && edgeq_read_dense(cursor, entries, p, frequencies);
    case EDGEQ_TABLE_LIST:
        return p == 0 && edgeq_read_list(cursor, entries, log2_states, frequencies);
    case EDGEQ_TABLE_MODEL:
        return p == 0 && alphabet->has_model && edgeq_weights_of_model(cursor, alphabet, frequencies) &&
               edgeq_frequencies(frequencies, entries, 1u << log2_states);
    case EDGEQ_TABLE_COARSE:
        return edgeq_weights_of_fields(cursor, alphabet, p, frequencies) &&
               edgeq_frequencies(frequencies, entries, 1u << log2_states);
    default:
        return false;
    }
}

/* Tell whether frequencies, each below 2^16, have one sum. */
static bool edgeq_fills(const uint32_t *frequencies, uint32_t entries, uint32_t states) {
    uint32_t sum = 0;
    for (uint32_t k = 0; k < entries; k++) {
        sum += frequencies[k];
    }
    return sum == states;
}

/* Make the table of steps: each state's entry, bits to read, and base. Frequencies are used up. */
static void edgeq_fill_states(uint32_t *frequencies, uint32_t entries, unsigned log2_states,
                              uint32_t *table) {
    const uint32_t states = 1u << log2_states;
    const uint32_t step = (states >> 1) + (states >> 3) + 3;
    uint32_t p = 0;
    for (uint32_t entry = 0; entry < entries; entry++) {
        for (uint32_t k = 0; k < frequencies[entry]; k++) {
            table[p] = entry;
            p = (p + step) & (states - 1);
        }
    }
    for (p = 0; p < states; p++) {
        const uint32_t x = frequencies[table[p]]++;
        uint32_t bits = 0;
        while (x << bits < states) {
            bits++;
        }
        table[p] = edgeq_pack_state(table[p], bits, (x << bits) - states);
    }
}

static size_t edgeq_tans_words(const edgeq_decoder *decoder, size_t entries) {
    (void)entries;
    return (size_t)1 << decoder->of.entropy.log2_states;
}

static int edgeq_tans_read(edgeq_decoder *decoder, edgeq_cursor *cursor, const edgeq_alphabet *alphabet,
                           edgeq_code *code, uint32_t *words, uint32_t *scratch) {
    const unsigned log2_states = decoder->of.entropy.log2_states;
    if (!edgeq_read_frequencies(cursor, alphabet, log2_states, scratch) ||
        !edgeq_fills(scratch, alphabet->entries, 1u << log2_states)) {
        return edgeq_fail(decoder, EDGEQ_BLOB_TABLE, EDGEQ_TABLES_SECTION, cursor->at);
    }
    edgeq_fill_states(scratch, alphabet->entries, log2_states, words);
    code->table = words;
    return EDGEQ_BLOB_OK;
}

static int edgeq_tans_open(edgeq_decoder *decoder) {
    static const edgeq_coder coder = {5, 14, 1, edgeq_tans_words, edgeq_tans_read};
    return edgeq_entropy_open(decoder, &coder);
}

const edgeq_codec edgeq_codec_ans = {
    "ans", 10, 2, {"tables", "data", NULL, NULL}, false,
    edgeq_tans_open, edgeq_symbols_start, edgeq_symbols_fill, edgeq_symbols_next, edgeq_symbols_finish};
