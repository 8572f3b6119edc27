/* SPDX-License-Identifier: MIT
 *
 * Streams of symbols; see edgeq_symbols.h.
 */
#include "edgeq_symbols.h"

#include "edgeq_decoder_checks.h"
#include "edgeq_segments.h"

/* Note a fault where the stream stands. */
static int edgeq_fail_here(edgeq_decoder *decoder, int status) {
    const size_t at = edgeq_segments_at(decoder, EDGEQ_STREAM_SECTION);
    return edgeq_fail(decoder, status, EDGEQ_STREAM_SECTION, at);
}

/* Find a code that is longer than EDGEQ_LOOKUP_BITS, or none, and return its entry and length. */
static uint32_t edgeq_long_code(const edgeq_code *code, uint32_t next) {
    for (unsigned length = EDGEQ_LOOKUP_BITS + 1; length <= EDGEQ_LONGEST_CODE; length++) {
        const uint32_t number = (next >> (EDGEQ_LONGEST_CODE - length)) - code->first[length];
        if (number < code->count[length]) {
            return code->order[code->offset[length] + number] << 4 | length;
        }
    }
    return 0;
}

/* Read a symbol; the state of ans still stands at it. */
static inline int edgeq_symbol(const edgeq_entropy *entropy, const edgeq_code *code, edgeq_bits *stream,
                               uint32_t state, uint32_t *entry) {
    if (entropy->log2_states != 0) {
        *entry = code->table[state] >> 18;
        return EDGEQ_BLOB_OK;
    }
    edgeq_refill(stream, EDGEQ_LONGEST_CODE);
    uint32_t found = code->table[edgeq_peek(stream, EDGEQ_LOOKUP_BITS)];
    found = found != 0 ? found : edgeq_long_code(code, edgeq_peek(stream, EDGEQ_LONGEST_CODE));
    *entry = found >> 4;
    if (found == 0 || (found & 15) > stream->held) {
        return found == 0 ? EDGEQ_BLOB_SYMBOL : EDGEQ_BLOB_TRUNCATED;
    }
    edgeq_drop(stream, found & 15);
    return EDGEQ_BLOB_OK;
}

/* Let the state of ans pass the symbol it stands at. */
static inline int edgeq_pass(const edgeq_entropy *entropy, const edgeq_code *code, edgeq_bits *stream,
                             uint32_t *state) {
    uint32_t field = 0;
    if (entropy->log2_states == 0) {
        return EDGEQ_BLOB_OK;
    }
    const uint32_t step = code->table[*state];
    if (!edgeq_take(stream, step >> 14 & 15, &field)) {
        return EDGEQ_BLOB_TRUNCATED;
    }
    *state = (step & 0x3FFF) + field;
    return EDGEQ_BLOB_OK;
}

/* Return the value of symbol number i of the value table, and read its low bits. */
static inline int edgeq_value(const edgeq_decoder *decoder, uint32_t i, edgeq_bits *stream, int64_t *value) {
    const edgeq_entropy *entropy = &decoder->of.entropy;
    const int64_t symbol = entropy->lo + (int32_t)i;
    uint32_t low = 0;
    if (entropy->codebook != NULL) {
        *value = edgeq_value_at(decoder, entropy->codebook, (uint64_t)symbol);
        return EDGEQ_BLOB_OK;
    }
    if (!edgeq_take(stream, entropy->low_bits, &low)) {
        return EDGEQ_BLOB_TRUNCATED;
    }
    *value = decoder->fill_value + symbol * (1 << entropy->low_bits) + low;
    return edgeq_is_of_type(decoder, *value) ? EDGEQ_BLOB_OK : EDGEQ_BLOB_VALUE;
}

/* Read a value. */
static inline int edgeq_coded_value(const edgeq_decoder *decoder, edgeq_bits *stream, uint32_t *state,
                                    int64_t *value) {
    const edgeq_entropy *entropy = &decoder->of.entropy;
    uint32_t entry = 0;
    int status = edgeq_symbol(entropy, &entropy->values, stream, *state, &entry);
    status = status == EDGEQ_BLOB_OK ? edgeq_value(decoder, entry, stream, value) : status;
    return status == EDGEQ_BLOB_OK ? edgeq_pass(entropy, &entropy->values, stream, state) : status;
}

int edgeq_symbols_fill(edgeq_decoder *decoder, const edgeq_sink *sink, size_t count) {
    edgeq_bits stream = decoder->stream; /* copies: a compiler keeps them in registers */
    uint32_t state = decoder->state;
    const edgeq_sink out = *sink;
    uint64_t stored = 0;
    int status = EDGEQ_BLOB_OK;
    for (size_t k = 0; status == EDGEQ_BLOB_OK && k < count; k++) {
        int64_t value = 0;
        status = edgeq_coded_value(decoder, &stream, &state, &value);
        stored += value != decoder->fill_value;
        edgeq_emit(&out, k, value);
    }
    decoder->stream = stream;
    decoder->state = state;
    decoder->taken += stored;
    return status == EDGEQ_BLOB_OK ? status : edgeq_fail_here(decoder, status);
}

/* Read a run; `is_cut` tells that more of it follows and no value. */
static int edgeq_run(edgeq_decoder *decoder, uint32_t *run, bool *is_cut) {
    const edgeq_entropy *entropy = &decoder->of.entropy;
    int status = edgeq_symbol(entropy, &entropy->runs, &decoder->stream, decoder->state, run);
    status = status == EDGEQ_BLOB_OK ? edgeq_pass(entropy, &entropy->runs, &decoder->stream, &decoder->state)
                                     : status;
    *is_cut = *run > entropy->largest_run;
    *run = *is_cut ? entropy->largest_run : *run;
    return status;
}

/* Read a run and the value after it as one symbol; no value when the run is cut. */
static int edgeq_run_and_value(edgeq_decoder *decoder, uint32_t *run, bool *is_cut, int64_t *value) {
    const edgeq_entropy *entropy = &decoder->of.entropy;
    uint32_t entry = 0;
    int status = edgeq_symbol(entropy, &entropy->values, &decoder->stream, decoder->state, &entry);
    *run = entry / entropy->symbols;
    *is_cut = *run > entropy->largest_run;
    *run = *is_cut ? entropy->largest_run : *run;
    if (status == EDGEQ_BLOB_OK && !*is_cut) {
        status = edgeq_value(decoder, entry % entropy->symbols, &decoder->stream, value);
    }
    return status == EDGEQ_BLOB_OK ? edgeq_pass(entropy, &entropy->values, &decoder->stream, &decoder->state)
                                   : status;
}

/* Read runs up to the place of a value, and in mode joint the value. */
static int edgeq_runs(edgeq_decoder *decoder, bool is_joint, edgeq_stored *stored) {
    bool is_cut = true;
    while (is_cut) {
        uint32_t run = 0;
        const int status = is_joint ? edgeq_run_and_value(decoder, &run, &is_cut, &stored->value)
                                    : edgeq_run(decoder, &run, &is_cut);
        if (status != EDGEQ_BLOB_OK) {
            return status;
        }
        stored->index += run;
        if (stored->index >= decoder->end) {
            return EDGEQ_BLOB_PLACE;
        }
    }
    return EDGEQ_BLOB_OK;
}

int edgeq_symbols_next(edgeq_decoder *decoder, edgeq_stored *stored) {
    const bool is_joint = decoder->of.entropy.mode == EDGEQ_MODE_JOINT;
    stored->index = decoder->position;
    int status = edgeq_runs(decoder, is_joint, stored);
    if (status == EDGEQ_BLOB_OK && !is_joint) {
        status = edgeq_coded_value(decoder, &decoder->stream, &decoder->state, &stored->value);
    }
    if (status == EDGEQ_BLOB_OK && stored->value == decoder->fill_value) {
        status = EDGEQ_BLOB_VALUE;
    }
    decoder->taken++;
    return status == EDGEQ_BLOB_OK ? status : edgeq_fail_here(decoder, status);
}

int edgeq_symbols_start(edgeq_decoder *decoder) {
    const uint64_t symbols = decoder->dense ? decoder->end - decoder->position : decoder->stored_here;
    edgeq_segments_stream(decoder, EDGEQ_STREAM_SECTION);
    decoder->state = 0;
    if (symbols > 0 && !edgeq_take(&decoder->stream, decoder->of.entropy.log2_states, &decoder->state)) {
        return edgeq_fail_here(decoder, EDGEQ_BLOB_TRUNCATED);
    }
    return EDGEQ_BLOB_OK;
}

int edgeq_symbols_finish(edgeq_decoder *decoder) {
    if (decoder->taken != decoder->stored_here) {
        return edgeq_fail_here(decoder, EDGEQ_BLOB_COUNT);
    }
    if (decoder->state != 0) {
        return edgeq_fail_here(decoder, EDGEQ_BLOB_LEFTOVER);
    }
    return edgeq_segments_finish(decoder, EDGEQ_STREAM_SECTION);
}
