/* SPDX-License-Identifier: MIT
 *
 * Heap sort: no memory, no recursion, n log n steps at worst; see edgeq_sort.h.
 */
#include "edgeq_sort.h"

#include <stdbool.h>

/* Tell whether entry a comes before entry b. */
static bool edgeq_before(uint32_t a, uint32_t b, const uint32_t *keys) {
    return keys[a] < keys[b] || (keys[a] == keys[b] && a < b);
}

/* Let the number at `root` sink to its place in the heap of `count`. */
static void edgeq_sink_down(uint32_t *numbers, uint32_t root, uint32_t count, const uint32_t *keys) {
    const uint32_t number = numbers[root];
    for (uint32_t child = 2 * root + 1; child < count; child = 2 * root + 1) {
        if (child + 1 < count && edgeq_before(numbers[child], numbers[child + 1], keys)) {
            child++;
        }
        if (!edgeq_before(number, numbers[child], keys)) {
            break;
        }
        numbers[root] = numbers[child];
        root = child;
    }
    numbers[root] = number;
}

void edgeq_sort(uint32_t *numbers, uint32_t count, const uint32_t *keys) {
    for (uint32_t k = count / 2; k > 0; k--) {
        edgeq_sink_down(numbers, k - 1, count, keys);
    }
    for (uint32_t k = count; k > 1; k--) {
        const uint32_t last = numbers[k - 1];
        numbers[k - 1] = numbers[0];
        numbers[0] = last;
        edgeq_sink_down(numbers, 0, k - 1, keys);
    }
}
