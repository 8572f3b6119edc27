/* SPDX-License-Identifier: MIT
 *
 * Codec zero_runs; see edgeq_zero_runs.h.
 */
#include "edgeq_zero_runs.h"

#include "edgeq_decoder_checks.h"
#include "edgeq_segments.h"

enum { EDGEQ_PARAMETERS, EDGEQ_RESTART, EDGEQ_DATA };
enum { EDGEQ_ESCAPE, EDGEQ_PADDED };

static int edgeq_zero_runs_open(edgeq_decoder *decoder) {
    edgeq_cursor parameters = edgeq_section_cursor(decoder, EDGEQ_PARAMETERS);
    edgeq_cursor restart = edgeq_section_cursor(decoder, EDGEQ_RESTART);
    const unsigned run_bits = edgeq_byte(&parameters);
    const unsigned style = edgeq_byte(&parameters);
    const unsigned word_bits = edgeq_byte(&parameters);
    const uint64_t rows = edgeq_varint(&parameters);
    const int status = edgeq_section_end(decoder, &parameters, EDGEQ_PARAMETERS, EDGEQ_BLOB_PARAMETER);
    if (status != EDGEQ_BLOB_OK) {
        return status;
    }
    if (run_bits < 2 || run_bits > 16 || style > EDGEQ_PADDED || rows > UINT32_MAX ||
        (word_bits != 8 && word_bits != 16 && word_bits != 32 && word_bits != 64)) {
        return edgeq_fail(decoder, EDGEQ_BLOB_PARAMETER, EDGEQ_PARAMETERS, 0);
    }
    decoder->of.zero_runs.run_bits = run_bits;
    decoder->of.zero_runs.padded = style == EDGEQ_PADDED;
    return edgeq_segments_open(decoder, &restart, EDGEQ_RESTART, rows, word_bits, EDGEQ_DATA);
}

static int edgeq_zero_runs_start(edgeq_decoder *decoder) {
    edgeq_segments_stream(decoder, EDGEQ_DATA);
    return EDGEQ_BLOB_OK;
}

/* Note a fault where the stream stands. */
static int edgeq_fail_here(edgeq_decoder *decoder, int status) {
    return edgeq_fail(decoder, status, EDGEQ_DATA, edgeq_segments_at(decoder, EDGEQ_DATA));
}

static int edgeq_zero_runs_next(edgeq_decoder *decoder, edgeq_stored *stored) {
    const unsigned run_bits = decoder->of.zero_runs.run_bits;
    const uint32_t longest = (1u << run_bits) - 1;
    uint32_t run;
    uint32_t field;
    stored->index = decoder->position;
    while (decoder->taken < decoder->stored_here) {
        if (!edgeq_take(&decoder->stream, run_bits, &run)) {
            return edgeq_fail_here(decoder, EDGEQ_BLOB_TRUNCATED);
        }
        const bool escape = run == longest && !decoder->of.zero_runs.padded;
        stored->index += escape ? longest - 1 : run;
        if (stored->index >= decoder->end) {
            return edgeq_fail_here(decoder, EDGEQ_BLOB_PLACE);
        }
        if (escape) {
            continue;
        }
        if (!edgeq_take(&decoder->stream, decoder->bits, &field)) {
            return edgeq_fail_here(decoder, EDGEQ_BLOB_TRUNCATED);
        }
        decoder->taken++;
        stored->value = edgeq_extend(field, decoder->bits, decoder->is_signed);
        if (stored->value != decoder->fill_value) {
            return EDGEQ_BLOB_OK;
        }
        if (run != longest || !decoder->of.zero_runs.padded || decoder->taken == decoder->stored_here) {
            return edgeq_fail_here(decoder, EDGEQ_BLOB_VALUE);
        }
        stored->index++;
    }
    return EDGEQ_BLOB_END;
}

static int edgeq_zero_runs_finish(edgeq_decoder *decoder) {
    return edgeq_segments_finish(decoder, EDGEQ_DATA);
}

const edgeq_codec edgeq_codec_zero_runs = {
    "zero_runs", 8, 3, {"parameters", "restart", "data", NULL}, false,
    edgeq_zero_runs_open, edgeq_zero_runs_start, NULL, edgeq_zero_runs_next, edgeq_zero_runs_finish};
