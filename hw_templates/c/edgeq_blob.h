/* SPDX-License-Identifier: MIT
 *
 * Blobs of every codec of the folder. A program that reads one, in chunks:
 *
 *     static uint32_t workspace[EDGEQ_BLOB_WORKSPACE];
 *     const edgeq_blob blob = {bytes, size, workspace, EDGEQ_BLOB_WORKSPACE, 0, 0};
 *     edgeq_decoder decoder;
 *     int32_t chunk[64];
 *     size_t count = 0;
 *     int status = edgeq_blob_open(&decoder, &blob);
 *     do {
 *         status = status == EDGEQ_BLOB_OK ? edgeq_decoder_read(&decoder, chunk, 64, &count) : status;
 *         ...
 *     } while (status == EDGEQ_BLOB_OK && count > 0);
 *
 * What the blob holds is in decoder.rank, dims, bits, is_signed, fill_value; reading is in edgeq_decoder.h.
 */
#ifndef EDGEQ_BLOB_H
#define EDGEQ_BLOB_H

#include "edgeq_blob_codecs.h"
#include "edgeq_decoder.h"

/* uint32_t that are enough for any blob: two tables of 2^14 states of ans, and 4096 frequencies. */
#define EDGEQ_BLOB_WORKSPACE (2 * 16384 + 4096)

#ifdef __cplusplus
extern "C" {
#endif

/* Open a blob of any codec in edgeq_blob_codecs. */
int edgeq_blob_open(edgeq_decoder *decoder, const edgeq_blob *blob);

/* Set *words to the workspace that this blob needs, in uint32_t; the crc is not checked. */
int edgeq_blob_workspace(const uint8_t *bytes, size_t size, size_t *words);

/* Say what a status means. */
const char *edgeq_blob_message(int status);

/* Name the part of the blob that a fault lies in. */
const char *edgeq_blob_section(const edgeq_decoder *decoder);

#ifdef __cplusplus
}
#endif

#endif
