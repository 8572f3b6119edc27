/* SPDX-License-Identifier: MIT
 *
 * Blobs of the codecs of edgeq_blob_codecs; see edgeq_blob.h.
 */
#include "edgeq_blob.h"

int edgeq_blob_open(edgeq_decoder *decoder, const edgeq_blob *blob) {
    return edgeq_decoder_open(decoder, blob, edgeq_blob_codecs);
}

int edgeq_blob_workspace(const uint8_t *bytes, size_t size, size_t *words) {
    const edgeq_blob blob = {bytes, size, NULL, 0, 0, EDGEQ_BLOB_SKIP_CRC};
    edgeq_decoder decoder;
    const int status = edgeq_blob_open(&decoder, &blob);
    *words = decoder.words_needed;
    return status == EDGEQ_BLOB_SMALL_WORKSPACE ? EDGEQ_BLOB_OK : status;
}

const char *edgeq_blob_message(int status) {
    switch (status) {
    case EDGEQ_BLOB_OK:
        return "no fault";
    case EDGEQ_BLOB_END:
        return "no further value";
    case EDGEQ_BLOB_TRUNCATED:
        return "ends early";
    case EDGEQ_BLOB_MAGIC:
        return "does not begin with EQB";
    case EDGEQ_BLOB_VERSION:
        return "is not of version 1";
    case EDGEQ_BLOB_CODEC:
        return "its codec is unknown";
    case EDGEQ_BLOB_TYPE:
        return "its codec has no such type";
    case EDGEQ_BLOB_SHAPE:
        return "its shape is not legal";
    case EDGEQ_BLOB_FILL_VALUE:
        return "its fill value is not of the type";
    case EDGEQ_BLOB_COUNT:
        return "does not hold the stored values it counts";
    case EDGEQ_BLOB_SECTIONS:
        return "has another number of sections than its codec";
    case EDGEQ_BLOB_LENGTH:
        return "a section has another length than its counts imply";
    case EDGEQ_BLOB_CRC:
        return "is damaged: its crc differs";
    case EDGEQ_BLOB_PARAMETER:
        return "a parameter is not legal";
    case EDGEQ_BLOB_TABLE:
        return "a table or codebook is not legal";
    case EDGEQ_BLOB_RESTART:
        return "the places of its segments are not legal";
    case EDGEQ_BLOB_PLACE:
        return "a value lies outside, or not after the one before it";
    case EDGEQ_BLOB_VALUE:
        return "a value is outside its type, or the fill value";
    case EDGEQ_BLOB_SYMBOL:
        return "bits are no code";
    case EDGEQ_BLOB_LEFTOVER:
        return "bits are left over that are not zero padding";
    case EDGEQ_BLOB_LIMIT:
        return "has more elements than allowed";
    case EDGEQ_BLOB_SMALL_WORKSPACE:
        return "the workspace is too small";
    case EDGEQ_BLOB_WIDE:
        return "its values need 64 bits";
    case EDGEQ_BLOB_SEGMENT:
        return "has no such segment";
    default:
        return "no such status";
    }
}

const char *edgeq_blob_section(const edgeq_decoder *decoder) {
    const int section = decoder->fault.section;
    return section < 0 || decoder->codec == NULL ? "header" : decoder->codec->section_names[section];
}
