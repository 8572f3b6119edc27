/* SPDX-License-Identifier: MIT
 *
 * The header of a blob: type, shape, fill value, counts and sections.
 */
#ifndef EDGEQ_HEADER_H
#define EDGEQ_HEADER_H

#include "edgeq_decoder.h"

/* Fill in what the header says, and check it, the sections' bounds and the crc. */
int edgeq_header_open(edgeq_decoder *decoder, const edgeq_blob *blob, const edgeq_codec *const *codecs);

#endif
