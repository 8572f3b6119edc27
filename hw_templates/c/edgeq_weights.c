/* SPDX-License-Identifier: MIT
 *
 * Weights of entries; see edgeq_weights.h.
 */
#include "edgeq_weights.h"

#define EDGEQ_MOST_GAP 65536u
#define EDGEQ_MOST_SPECIAL ((uint64_t)1 << 28)
#define EDGEQ_MOST_W ((uint64_t)1 << 38)
#define EDGEQ_MOST_R (((uint64_t)1 << 25) - 1)

/* A weight w that is multiplied by r / 2^24 from one distance to the next, and r by q / 2^23. */
typedef struct edgeq_curve {
    uint64_t w;
    uint64_t r;
    uint64_t q;
} edgeq_curve;

/* Go on to the next distance; false when nothing changes any more. */
static bool edgeq_curve_step(edgeq_curve *curve) {
    const uint64_t w = curve->w * curve->r >> 24;
    const uint64_t r = curve->r * curve->q >> 23;
    const edgeq_curve before = *curve;
    curve->w = w < EDGEQ_MOST_W ? w : EDGEQ_MOST_W;
    curve->r = r < EDGEQ_MOST_R ? r : EDGEQ_MOST_R;
    return curve->w != before.w || curve->r != before.r;
}

/* Set `count` weights, `step` apart, from distance `distance` on; the curve is that of distance `from`. */
static void edgeq_along(edgeq_curve curve, uint64_t from, uint64_t distance, uint64_t gap, uint32_t count,
                        uint32_t *first, int step) {
    while (from < distance && edgeq_curve_step(&curve)) {
        from++;
    }
    for (int64_t k = 0; k < count; k++) {
        const uint64_t weight = curve.w >> 16;
        const bool is_used = distance + (uint64_t)k >= gap;
        first[k * step] = !is_used ? 0 : weight == 0 ? 1 : (uint32_t)weight;
        if (distance + (uint64_t)k >= from) {
            edgeq_curve_step(&curve);
        }
    }
}

/* Read the curve's two codes. */
static bool edgeq_read_curve(edgeq_cursor *cursor, edgeq_curve *curve) {
    const unsigned slope_low = edgeq_byte(cursor);
    const unsigned slope = edgeq_byte(cursor);
    const unsigned bend_low = edgeq_byte(cursor);
    const unsigned bend = edgeq_byte(cursor);
    if (!cursor->ok || slope >> 5 != 0 || (bend & 127) > 14) {
        return false;
    }
    const uint32_t g = (256 + slope_low) << (15 - (slope & 15));
    const bool straight = bend_low == 0 && (bend & 127) == 0;
    const uint32_t h = straight ? 0 : (256 + bend_low) << (14 - (bend & 127));
    curve->w = (uint64_t)1 << 31;
    curve->r = slope >> 4 != 0 ? (1u << 24) + g : (1u << 24) - g;
    curve->q = bend >> 7 != 0 ? (1u << 23) + h : (1u << 23) - h;
    return true;
}

bool edgeq_weights_of_model(edgeq_cursor *cursor, const edgeq_alphabet *alphabet, uint32_t *weights) {
    edgeq_curve curve = {0, 0, 0};
    const bool legal = edgeq_read_curve(cursor, &curve);
    const uint64_t below = alphabet->is_signed ? edgeq_varint(cursor) : 0;
    const uint64_t above = alphabet->is_signed ? edgeq_varint(cursor) : 0;
    const uint64_t special = edgeq_varint(cursor);
    if (!legal || !cursor->ok || below > EDGEQ_MOST_GAP || above > EDGEQ_MOST_GAP ||
        special > EDGEQ_MOST_SPECIAL || (special > 0 && alphabet->special < 0)) {
        return false;
    }
    const uint64_t from = below < above ? below : above;
    const uint64_t depth = alphabet->lo < 0 ? (uint64_t)-alphabet->lo : 0; /* of the lowest symbol */
    const uint32_t negative = depth < alphabet->entries ? (uint32_t)depth : alphabet->entries;
    if (negative > 0) {
        const uint64_t highest = depth - negative + (alphabet->low_bits > 0 ? 0 : 1);
        edgeq_along(curve, from, highest, below, negative, weights + negative - 1, -1);
    }
    const uint64_t nearest = alphabet->lo < 0 ? 0 : (uint64_t)alphabet->lo;
    edgeq_along(curve, from, nearest, above, alphabet->entries - negative, weights + negative, 1);
    if (alphabet->special >= 0) {
        weights[alphabet->special] = (uint32_t)special;
    }
    return true;
}

bool edgeq_weights_of_fields(edgeq_cursor *cursor, const edgeq_alphabet *alphabet, unsigned p,
                             uint32_t *weights) {
    const unsigned low_bits = p & 7;
    const unsigned bits = (p >> 3 != 0 ? 3 : 4) + low_bits;
    const uint8_t *fields = edgeq_fields(cursor, alphabet->entries, bits);
    if (!cursor->ok) {
        return false;
    }
    for (uint32_t k = 0; k < alphabet->entries; k++) {
        const uint32_t field = (uint32_t)edgeq_field(fields, (uint64_t)k * bits, bits);
        const uint32_t exponent = field >> low_bits;
        const uint32_t low = field & ((1u << low_bits) - 1);
        weights[k] = exponent == 0 ? low : ((1u << low_bits) + low) << (exponent - 1);
    }
    return true;
}
