/* SPDX-License-Identifier: MIT
 *
 * Codecs that store every element: packed, fixed_point, vanilla.
 */
#ifndef EDGEQ_PLAIN_H
#define EDGEQ_PLAIN_H

#include "edgeq_decoder.h"

#ifdef __cplusplus
extern "C" {
#endif

extern const edgeq_codec edgeq_codec_packed;
extern const edgeq_codec edgeq_codec_fixed_point;
extern const edgeq_codec edgeq_codec_vanilla;

#ifdef __cplusplus
}
#endif

#endif
