/* SPDX-License-Identifier: MIT
 *
 * The list of codecs that edgeq_blob_open knows.
 */
#ifndef EDGEQ_BLOB_CODECS_H
#define EDGEQ_BLOB_CODECS_H

#include "edgeq_decoder.h"

#ifdef __cplusplus
extern "C" {
#endif

/* NULL is the last. */
extern const edgeq_codec *const edgeq_blob_codecs[];

#ifdef __cplusplus
}
#endif

#endif
