/* SPDX-License-Identifier: MIT
 *
 * The loop nest that convolutions, linear and matmul share: sums of products in a declared accumulator.
 *
 *   acc[o,oh,ow] = bias[o] + 2^f * sum over taps of
 *                  (x[c,h,w] - x_zero_point) * (w[o,c,kh,kw] - w_zero_point[o])
 *   with h = (oh * step - before + kh * reach) / up, w likewise; a tap where that is not whole, or outside x,
 *   adds nothing.
 *
 * Terms are added in `acc_order`. Term k goes to partial sum k mod `acc_lanes`; a first bias starts partial
 * sum 0; the others are added to it in order before a last bias. Every addition keeps `acc` by the rule
 * `acc_overflow`. With `acc_product` each product, and the bias, is rounded and narrowed before it is added.
 */
#ifndef EDGEQ_PRODUCTS_H
#define EDGEQ_PRODUCTS_H

#include "edgeq_tensor.h"

enum edgeq_weight_encoding {
    EDGEQ_WEIGHT_ENCODING_INT = 0,
    EDGEQ_WEIGHT_ENCODING_BIPOLAR = 1,
    EDGEQ_WEIGHT_ENCODING_TERNARY = 2,
    EDGEQ_WEIGHT_ENCODING_CODEBOOK = 3,
    EDGEQ_WEIGHT_ENCODING_CODEBOOK_PER_CHANNEL = 4
};

/* The slowest loop first; `ic` alone is kh, kw, ic. */
enum edgeq_acc_order {
    EDGEQ_ACC_ORDER_KH_KW_IC = 0,
    EDGEQ_ACC_ORDER_KH_IC_KW = 1,
    EDGEQ_ACC_ORDER_KW_KH_IC = 2,
    EDGEQ_ACC_ORDER_KW_IC_KH = 3,
    EDGEQ_ACC_ORDER_IC_KH_KW = 4,
    EDGEQ_ACC_ORDER_IC_KW_KH = 5,
    EDGEQ_ACC_ORDER_IC = 6
};

enum edgeq_acc_bias {
    EDGEQ_ACC_BIAS_FIRST = 0,
    EDGEQ_ACC_BIAS_LAST = 1
};

/* How a product is rounded and narrowed before it is added. */
typedef struct edgeq_product {
    int64_t shift;
    int rounding;
    int overflow;
    edgeq_type type;
} edgeq_product;

/*
 * Which input the taps of one axis read. Forward: stride, padding, dilation, 1. Transposed, where padding is
 * cut from the result: 1, -padding, -dilation, stride.
 */
typedef struct edgeq_line {
    int64_t step;
    int64_t before;
    int64_t reach;
    int64_t up;
} edgeq_line;

/* What every op with weights declares. Constants hold plain integers whatever `weight_encoding` says. */
typedef struct edgeq_weighted {
    edgeq_type weight_type;
    edgeq_constant weight_zero_point;
    int weight_encoding;
    bool has_bias_type;
    edgeq_type bias_type;
    int64_t bias_fraction_bits;
    edgeq_type acc;
    int acc_overflow;
    int acc_order;
    int acc_bias;
    int64_t acc_lanes;
    bool has_acc_product;
    edgeq_product acc_product;
} edgeq_weighted;

/* One call. Shapes are (C, H, W) and (O, OH, OW), steps the distance in elements along each of these axes. */
typedef struct edgeq_products {
    const edgeq_weighted *rule;
    const edgeq_constant *weight; /* (O, C/groups, KH, KW), at w_step */
    const edgeq_constant *bias;   /* (O,) or one value; NULL: none */
    bool exact;                   /* proven: no sum passes 62 bits, and none leaves acc unless it wraps */
    int64_t channels;             /* input channels of one group */
    int64_t kernel[2];
    edgeq_line lines[2]; /* rows, columns */
    int64_t groups;
    int64_t w_step[4]; /* distance in elements along o, c, kh, kw */
    int64_t x_shape[3];
    int64_t x_step[3];
    int64_t y_shape[3];
    int64_t y_step[3];
} edgeq_products;

/* Add `term` to `sum` by the accumulator's rule; return true when that stops the run. */
bool edgeq_add_stops(const edgeq_type *acc, int overflow, int64_t *sum, int64_t term, edgeq_finding *found);

/* Fill y; return EDGEQ_OK, or EDGEQ_OVERFLOW with the place in `found`. */
int edgeq_products_run(const edgeq_products *p, const edgeq_tensor *x, const edgeq_tensor *y,
                       edgeq_finding *found);

#endif
