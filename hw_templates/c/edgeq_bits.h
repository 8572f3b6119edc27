/* SPDX-License-Identifier: MIT
 *
 * Bits of blobs: numbers of variable length, fields at a place, and a stream of bits in words.
 *
 * A field holds its value most significant bit first. Format: edgeq/codecs/README.md, "Notation".
 */
#ifndef EDGEQ_BITS_H
#define EDGEQ_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes that are read one after the other; `ok` turns false, and stays so, at the first that is not legal. */
typedef struct edgeq_cursor {
    const uint8_t *data;
    size_t size;
    size_t at;
    bool ok;
} edgeq_cursor;

/* The widest register, of 32 or 64 bits. */
#ifndef EDGEQ_WINDOW_BITS
#if UINTPTR_MAX > UINT32_MAX
#define EDGEQ_WINDOW_BITS 64
#else
#define EDGEQ_WINDOW_BITS 32
#endif
#endif
#if EDGEQ_WINDOW_BITS == 64
typedef uint64_t edgeq_window;
#else
typedef uint32_t edgeq_window;
#endif

/*
 * A stream of bits in words: byte i of the stream is data[i ^ flip], flip = bytes a word - 1. `window` holds
 * the next `held` bits in its upper end, zeros below.
 */
typedef struct edgeq_bits {
    const uint8_t *data;
    size_t size;
    size_t at;
    size_t flip;
    edgeq_window window;
    unsigned held;
} edgeq_bits;

#ifdef __cplusplus
extern "C" {
#endif

/* Return the bits of a field that holds 0 .. n - 1. */
unsigned edgeq_bits_for(uint64_t n);

/* Return the field of n <= 64 bits that begins at bit `bit`. */
uint64_t edgeq_field(const uint8_t *bytes, uint64_t bit, unsigned n);

/* Return the integer that a field of `bits` bits holds: two's complement where it is signed. */
static inline int64_t edgeq_extend(uint64_t field, unsigned bits, bool is_signed) {
    if (!is_signed || field >> (bits - 1) == 0) {
        return (int64_t)field;
    }
    return -(int64_t)(~field & (UINT64_MAX >> (64 - bits))) - 1;
}

/* Return little endian bytes as a number. */
uint32_t edgeq_little_endian(const uint8_t *bytes, unsigned count);

/* Return the bytes that are left. */
static inline size_t edgeq_left(const edgeq_cursor *cursor) {
    return cursor->size - cursor->at;
}

/* Note that what is read is not legal. */
uint64_t edgeq_illegal(edgeq_cursor *cursor);

/* Read one byte. */
unsigned edgeq_byte(edgeq_cursor *cursor);

/* Read a varint, which is below 2^63. */
uint64_t edgeq_varint(edgeq_cursor *cursor);

/* Read a svarint. */
int64_t edgeq_svarint(edgeq_cursor *cursor);

/* Read `count` fields of `bits` <= 64 bits, padded to a byte with zeros; return the first bit's byte. */
const uint8_t *edgeq_fields(edgeq_cursor *cursor, uint64_t count, unsigned bits);

/* See that the window holds n <= 16 bits; false at the end, where zeros follow. */
static inline bool edgeq_refill(edgeq_bits *bits, unsigned n) {
    if (bits->held >= n) {
        return true;
    }
    while (bits->held <= EDGEQ_WINDOW_BITS - 8 && bits->at < bits->size) {
        const edgeq_window byte = bits->data[bits->at ^ bits->flip];
        bits->window |= byte << (EDGEQ_WINDOW_BITS - 8 - bits->held);
        bits->held += 8;
        bits->at++;
    }
    return bits->held >= n;
}

/* Return the next n <= 16 bits of the window. */
static inline uint32_t edgeq_peek(const edgeq_bits *bits, unsigned n) {
    return (uint32_t)(bits->window >> 1 >> (EDGEQ_WINDOW_BITS - 1 - n));
}

/* Drop n <= 16 bits of the window, which holds them. */
static inline void edgeq_drop(edgeq_bits *bits, unsigned n) {
    bits->window <<= n;
    bits->held -= n;
}

/* Read a field of n <= 16 bits; return false at the end. */
static inline bool edgeq_take(edgeq_bits *bits, unsigned n, uint32_t *field) {
    if (!edgeq_refill(bits, n)) {
        return false;
    }
    *field = edgeq_peek(bits, n);
    edgeq_drop(bits, n);
    return true;
}

/* Tell whether less than a word is left and all of it is zero. */
bool edgeq_only_padding(const edgeq_bits *bits);

#ifdef __cplusplus
}
#endif

#endif
