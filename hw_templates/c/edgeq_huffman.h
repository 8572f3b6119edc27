/* SPDX-License-Identifier: MIT
 *
 * Codec huffman: symbols in canonical codes of at most 15 bits.
 */
#ifndef EDGEQ_HUFFMAN_H
#define EDGEQ_HUFFMAN_H

#include "edgeq_decoder.h"

#ifdef __cplusplus
extern "C" {
#endif

extern const edgeq_codec edgeq_codec_huffman;

#ifdef __cplusplus
}
#endif

#endif
