/* SPDX-License-Identifier: MIT
 *
 * Bits of blobs, where speed does not count; see edgeq_bits.h.
 */
#include "edgeq_bits.h"

unsigned edgeq_bits_for(uint64_t n) {
    unsigned bits = 0;
    while (bits < 63 && n > (uint64_t)1 << bits) {
        bits++;
    }
    return bits;
}

uint64_t edgeq_field(const uint8_t *bytes, uint64_t bit, unsigned n) {
    const uint8_t *at = bytes + bit / 8;
    unsigned left = 8 - (unsigned)(bit % 8);
    uint64_t value = 0;
    while (n > 0) {
        const unsigned taken = n < left ? n : left;
        value = value << taken | ((unsigned)*at >> (left - taken) & ((1u << taken) - 1));
        left = 8;
        n -= taken;
        at++;
    }
    return value;
}

uint32_t edgeq_little_endian(const uint8_t *bytes, unsigned count) {
    uint32_t value = 0;
    for (unsigned k = count; k > 0; k--) {
        value = value << 8 | bytes[k - 1];
    }
    return value;
}

uint64_t edgeq_illegal(edgeq_cursor *cursor) {
    cursor->ok = false;
    return 0;
}

unsigned edgeq_byte(edgeq_cursor *cursor) {
    return edgeq_left(cursor) == 0 ? (unsigned)edgeq_illegal(cursor) : cursor->data[cursor->at++];
}

/* Read a varint below 2^64. */
static uint64_t edgeq_varint64(edgeq_cursor *cursor) {
    uint64_t value = 0;
    unsigned byte = 128;
    for (unsigned shift = 0; byte >= 128; shift += 7) {
        byte = edgeq_byte(cursor);
        if (!cursor->ok || (shift == 63 && byte > 1) || (shift > 0 && byte == 0)) {
            return edgeq_illegal(cursor);
        }
        value |= (uint64_t)(byte & 127) << shift;
    }
    return value;
}

uint64_t edgeq_varint(edgeq_cursor *cursor) {
    const uint64_t value = edgeq_varint64(cursor);
    return value >> 63 != 0 ? edgeq_illegal(cursor) : value;
}

int64_t edgeq_svarint(edgeq_cursor *cursor) {
    const uint64_t code = edgeq_varint64(cursor);
    const int64_t half = (int64_t)(code >> 1);
    return code % 2 == 0 ? half : -half - 1;
}

const uint8_t *edgeq_fields(edgeq_cursor *cursor, uint64_t count, unsigned bits) {
    const uint8_t *first = cursor->data + cursor->at;
    const uint64_t room = (uint64_t)edgeq_left(cursor) * 8;
    if (!cursor->ok || (bits > 0 && count > room / bits)) {
        edgeq_illegal(cursor);
        return first;
    }
    const unsigned used = (unsigned)(count * bits % 8);
    cursor->at += (size_t)(count * bits / 8 + (used > 0));
    if (used > 0 && (first[count * bits / 8] & 255u >> used) != 0) {
        edgeq_illegal(cursor);
    }
    return first;
}

bool edgeq_only_padding(const edgeq_bits *bits) {
    if (bits->window != 0 || bits->held / 8 + (bits->size - bits->at) > bits->flip) {
        return false;
    }
    for (size_t k = bits->at; k < bits->size; k++) {
        if (bits->data[k ^ bits->flip] != 0) {
            return false;
        }
    }
    return true;
}
