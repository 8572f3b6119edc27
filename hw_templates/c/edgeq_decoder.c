/* SPDX-License-Identifier: MIT
 *
 * Elements of a blob one after the other, whatever its codec; see edgeq_decoder.h.
 */
#include "edgeq_decoder.h"

#include <string.h>

#include "edgeq_decoder_checks.h"
#include "edgeq_header.h"
#include "edgeq_segments.h"

/* Stand before the first element of the segment. */
static int edgeq_enter(edgeq_decoder *decoder) {
    edgeq_segments_enter(decoder);
    decoder->taken = 0;
    decoder->has_pending = false;
    return decoder->codec->start == NULL ? EDGEQ_BLOB_OK : decoder->codec->start(decoder);
}

/* Find the next stored value of the segment, where there is one and it is not known yet. */
static int edgeq_fetch(edgeq_decoder *decoder) {
    edgeq_stored stored;
    if (decoder->has_pending || decoder->taken == decoder->stored_here) {
        return EDGEQ_BLOB_OK;
    }
    const int status = decoder->codec->next(decoder, &stored);
    if (status == EDGEQ_BLOB_OK) {
        decoder->has_pending = true;
        decoder->pending_place = stored.index;
        decoder->pending_value = stored.value;
    }
    return status == EDGEQ_BLOB_END ? EDGEQ_BLOB_OK : status;
}

/* Check that nothing of the segment is left; a stored value that is lies outside. */
static int edgeq_leave(edgeq_decoder *decoder) {
    const int status = decoder->dense ? EDGEQ_BLOB_OK : edgeq_fetch(decoder);
    if (status != EDGEQ_BLOB_OK || decoder->codec->finish == NULL) {
        return status;
    }
    return decoder->codec->finish(decoder);
}

/* Pass from finished segments to the next one that has elements. */
static int edgeq_settle(edgeq_decoder *decoder) {
    int status = EDGEQ_BLOB_OK;
    while (status == EDGEQ_BLOB_OK && !decoder->is_done && decoder->position == decoder->end) {
        status = edgeq_leave(decoder);
        if (decoder->segment == decoder->last_segment) {
            decoder->is_done = true;
        } else if (status == EDGEQ_BLOB_OK) {
            decoder->segment++;
            status = edgeq_enter(decoder);
        }
    }
    return status;
}

/* Stand before `first` and end after `last`. */
static int edgeq_seek(edgeq_decoder *decoder, uint64_t first, uint64_t last) {
    if (decoder->fault.status != EDGEQ_BLOB_OK) {
        return decoder->fault.status;
    }
    decoder->segment = first;
    decoder->last_segment = last;
    decoder->is_done = false;
    const int status = edgeq_enter(decoder);
    return status == EDGEQ_BLOB_OK ? edgeq_settle(decoder) : status;
}

int edgeq_decoder_rewind(edgeq_decoder *decoder) {
    return edgeq_seek(decoder, 0, decoder->segments - 1);
}

int edgeq_decoder_start(edgeq_decoder *decoder, uint64_t segment) {
    return segment < decoder->segments ? edgeq_seek(decoder, segment, segment) : EDGEQ_BLOB_SEGMENT;
}

int edgeq_decoder_open(edgeq_decoder *decoder, const edgeq_blob *blob, const edgeq_codec *const *codecs) {
    memset(decoder, 0, sizeof *decoder);
    decoder->blob = blob->bytes;
    decoder->workspace = blob->workspace;
    decoder->words = blob->words;
    int status = edgeq_header_open(decoder, blob, codecs);
    if (status != EDGEQ_BLOB_OK) {
        return status;
    }
    decoder->segments = 1;
    decoder->segment_rows = decoder->rows;
    status = decoder->codec->open(decoder);
    return status == EDGEQ_BLOB_OK ? edgeq_decoder_rewind(decoder) : status;
}

/* Hand out fill values up to the next stored value, and that. */
static int edgeq_spread(edgeq_decoder *decoder, const edgeq_sink *sink, size_t most, size_t *count) {
    const int status = edgeq_fetch(decoder);
    if (status != EDGEQ_BLOB_OK) {
        return status;
    }
    const uint64_t run = (decoder->has_pending ? decoder->pending_place : decoder->end) - decoder->position;
    const size_t fills = run < most ? (size_t)run : most;
    edgeq_emit_run(sink, fills, decoder->fill_value);
    decoder->position += fills;
    *count = fills;
    if (fills < most && decoder->has_pending) {
        edgeq_emit(sink, fills, decoder->pending_value);
        decoder->has_pending = false;
        decoder->position++;
        *count = fills + 1;
    }
    return EDGEQ_BLOB_OK;
}

/* Hand out elements of the segment. */
static int edgeq_pour(edgeq_decoder *decoder, const edgeq_sink *sink, size_t most, size_t *count) {
    if (!decoder->dense) {
        return edgeq_spread(decoder, sink, most, count);
    }
    const uint64_t left = decoder->end - decoder->position;
    *count = left < most ? (size_t)left : most;
    decoder->position += *count;
    return decoder->codec->fill(decoder, sink, *count);
}

/* Hand out elements. */
static int edgeq_read_into(edgeq_decoder *decoder, edgeq_sink sink, size_t most, size_t *count) {
    int status = decoder->fault.status;
    size_t done = 0;
    *count = 0;
    while (status == EDGEQ_BLOB_OK && done < most && !decoder->is_done) {
        size_t step = 0;
        status = edgeq_pour(decoder, &sink, most - done, &step);
        sink.narrow = sink.narrow == NULL ? NULL : sink.narrow + step;
        sink.wide = sink.wide == NULL ? NULL : sink.wide + step;
        done += step;
        status = status == EDGEQ_BLOB_OK ? edgeq_settle(decoder) : status;
    }
    *count = status == EDGEQ_BLOB_OK ? done : 0;
    return status;
}

/* Tell whether the type needs 64 bits. */
static bool edgeq_is_wide(const edgeq_decoder *decoder) {
    return decoder->bits > (decoder->is_signed ? 32 : 31);
}

int edgeq_decoder_read(edgeq_decoder *decoder, int32_t *out, size_t most, size_t *count) {
    const edgeq_sink sink = {out, NULL};
    *count = 0;
    return edgeq_is_wide(decoder) ? EDGEQ_BLOB_WIDE : edgeq_read_into(decoder, sink, most, count);
}

int edgeq_decoder_read64(edgeq_decoder *decoder, int64_t *out, size_t most, size_t *count) {
    const edgeq_sink sink = {NULL, out};
    return edgeq_read_into(decoder, sink, most, count);
}

/* Find the next stored value of the segment, or pass to its end. */
static int edgeq_find(edgeq_decoder *decoder, edgeq_stored *stored, bool *found) {
    const edgeq_sink sink = {NULL, &stored->value};
    if (decoder->dense) {
        stored->index = decoder->position++;
        const int status = decoder->codec->fill(decoder, &sink, 1);
        *found = stored->value != decoder->fill_value;
        return status;
    }
    const int status = edgeq_fetch(decoder);
    *found = decoder->has_pending;
    stored->index = decoder->pending_place;
    stored->value = decoder->pending_value;
    decoder->position = decoder->has_pending ? decoder->pending_place + 1 : decoder->end;
    decoder->has_pending = false;
    return status;
}

int edgeq_decoder_next(edgeq_decoder *decoder, edgeq_stored *stored) {
    int status = decoder->fault.status;
    bool found = false;
    while (status == EDGEQ_BLOB_OK && !found) {
        if (decoder->is_done) {
            return EDGEQ_BLOB_END;
        }
        status = edgeq_find(decoder, stored, &found);
        status = status == EDGEQ_BLOB_OK ? edgeq_settle(decoder) : status;
    }
    if (decoder->transposed && found) {
        stored->index = stored->index % decoder->rows * decoder->columns + stored->index / decoder->rows;
    }
    return status;
}

/* Put all elements of a column-major blob where they belong. */
static int edgeq_scatter(edgeq_decoder *decoder, const edgeq_sink *sink) {
    edgeq_stored stored;
    int status;
    edgeq_emit_run(sink, (size_t)decoder->elements, decoder->fill_value);
    while ((status = edgeq_decoder_next(decoder, &stored)) == EDGEQ_BLOB_OK) {
        edgeq_emit(sink, (size_t)stored.index, stored.value);
    }
    return status == EDGEQ_BLOB_END ? EDGEQ_BLOB_OK : status;
}

/* Decode all elements. */
static int edgeq_decode_into(edgeq_decoder *decoder, const edgeq_sink *sink, size_t most) {
    size_t count;
    if (decoder->elements > most) {
        return EDGEQ_BLOB_LIMIT;
    }
    const int status = edgeq_decoder_rewind(decoder);
    if (status != EDGEQ_BLOB_OK) {
        return status;
    }
    return decoder->transposed ? edgeq_scatter(decoder, sink) : edgeq_read_into(decoder, *sink, most, &count);
}

int edgeq_decoder_decode(edgeq_decoder *decoder, int32_t *out, size_t most) {
    const edgeq_sink sink = {out, NULL};
    return edgeq_is_wide(decoder) ? EDGEQ_BLOB_WIDE : edgeq_decode_into(decoder, &sink, most);
}

int edgeq_decoder_decode64(edgeq_decoder *decoder, int64_t *out, size_t most) {
    const edgeq_sink sink = {NULL, out};
    return edgeq_decode_into(decoder, &sink, most);
}
