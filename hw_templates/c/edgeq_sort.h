/* SPDX-License-Identifier: MIT
 *
 * Sort the entries of a table by key.
 */
#ifndef EDGEQ_SORT_H
#define EDGEQ_SORT_H

#include <stdint.h>

/* Sort `count` numbers of entries by (keys[number], number). */
void edgeq_sort(uint32_t *numbers, uint32_t count, const uint32_t *keys);

#endif
