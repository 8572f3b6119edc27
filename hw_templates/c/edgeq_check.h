/* SPDX-License-Identifier: MIT
 *
 * Self check of an emitted network: replay recorded inputs, compare every value with the recorded one.
 *
 * Vector files are raw integers, little endian, row-major, in the element type of the value, images
 * concatenated.
 */
#ifndef EDGEQ_CHECK_H
#define EDGEQ_CHECK_H

#include "edgeq_network.h"

/* What is expected of a value: `role` is in, acc or out of its layer. */
typedef struct edgeq_golden {
    const char *layer;
    const char *role;
    const char *file;
} edgeq_golden;

/* What is fed to an input: `size` elements per image; `buffer` takes one image. */
typedef struct edgeq_stimulus {
    const char *file;
    int element;
    int64_t size;
    void *buffer;
} edgeq_stimulus;

typedef struct edgeq_check {
    edgeq_network_run run;
    int layers;
    int64_t images;
    int values;
    const edgeq_tensor *tensors; /* one per value */
    const edgeq_golden *golden;  /* one per value */
    int inputs;
    const edgeq_stimulus *stimuli;   /* one per input */
    const void *const *input_buffers; /* the stimuli's buffers */
    void *scratch;                   /* takes one image of the largest value */
} edgeq_check;

/*
 * Compare all images with the files in `folder`. Print at most ten mismatches, then one last line
 *
 *   EDGEQ_C PASS layers=L images=N values=V
 *   EDGEQ_C FAIL layers=L images=N values=V mismatches=M
 *
 * Return 0 on PASS, else 1.
 */
int edgeq_check_run(const edgeq_check *check, const char *folder);

#endif
