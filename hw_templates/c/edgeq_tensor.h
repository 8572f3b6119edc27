/* SPDX-License-Identifier: MIT
 *
 * Views of integer tensors, and the only two functions that read and write their elements.
 *
 * A value is stored row-major (the channel slowest in (C, H, W)) in the smallest of int8_t .. uint64_t that
 * holds its type; unsigned types have at most 63 bits, so every value is an int64_t. Elements are copied
 * bytewise: buffers of any alignment may be shared by values of different types.
 */
#ifndef EDGEQ_TENSOR_H
#define EDGEQ_TENSOR_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define EDGEQ_MAX_RANK 8

/* Results of kernels. */
enum edgeq_status {
    EDGEQ_OK = 0,
    EDGEQ_OVERFLOW = 1 /* overflow is `error` and a value fell outside its type; see edgeq_finding */
};

/* How an element is stored; the number of bytes is 1 << (code / 2). */
enum edgeq_element {
    EDGEQ_INT8 = 0,
    EDGEQ_UINT8 = 1,
    EDGEQ_INT16 = 2,
    EDGEQ_UINT16 = 3,
    EDGEQ_INT32 = 4,
    EDGEQ_UINT32 = 5,
    EDGEQ_INT64 = 6,
    EDGEQ_UINT64 = 7
};

/* Integers of `bits` bits: lo and hi are the smallest and the largest. */
typedef struct edgeq_type {
    int64_t bits;
    bool is_signed;
    int64_t lo;
    int64_t hi;
} edgeq_type;

/* A parameter: rank 0 for one value that serves all channels, else one entry per index. */
typedef struct edgeq_constant {
    const void *data;
    int element;
    int rank;
    int64_t shape[EDGEQ_MAX_RANK];
} edgeq_constant;

/* A value of the network: one sample. `axis` is the channel axis. */
typedef struct edgeq_tensor {
    void *data;
    int element;
    int rank;
    int64_t shape[EDGEQ_MAX_RANK];
    int axis;
    int64_t zero_point;
    edgeq_type type;
} edgeq_tensor;

/* Where an overflow stopped a kernel: index in the result, and the value that did not fit. */
typedef struct edgeq_finding {
    int64_t index;
    int64_t value;
} edgeq_finding;

/* Return the number of bytes of an element. */
static inline int64_t edgeq_element_bytes(int element) {
    return (int64_t)1 << (element / 2);
}

/* Return the number of elements of `rank` axes. */
static inline int64_t edgeq_size(int rank, const int64_t *shape) {
    int64_t size = 1;
    for (int k = 0; k < rank; k++) {
        size *= shape[k];
    }
    return size;
}

/* Return the place of the element at `index` in row-major order. */
static inline int64_t edgeq_place(int rank, const int64_t *shape, const int64_t *index) {
    int64_t at = 0;
    for (int k = 0; k < rank; k++) {
        at = at * shape[k] + index[k];
    }
    return at;
}

/* Return element `index` of `data`. */
static inline int64_t edgeq_load(const void *data, int element, int64_t index) {
    const uint8_t *at = (const uint8_t *)data + index * edgeq_element_bytes(element);
    int8_t s8;
    int16_t s16;
    uint16_t u16;
    int32_t s32;
    uint32_t u32;
    int64_t s64;
    switch (element) {
    case EDGEQ_INT8:
        memcpy(&s8, at, sizeof s8);
        return s8;
    case EDGEQ_UINT8:
        return *at;
    case EDGEQ_INT16:
        memcpy(&s16, at, sizeof s16);
        return s16;
    case EDGEQ_UINT16:
        memcpy(&u16, at, sizeof u16);
        return u16;
    case EDGEQ_INT32:
        memcpy(&s32, at, sizeof s32);
        return s32;
    case EDGEQ_UINT32:
        memcpy(&u32, at, sizeof u32);
        return u32;
    default: /* an unsigned element has at most 63 bits: the same bytes */
        memcpy(&s64, at, sizeof s64);
        return s64;
    }
}

/* Store `value`, which fits, as element `index` of `data`. */
static inline void edgeq_store(void *data, int element, int64_t index, int64_t value) {
    uint8_t *at = (uint8_t *)data + index * edgeq_element_bytes(element);
    const uint8_t u8 = (uint8_t)value;
    const uint16_t u16 = (uint16_t)value;
    const uint32_t u32 = (uint32_t)value;
    switch (edgeq_element_bytes(element)) {
    case 1:
        *at = u8;
        break;
    case 2:
        memcpy(at, &u16, sizeof u16);
        break;
    case 4:
        memcpy(at, &u32, sizeof u32);
        break;
    default:
        memcpy(at, &value, sizeof value);
        break;
    }
}

/* Return element `index` of a value. */
static inline int64_t edgeq_get(const edgeq_tensor *x, int64_t index) {
    return edgeq_load(x->data, x->element, index);
}

/* Store element `index` of a value. */
static inline void edgeq_put(const edgeq_tensor *y, int64_t index, int64_t value) {
    edgeq_store(y->data, y->element, index, value);
}

/* Return a parameter's value for a channel. */
static inline int64_t edgeq_of_channel(const edgeq_constant *c, int64_t channel) {
    return edgeq_load(c->data, c->element, c->rank == 0 ? 0 : channel);
}

/* Return the channel of element i of x, along `axis` where there is one, else along x's own. */
static inline int64_t edgeq_channel(const edgeq_tensor *x, bool has_axis, int64_t axis, int64_t i) {
    const int64_t given = has_axis ? axis : x->axis;
    const int at = (int)(given < 0 ? given + x->rank : given);
    return x->rank == 0 ? 0 : i / edgeq_size(x->rank - at - 1, x->shape + at + 1) % x->shape[at];
}

/* Advance `index` to the next element in row-major order. */
static inline void edgeq_advance(int rank, const int64_t *shape, int64_t *index) {
    for (int k = rank - 1; k >= 0; k--) {
        if (++index[k] < shape[k]) {
            return;
        }
        index[k] = 0;
    }
}

/* Tell whether `value` is outside `type`, and note where. */
static inline bool edgeq_outside(const edgeq_type *type, int64_t value, int64_t index, edgeq_finding *found) {
    if (value >= type->lo && value <= type->hi) {
        return false;
    }
    found->index = index;
    found->value = value;
    return true;
}

#endif
