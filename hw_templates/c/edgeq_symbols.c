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
static uint32_t edgeq_long_code(const edgeq_code *code, uint32_t window) {
    for (unsigned length = EDGEQ_LOOKUP_BITS + 1; length <= EDGEQ_LONGEST_CODE; length++) {
        const uint32_t number = (window >> (32 - length)) - code->first[length];
        if (number < code->count[length]) {
            return code->order[code->offset[length] + number] << 4 | length;
        }
    }
    return 0;
}

/* Read a symbol; the state of ans still stands at it. */
static inline int edgeq_symbol(edgeq_decoder *decoder, const edgeq_code *code, uint32_t *entry) {
    edgeq_bits *stream = &decoder->stream;
    if (decoder->of.entropy.log2_states != 0) {
        *entry = code->table[decoder->of.entropy.state] >> 18;
        return EDGEQ_BLOB_OK;
    }
    edgeq_refill(stream);
    uint32_t found = code->table[stream->window >> (32 - EDGEQ_LOOKUP_BITS)];
    found = found != 0 ? found : edgeq_long_code(code, stream->window);
    *entry = found >> 4;
    if (found == 0 || (found & 15) > stream->held) {
        return edgeq_fail_here(decoder, found == 0 ? EDGEQ_BLOB_SYMBOL : EDGEQ_BLOB_TRUNCATED);
    }
    edgeq_drop(stream, found & 15);
    return EDGEQ_BLOB_OK;
}

/* Let the state of ans pass the symbol it stands at. */
static inline int edgeq_pass(edgeq_decoder *decoder, const edgeq_code *code) {
    edgeq_entropy *entropy = &decoder->of.entropy;
    uint32_t field;
    if (entropy->log2_states == 0) {
        return EDGEQ_BLOB_OK;
    }
    const uint32_t step = code->table[entropy->state];
    if (!edgeq_take(&decoder->stream, step >> 14 & 15, &field)) {
        return edgeq_fail_here(decoder, EDGEQ_BLOB_TRUNCATED);
    }
    entropy->state = (step & 0x3FFF) + field;
    return EDGEQ_BLOB_OK;
}

/* Return the value of symbol number i of the value table, and read its low bits. */
static inline int edgeq_value(edgeq_decoder *decoder, uint32_t i, int64_t *value) {
    const edgeq_entropy *entropy = &decoder->of.entropy;
    const int64_t symbol = entropy->lo + (int32_t)i;
    uint32_t low = 0;
    if (entropy->codebook != NULL) {
        *value = edgeq_value_at(decoder, entropy->codebook, (uint64_t)symbol);
        return EDGEQ_BLOB_OK;
    }
    if (entropy->low_bits > 0 && !edgeq_take(&decoder->stream, entropy->low_bits, &low)) {
        return edgeq_fail_here(decoder, EDGEQ_BLOB_TRUNCATED);
    }
    *value = decoder->fill_value + symbol * (1 << entropy->low_bits) + low;
    return edgeq_is_of_type(decoder, *value) ? EDGEQ_BLOB_OK : edgeq_fail_here(decoder, EDGEQ_BLOB_VALUE);
}

int edgeq_symbols_fill(edgeq_decoder *decoder, const edgeq_sink *sink, size_t count) {
    const edgeq_code *code = &decoder->of.entropy.values;
    for (size_t k = 0; k < count; k++) {
        uint32_t entry = 0;
        int64_t value = 0;
        int status = edgeq_symbol(decoder, code, &entry);
        status = status == EDGEQ_BLOB_OK ? edgeq_value(decoder, entry, &value) : status;
        status = status == EDGEQ_BLOB_OK ? edgeq_pass(decoder, code) : status;
        if (status != EDGEQ_BLOB_OK) {
            return status;
        }
        decoder->taken += value != decoder->fill_value;
        edgeq_emit(sink, k, value);
    }
    return EDGEQ_BLOB_OK;
}

/* Read a run; `is_cut` tells that more of it follows and no value. */
static int edgeq_run(edgeq_decoder *decoder, uint32_t *run, bool *is_cut) {
    const edgeq_entropy *entropy = &decoder->of.entropy;
    int status = edgeq_symbol(decoder, &entropy->runs, run);
    status = status == EDGEQ_BLOB_OK ? edgeq_pass(decoder, &entropy->runs) : status;
    *is_cut = *run > entropy->largest_run;
    *run = *is_cut ? entropy->largest_run : *run;
    return status;
}

/* Read the value after a run. */
static int edgeq_value_after_run(edgeq_decoder *decoder, int64_t *value) {
    const edgeq_code *code = &decoder->of.entropy.values;
    uint32_t entry = 0;
    int status = edgeq_symbol(decoder, code, &entry);
    status = status == EDGEQ_BLOB_OK ? edgeq_value(decoder, entry, value) : status;
    return status == EDGEQ_BLOB_OK ? edgeq_pass(decoder, code) : status;
}

/* Read a run and the value after it as one symbol; none when the run is cut. */
static int edgeq_run_and_value(edgeq_decoder *decoder, uint32_t *run, bool *is_cut, int64_t *value) {
    const edgeq_entropy *entropy = &decoder->of.entropy;
    uint32_t entry = 0;
    int status = edgeq_symbol(decoder, &entropy->values, &entry);
    if (status != EDGEQ_BLOB_OK) {
        return status;
    }
    *run = entry / entropy->symbols;
    *is_cut = *run > entropy->largest_run;
    *run = *is_cut ? entropy->largest_run : *run;
    status = *is_cut ? EDGEQ_BLOB_OK : edgeq_value(decoder, entry % entropy->symbols, value);
    return status == EDGEQ_BLOB_OK ? edgeq_pass(decoder, &entropy->values) : status;
}

int edgeq_symbols_next(edgeq_decoder *decoder, edgeq_stored *stored) {
    const bool is_joint = decoder->of.entropy.mode == EDGEQ_MODE_JOINT;
    bool is_cut = true;
    stored->index = decoder->position;
    stored->value = decoder->fill_value;
    while (is_cut) {
        uint32_t run = 0;
        const int status = is_joint ? edgeq_run_and_value(decoder, &run, &is_cut, &stored->value)
                                    : edgeq_run(decoder, &run, &is_cut);
        if (status != EDGEQ_BLOB_OK) {
            return status;
        }
        stored->index += run;
        if (stored->index >= decoder->end) {
            return edgeq_fail_here(decoder, EDGEQ_BLOB_PLACE);
        }
    }
    const int status = is_joint ? EDGEQ_BLOB_OK : edgeq_value_after_run(decoder, &stored->value);
    if (status == EDGEQ_BLOB_OK && stored->value == decoder->fill_value) {
        return edgeq_fail_here(decoder, EDGEQ_BLOB_VALUE);
    }
    decoder->taken++;
    return status;
}

int edgeq_symbols_start(edgeq_decoder *decoder) {
    edgeq_entropy *entropy = &decoder->of.entropy;
    const uint64_t symbols = decoder->dense ? decoder->end - decoder->position : decoder->stored_here;
    edgeq_segments_stream(decoder, EDGEQ_STREAM_SECTION);
    entropy->state = 0;
    if (symbols > 0 && !edgeq_take(&decoder->stream, entropy->log2_states, &entropy->state)) {
        return edgeq_fail_here(decoder, EDGEQ_BLOB_TRUNCATED);
    }
    return EDGEQ_BLOB_OK;
}

int edgeq_symbols_finish(edgeq_decoder *decoder) {
    if (decoder->of.entropy.state != 0) {
        return edgeq_fail_here(decoder, EDGEQ_BLOB_LEFTOVER);
    }
    return edgeq_segments_finish(decoder, EDGEQ_STREAM_SECTION);
}
