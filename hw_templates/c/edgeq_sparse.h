/* SPDX-License-Identifier: MIT
 *
 * Codecs that store the elements that differ from the fill value, and where they are: coo, csr, csc, bitmask.
 */
#ifndef EDGEQ_SPARSE_H
#define EDGEQ_SPARSE_H

#include "edgeq_decoder.h"

#ifdef __cplusplus
extern "C" {
#endif

extern const edgeq_codec edgeq_codec_coo;
extern const edgeq_codec edgeq_codec_csr;
extern const edgeq_codec edgeq_codec_csc;
extern const edgeq_codec edgeq_codec_bitmask;

#ifdef __cplusplus
}
#endif

#endif
