/* SPDX-License-Identifier: MIT
 *
 * Codec huffman: its tables; see edgeq_huffman.h. The streams are in edgeq_symbols.c.
 */
#include "edgeq_huffman.h"

#include "edgeq_decoder_checks.h"
#include "edgeq_entropy.h"
#include "edgeq_sort.h"

/* Sums of weights in an array of words. */
static uint64_t edgeq_sum(const uint32_t *nodes, uint32_t k) {
    return (uint64_t)nodes[2 * k + 1] << 32 | nodes[2 * k];
}

static void edgeq_set_sum(uint32_t *nodes, uint32_t k, uint64_t sum) {
    nodes[2 * k] = (uint32_t)sum;
    nodes[2 * k + 1] = (uint32_t)(sum >> 32);
}

/*
 * Turn n >= 2 ascending weights into code lengths, in place: Moffat and Katajainen, "In-Place Calculation of
 * Minimum-Redundancy Codes" (1995). It makes the inner nodes of the two queues of the format page.
 */
static void edgeq_lengths(uint32_t *nodes, uint32_t n) {
    uint32_t leaf = 0;
    uint32_t root = 0;
    for (uint32_t next = 0; next + 1 < n; next++) { /* inner nodes; those taken keep their parent */
        uint64_t sum = 0;
        for (int k = 0; k < 2; k++) {
            if (leaf < n && (root == next || edgeq_sum(nodes, leaf) <= edgeq_sum(nodes, root))) {
                sum += edgeq_sum(nodes, leaf++);
            } else {
                sum += edgeq_sum(nodes, root);
                edgeq_set_sum(nodes, root++, next);
            }
        }
        edgeq_set_sum(nodes, next, sum);
    }
    edgeq_set_sum(nodes, n - 2, 0);
    for (uint32_t k = n - 2; k > 0; k--) { /* depths of inner nodes */
        edgeq_set_sum(nodes, k - 1, edgeq_sum(nodes, (uint32_t)edgeq_sum(nodes, k - 1)) + 1);
    }
    uint32_t room = 1;
    uint32_t depth = 0;
    uint32_t inner = n - 1; /* those not yet passed, the root last */
    for (uint32_t left = n; left > 0; depth++) { /* depths of leaves, the heaviest first */
        uint32_t used = 0;
        for (; inner > 0 && edgeq_sum(nodes, inner - 1) == depth; inner--) {
            used++;
        }
        for (uint32_t k = room - used; k > 0; k--) {
            edgeq_set_sum(nodes, --left, depth);
        }
        room = 2 * used;
    }
}

/* Number the entries whose key is not 0; return how many there are. */
static uint32_t edgeq_used_entries(const uint32_t *keys, uint32_t entries, uint32_t *order) {
    uint32_t used = 0;
    for (uint32_t k = 0; k < entries; k++) {
        if (keys[k] != 0) {
            order[used++] = k;
        }
    }
    return used;
}

/* Turn the weight of each entry into the length of its code. */
static void edgeq_lengths_of_weights(uint32_t *keys, uint32_t entries, uint32_t *order, uint32_t *nodes) {
    const uint32_t used = edgeq_used_entries(keys, entries, order);
    bool too_long = used > 1;
    while (too_long) {
        edgeq_sort(order, used, keys);
        for (uint32_t k = 0; k < used; k++) {
            edgeq_set_sum(nodes, k, keys[order[k]]);
        }
        edgeq_lengths(nodes, used);
        too_long = edgeq_sum(nodes, 0) > EDGEQ_LONGEST_CODE;
        for (uint32_t k = 0; too_long && k < used; k++) {
            keys[order[k]] = (keys[order[k]] + 1) >> 1;
        }
    }
    for (uint32_t k = 0; k < used; k++) {
        keys[order[k]] = used == 1 ? 1 : (uint32_t)edgeq_sum(nodes, k);
    }
}

/* Read the length of each entry's code, 4 bits an entry. */
static bool edgeq_read_dense(edgeq_cursor *cursor, uint32_t entries, uint32_t *lengths) {
    const uint8_t *fields = edgeq_fields(cursor, entries, 4);
    for (uint32_t k = 0; cursor->ok && k < entries; k++) {
        lengths[k] = (uint32_t)edgeq_field(fields, (uint64_t)k * 4, 4);
    }
    return cursor->ok;
}

/* Read the number of codes of each length, then the entries in the order of their codes. */
static bool edgeq_read_list(edgeq_cursor *cursor, uint32_t entries, unsigned longest, uint32_t *lengths) {
    const unsigned bits = edgeq_bits_for(entries);
    uint64_t counts[EDGEQ_LONGEST_CODE + 1] = {0};
    uint64_t total = 0;
    for (unsigned length = 1; length <= longest; length++) {
        counts[length] = edgeq_varint(cursor);
        total += counts[length] <= entries ? counts[length] : edgeq_illegal(cursor);
    }
    if (!cursor->ok || total > entries || counts[longest] == 0) {
        return false;
    }
    const uint8_t *fields = edgeq_fields(cursor, total, bits);
    if (!cursor->ok) {
        return false;
    }
    for (uint32_t k = 0; k < entries; k++) {
        lengths[k] = 0;
    }
    uint64_t at = 0;
    for (unsigned length = 1; length <= longest; length++) {
        uint64_t least = 0;
        for (; counts[length] > 0; counts[length]--) {
            const uint64_t entry = edgeq_field(fields, at * bits, bits);
            if (entry < least || entry >= entries || lengths[entry] != 0) {
                return false;
            }
            lengths[entry] = length;
            least = entry + 1;
            at++;
        }
    }
    return true;
}

/* Number the canonical codes; false when they overlap or leave room. */
static bool edgeq_number_codes(edgeq_code *code, const uint32_t *lengths, const uint32_t *order,
                               uint32_t used) {
    uint32_t next = 0;
    uint32_t offset = 0;
    for (unsigned length = 0; length <= EDGEQ_LONGEST_CODE; length++) {
        code->count[length] = 0;
    }
    for (uint32_t k = 0; k < used; k++) {
        code->count[lengths[order[k]]]++;
    }
    for (unsigned length = 1; length <= EDGEQ_LONGEST_CODE; length++) {
        next <<= 1;
        code->first[length] = (uint16_t)next;
        code->offset[length] = (uint16_t)offset;
        next += code->count[length];
        offset += code->count[length];
    }
    return next == 1u << EDGEQ_LONGEST_CODE || (used == 1 && code->count[1] == 1);
}

/* Note entry and length of the short codes for each value of the next bits; 0 where the code is longer. */
static void edgeq_fill_lookup(const edgeq_code *code, const uint32_t *order, uint32_t *lookup) {
    for (uint32_t k = 0; k < 1u << EDGEQ_LOOKUP_BITS; k++) {
        lookup[k] = 0;
    }
    for (unsigned length = 1; length <= EDGEQ_LOOKUP_BITS; length++) {
        const unsigned rest = EDGEQ_LOOKUP_BITS - length;
        const uint32_t *entries = order + code->offset[length];
        uint32_t *first = lookup + ((uint32_t)code->first[length] << rest);
        for (uint32_t k = 0; k < (uint32_t)code->count[length] << rest; k++) {
            first[k] = entries[k >> rest] << 4 | length;
        }
    }
}

/* Read what a table holds as the length of each entry's code, 0 for none. */
static bool edgeq_read_lengths(edgeq_cursor *cursor, const edgeq_alphabet *alphabet, uint32_t *lengths,
                               uint32_t *order, uint32_t *nodes) {
    const unsigned head = edgeq_byte(cursor);
    const unsigned p = head >> 4;
    switch (cursor->ok ? head & 15 : 15) {
    case EDGEQ_TABLE_DENSE:
        return p == 0 && edgeq_read_dense(cursor, alphabet->entries, lengths);
    case EDGEQ_TABLE_LIST:
        return p != 0 && edgeq_read_list(cursor, alphabet->entries, p, lengths);
    case EDGEQ_TABLE_MODEL:
        if (p != 0 || !alphabet->has_model || !edgeq_weights_of_model(cursor, alphabet, lengths)) {
            return false;
        }
        edgeq_lengths_of_weights(lengths, alphabet->entries, order, nodes);
        return true;
    default:
        return false;
    }
}

static size_t edgeq_huffman_words(const edgeq_decoder *decoder, size_t entries) {
    (void)decoder;
    return ((size_t)1 << EDGEQ_LOOKUP_BITS) + entries;
}

static int edgeq_huffman_read(edgeq_decoder *decoder, edgeq_cursor *cursor, const edgeq_alphabet *alphabet,
                              edgeq_code *code, uint32_t *words, uint32_t *scratch) {
    uint32_t *order = words + (1u << EDGEQ_LOOKUP_BITS);
    bool legal = edgeq_read_lengths(cursor, alphabet, scratch, order, scratch + alphabet->entries);
    if (legal) {
        const uint32_t used = edgeq_used_entries(scratch, alphabet->entries, order);
        edgeq_sort(order, used, scratch);
        legal = edgeq_number_codes(code, scratch, order, used);
    }
    if (!legal) {
        return edgeq_fail(decoder, EDGEQ_BLOB_TABLE, EDGEQ_TABLES_SECTION, cursor->at);
    }
    edgeq_fill_lookup(code, order, words);
    code->table = words;
    code->order = order;
    return EDGEQ_BLOB_OK;
}

static int edgeq_huffman_open(edgeq_decoder *decoder) {
    static const edgeq_coder coder = {0, 0, 3, edgeq_huffman_words, edgeq_huffman_read};
    return edgeq_entropy_open(decoder, &coder);
}

const edgeq_codec edgeq_codec_huffman = {
    "huffman", 9, 2, {"tables", "data", NULL, NULL}, false,
    edgeq_huffman_open, edgeq_symbols_start, edgeq_symbols_fill, edgeq_symbols_next, edgeq_symbols_finish};
