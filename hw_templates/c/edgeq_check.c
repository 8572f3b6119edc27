/* SPDX-License-Identifier: MIT
 *
 * Self check of an emitted network; see edgeq_check.h. The only file of a project that needs a hosted C
 * library.
 */
#include "edgeq_check.h"

#include <inttypes.h>
#include <stdio.h>

#define EDGEQ_MOST_PRINTED 10
#define EDGEQ_PATH_BYTES 4096

/* What a check has seen so far. */
typedef struct edgeq_progress {
    const edgeq_check *check;
    const char *folder;
    int64_t image;
    int64_t compared;
    int64_t mismatches;
    bool broken; /* a file cannot be read, or an overflow stopped a run */
} edgeq_progress;

/* Return element `index` of little endian bytes. */
static int64_t edgeq_decode(const uint8_t *bytes, int element, int64_t index) {
    const int64_t width = edgeq_element_bytes(element);
    uint64_t pattern = 0;
    int64_t value;
    for (int64_t k = width - 1; k >= 0; k--) {
        pattern = pattern << 8 | bytes[index * width + k];
    }
    if (element % 2 == 0 && width < 8 && pattern >> (8 * width - 1) != 0) {
        pattern |= UINT64_MAX << (8 * width);
    }
    memcpy(&value, &pattern, sizeof value);
    return value;
}

/* Open a vector file; NULL when its name is too long or it cannot be opened. */
static FILE *edgeq_open(const char *folder, const char *file) {
    char path[EDGEQ_PATH_BYTES];
    const int length = snprintf(path, sizeof path, "%s/%s", folder, file);
    return length > 0 && length < EDGEQ_PATH_BYTES ? fopen(path, "rb") : NULL;
}

/* Tell whether a file holds exactly `bytes` bytes. */
static bool edgeq_has_length(const char *folder, const char *file, int64_t bytes) {
    FILE *stream = edgeq_open(folder, file);
    if (stream == NULL) {
        printf("%s/%s: cannot be opened\n", folder, file);
        return false;
    }
    const long length = fseek(stream, 0, SEEK_END) == 0 ? ftell(stream) : -1;
    fclose(stream);
    if (length != bytes) {
        printf("%s/%s: has %ld bytes, expected %" PRId64 "\n", folder, file, length, bytes);
        return false;
    }
    return true;
}

/* Read image number `image` of `bytes` bytes. */
static bool edgeq_read(const char *folder, const char *file, int64_t image, int64_t bytes, void *into) {
    FILE *stream = edgeq_open(folder, file);
    if (stream == NULL) {
        return false;
    }
    const bool read = fseek(stream, (long)(image * bytes), SEEK_SET) == 0 &&
                      fread(into, 1, (size_t)bytes, stream) == (size_t)bytes;
    fclose(stream);
    return read;
}

/* Print the coordinates of a flat index. */
static void edgeq_print_index(const edgeq_tensor *tensor, int64_t index) {
    int64_t left = edgeq_size(tensor->rank, tensor->shape);
    printf("[");
    for (int k = 0; k < tensor->rank; k++) {
        left /= tensor->shape[k];
        printf(k == 0 ? "%" PRId64 : ", %" PRId64, index / left);
        index %= left;
    }
    printf("]");
}

/* Print where something was found. */
static void edgeq_print_place(const edgeq_progress *progress, int value, int64_t index) {
    const edgeq_golden *golden = &progress->check->golden[value];
    printf("layer %s %s, image %" PRId64 ", index ", golden->layer, golden->role, progress->image);
    edgeq_print_index(&progress->check->tensors[value], index);
}

/* Compare one value of one image. */
static void edgeq_compare(void *context, int value, const edgeq_tensor *tensor) {
    edgeq_progress *progress = context;
    const int64_t size = edgeq_size(tensor->rank, tensor->shape);
    const int64_t bytes = size * edgeq_element_bytes(tensor->element);
    if (!edgeq_read(progress->folder, progress->check->golden[value].file, progress->image, bytes,
                    progress->check->scratch)) {
        progress->broken = true;
        return;
    }
    for (int64_t i = 0; i < size; i++) {
        const int64_t got = edgeq_get(tensor, i);
        const int64_t expected = edgeq_decode(progress->check->scratch, tensor->element, i);
        progress->compared++;
        if (got != expected && ++progress->mismatches <= EDGEQ_MOST_PRINTED) {
            edgeq_print_place(progress, value, i);
            printf(": got %" PRId64 ", expected %" PRId64 "\n", got, expected);
        }
    }
}

/* Read one image of an input into its buffer. */
static bool edgeq_feed(const edgeq_progress *progress, const edgeq_stimulus *stimulus) {
    const int64_t bytes = stimulus->size * edgeq_element_bytes(stimulus->element);
    if (!edgeq_read(progress->folder, stimulus->file, progress->image, bytes, stimulus->buffer)) {
        return false;
    }
    for (int64_t i = 0; i < stimulus->size; i++) {
        edgeq_store(stimulus->buffer, stimulus->element, i,
                    edgeq_decode(stimulus->buffer, stimulus->element, i));
    }
    return true;
}

/* Run one image and compare all its values. */
static void edgeq_check_image(edgeq_progress *progress) {
    const edgeq_check *check = progress->check;
    edgeq_stop stop = {0, {0, 0}};
    for (int k = 0; k < check->inputs; k++) {
        if (!edgeq_feed(progress, &check->stimuli[k])) {
            progress->broken = true;
            return;
        }
    }
    if (check->run(check->input_buffers, edgeq_compare, progress, &stop) != EDGEQ_OK) {
        progress->broken = true;
        edgeq_print_place(progress, stop.value, stop.finding.index);
        printf(": overflow, %" PRId64 " is outside the declared type\n", stop.finding.value);
    }
}

/* Return the number of values of all images, or -1 when a file is missing or of another length. */
static int64_t edgeq_expected_values(const edgeq_check *check, const char *folder) {
    int64_t total = 0;
    bool whole = true;
    for (int k = 0; k < check->inputs; k++) {
        const edgeq_stimulus *stimulus = &check->stimuli[k];
        const int64_t count = check->images * stimulus->size;
        whole = edgeq_has_length(folder, stimulus->file,
                                 count * edgeq_element_bytes(stimulus->element)) && whole;
    }
    for (int k = 0; k < check->values; k++) {
        const edgeq_tensor *tensor = &check->tensors[k];
        const int64_t count = check->images * edgeq_size(tensor->rank, tensor->shape);
        whole = edgeq_has_length(folder, check->golden[k].file,
                                 count * edgeq_element_bytes(tensor->element)) && whole;
        total += count;
    }
    return whole ? total : -1;
}

int edgeq_check_run(const edgeq_check *check, const char *folder) {
    edgeq_progress progress = {check, folder, 0, 0, 0, false};
    const int64_t expected = edgeq_expected_values(check, folder);
    if (expected >= 0) {
        for (progress.image = 0; progress.image < check->images; progress.image++) {
            edgeq_check_image(&progress);
        }
    }
    if (progress.mismatches == 0 && !progress.broken && expected > 0 && progress.compared == expected) {
        printf("EDGEQ_C PASS layers=%d images=%" PRId64 " values=%" PRId64 "\n", check->layers, check->images,
               progress.compared);
        return 0;
    }
    printf("EDGEQ_C FAIL layers=%d images=%" PRId64 " values=%" PRId64 " mismatches=%" PRId64 "\n",
           check->layers,
           check->images, progress.compared, progress.mismatches);
    return 1;
}
