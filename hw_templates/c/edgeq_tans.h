/* SPDX-License-Identifier: MIT
 *
 * Codec ans: symbols as steps of a table automaton (tANS).
 */
#ifndef EDGEQ_TANS_H
#define EDGEQ_TANS_H

#include "edgeq_decoder.h"

#ifdef __cplusplus
extern "C" {
#endif

extern const edgeq_codec edgeq_codec_ans;

#ifdef __cplusplus
}
#endif

#endif
