/* SPDX-License-Identifier: MIT
 *
 * Codec zero_runs: the values that differ from the fill value, each after the run of fill values before it.
 */
#ifndef EDGEQ_ZERO_RUNS_H
#define EDGEQ_ZERO_RUNS_H

#include "edgeq_decoder.h"

#ifdef __cplusplus
extern "C" {
#endif

extern const edgeq_codec edgeq_codec_zero_runs;

#ifdef __cplusplus
}
#endif

#endif
