/* SPDX-License-Identifier: MIT
 *
 * All codecs.
 */
#include "edgeq_blob_codecs.h"

#include "edgeq_huffman.h"
#include "edgeq_plain.h"
#include "edgeq_sparse.h"
#include "edgeq_tans.h"
#include "edgeq_zero_runs.h"

const edgeq_codec *const edgeq_blob_codecs[] = {
    &edgeq_codec_packed, &edgeq_codec_fixed_point, &edgeq_codec_vanilla,   &edgeq_codec_coo,
    &edgeq_codec_csr,    &edgeq_codec_csc,         &edgeq_codec_bitmask,   &edgeq_codec_zero_runs,
    &edgeq_codec_huffman, &edgeq_codec_ans,        NULL};
