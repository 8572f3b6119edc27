"""What emitted arrays of c_arrays compile against: declarations of the libraries' types, and kernels as oracles.

Field names and types are those of CMSIS-NN, Include/arm_nn_types.h (075474c), and of gemmini-rocc-tests,
include/gemmini_nn.h with rows and columns apart and include/gemmini_params.h. The kernels restate in plain loops what
the libraries compute: gemmlowp's two roundings, and a float32 product rounded half to even.
"""

from __future__ import annotations

ARM_NN_TYPES = """\
#ifndef ARM_NN_TYPES_H
#define ARM_NN_TYPES_H
#include <stdbool.h>
#include <stdint.h>
typedef struct { int32_t w; int32_t h; } cmsis_nn_tile;
typedef struct { int32_t n; int32_t h; int32_t w; int32_t c; } cmsis_nn_dims;
typedef struct { int32_t *multiplier; int32_t *shift; } cmsis_nn_per_channel_quant_params;
typedef struct { int32_t multiplier; int32_t shift; } cmsis_nn_per_tensor_quant_params;
typedef struct { int32_t *multiplier; int32_t *shift; int32_t is_per_channel; } cmsis_nn_quant_params;
typedef struct { int32_t min; int32_t max; } cmsis_nn_activation;
typedef struct {
    int32_t input_offset; int32_t output_offset;
    cmsis_nn_tile stride; cmsis_nn_tile padding; cmsis_nn_tile dilation; cmsis_nn_activation activation;
} cmsis_nn_conv_params;
typedef struct {
    int32_t input_offset; int32_t output_offset; int32_t ch_mult;
    cmsis_nn_tile stride; cmsis_nn_tile padding; cmsis_nn_tile dilation; cmsis_nn_activation activation;
} cmsis_nn_dw_conv_params;
typedef struct {
    int32_t input_offset; int32_t filter_offset; int32_t output_offset; cmsis_nn_activation activation;
} cmsis_nn_fc_params;
#endif
"""

CMSIS_NN_KERNELS = """\
#include <stdio.h>
#include "arm_nn_types.h"

static int32_t rescaled(int32_t acc, int32_t multiplier, int32_t shift)
{
    const int left = shift > 0 ? (int)shift : 0, right = shift > 0 ? 0 : (int)-shift;
    const int64_t product = (int64_t)acc * ((int64_t)1 << left) * multiplier;
    const int64_t half = (int64_t)1 << 30;
    int64_t high = (product + (product >= 0 ? half : 1 - half)) / ((int64_t)1 << 31);
    if (right > 0) {
        const int64_t size = high < 0 ? -high : high;
        const int64_t rounded = (size + ((int64_t)1 << (right - 1))) >> right;
        high = high < 0 ? -rounded : rounded;
    }
    return (int32_t)high;
}

static int8_t activated(int32_t value, int32_t offset, cmsis_nn_activation limits)
{
    value += offset;
    value = value < limits.min ? limits.min : value;
    return (int8_t)(value > limits.max ? limits.max : value);
}

static int32_t weight_at(const int8_t *weight, int32_t place, bool packed)
{
    if (!packed) {
        return weight[place];
    }
    const int32_t nibble = (weight[place / 2] >> (place % 2 * 4)) & 15;
    return nibble > 7 ? nibble - 16 : nibble;
}

/* NHWC codes, filter n, h, w, c; groups follow from the channels, as in arm_convolve_s8. */
static void convolve(const cmsis_nn_conv_params *p, const cmsis_nn_per_channel_quant_params *q, const cmsis_nn_dims *in,
                     const int8_t *x, const cmsis_nn_dims *filter, const int8_t *weight, const int32_t *bias,
                     const cmsis_nn_dims *out, int8_t *y, bool packed)
{
    const int32_t per_group = out->c / (in->c / filter->c);
    for (int32_t oh = 0; oh < out->h; oh++) {
        for (int32_t ow = 0; ow < out->w; ow++) {
            for (int32_t o = 0; o < out->c; o++) {
                int32_t acc = bias[o];
                for (int32_t k = 0; k < filter->h * filter->w * filter->c; k++) {
                    const int32_t c = k % filter->c, kw = k / filter->c % filter->w, kh = k / filter->c / filter->w;
                    const int32_t row = oh * p->stride.h - p->padding.h + kh * p->dilation.h;
                    const int32_t column = ow * p->stride.w - p->padding.w + kw * p->dilation.w;
                    if (row >= 0 && row < in->h && column >= 0 && column < in->w) {
                        const int32_t channel = o / per_group * filter->c + c;
                        acc += (x[(row * in->w + column) * in->c + channel] + p->input_offset) *
                               weight_at(weight, o * filter->h * filter->w * filter->c + k, packed);
                    }
                }
                y[(oh * out->w + ow) * out->c + o] =
                    activated(rescaled(acc, q->multiplier[o], q->shift[o]), p->output_offset, p->activation);
            }
        }
    }
}

/* Filter 1, h, w, c_out; output channel c * ch_mult + m. */
static void depthwise(const cmsis_nn_dw_conv_params *p, const cmsis_nn_per_channel_quant_params *q,
                      const cmsis_nn_dims *in, const int8_t *x, const cmsis_nn_dims *filter, const int8_t *weight,
                      const int32_t *bias, const cmsis_nn_dims *out, int8_t *y, bool packed)
{
    for (int32_t oh = 0; oh < out->h; oh++) {
        for (int32_t ow = 0; ow < out->w; ow++) {
            for (int32_t o = 0; o < out->c; o++) {
                int32_t acc = bias[o];
                for (int32_t k = 0; k < filter->h * filter->w; k++) {
                    const int32_t row = oh * p->stride.h - p->padding.h + k / filter->w * p->dilation.h;
                    const int32_t column = ow * p->stride.w - p->padding.w + k % filter->w * p->dilation.w;
                    if (row >= 0 && row < in->h && column >= 0 && column < in->w) {
                        acc += (x[(row * in->w + column) * in->c + o / p->ch_mult] + p->input_offset) *
                               weight_at(weight, k * filter->c + o, packed);
                    }
                }
                y[(oh * out->w + ow) * out->c + o] =
                    activated(rescaled(acc, q->multiplier[o], q->shift[o]), p->output_offset, p->activation);
            }
        }
    }
}

static void fully_connected(const cmsis_nn_fc_params *p, const cmsis_nn_quant_params *q, const cmsis_nn_dims *in,
                            const int8_t *x, const cmsis_nn_dims *filter, const int8_t *weight, const int32_t *bias,
                            const cmsis_nn_dims *out, int8_t *y)
{
    for (int32_t row = 0; row < in->n; row++) {
        for (int32_t o = 0; o < out->c; o++) {
            int32_t acc = bias[o];
            for (int32_t k = 0; k < filter->n; k++) {
                acc += (x[row * filter->n + k] + p->input_offset) * (weight[o * filter->n + k] + p->filter_offset);
            }
            const int32_t place = q->is_per_channel ? o : 0;
            y[row * out->c + o] =
                activated(rescaled(acc, q->multiplier[place], q->shift[place]), p->output_offset, p->activation);
        }
    }
}
"""

GEMMINI_NN = """\
#ifndef GEMMINI_NN_H
#define GEMMINI_NN_H
#include <stdbool.h>
#include <stdint.h>
#define DIM 16
#define RELU 1
#define NO_ACTIVATION 0
#define MVIN_SCALE_IDENTITY 1.0
#define row_align(blocks) __attribute__((aligned(blocks * DIM * sizeof(elem_t))))
#define row_align_acc(blocks) __attribute__((aligned(blocks * DIM * sizeof(acc_t))))
typedef int8_t elem_t;
typedef int32_t acc_t;
typedef float scale_t;
typedef float acc_scale_t;
struct ConvParams {
    int batch_size, in_row_dim, in_col_dim, out_row_dim, out_col_dim, kernel_size, in_channels, out_channels;
    int stride, padding;
    bool bias, depthwise;
    int n_patches, patch_size;
    acc_scale_t output_scale;
    scale_t res_scale;
    int pool_size, pool_stride, pool_padding, out_dim_pooled;
    int I, J, K;
};
struct FcParams {
    int batch_size, in_features, out_features;
    acc_scale_t output_scale;
    bool bias;
    int I, J, K;
};
#endif
"""

GEMMINI_KERNELS = """\
#include <math.h>
#include <stdio.h>
#include "include/gemmini_nn.h"

static elem_t scaled(acc_t acc, acc_scale_t scale, int act)
{
    const float value = rintf((float)(act == RELU && acc < 0 ? 0 : acc) * scale);
    return (elem_t)(value > 127.0F ? 127.0F : value < -128.0F ? -128.0F : value);
}

/* Maps are rows, columns, channels; weights a matrix of K rows and J columns, of a depthwise convolution J rows. */
static void conv(const struct ConvParams *p, const elem_t *x, const elem_t *w, const acc_t *b, int act, elem_t *y)
{
    for (int patch = 0; patch < p->n_patches; patch++) {
        const int top = patch / p->out_col_dim * p->stride - p->padding;
        const int left = patch % p->out_col_dim * p->stride - p->padding;
        for (int j = 0; j < p->J; j++) {
            acc_t acc = p->bias ? b[j] : 0;
            for (int k = 0; k < p->K; k++) {
                const int taps = p->depthwise ? 1 : p->in_channels;
                const int row = top + k / taps / p->kernel_size, column = left + k / taps % p->kernel_size;
                const int channel = p->depthwise ? j : k % taps;
                if (row >= 0 && row < p->in_row_dim && column >= 0 && column < p->in_col_dim) {
                    acc += x[(row * p->in_col_dim + column) * p->in_channels + channel] *
                           w[p->depthwise ? j * p->K + k : k * p->J + j];
                }
            }
            y[patch * p->J + j] = scaled(acc, p->output_scale, act);
        }
    }
}

static void pool(const struct ConvParams *p, const elem_t *x, elem_t *y)
{
    for (int place = 0; place < p->out_dim_pooled * p->out_dim_pooled * p->J; place++) {
        const int top = place / p->J / p->out_dim_pooled * p->pool_stride - p->pool_padding;
        const int left = place / p->J % p->out_dim_pooled * p->pool_stride - p->pool_padding;
        elem_t best = -128;
        for (int k = 0; k < p->pool_size * p->pool_size; k++) {
            const int row = top + k / p->pool_size, column = left + k % p->pool_size;
            const bool inside = row >= 0 && row < p->out_row_dim && column >= 0 && column < p->out_col_dim;
            const elem_t value = inside ? x[(row * p->out_col_dim + column) * p->J + place % p->J] : (elem_t)0;
            best = value > best ? value : best;
        }
        y[place] = best;
    }
}

static void linear(const struct FcParams *p, const elem_t *x, const elem_t *w, const acc_t *b, int act, elem_t *y)
{
    for (int i = 0; i < p->I; i++) {
        for (int j = 0; j < p->J; j++) {
            acc_t acc = p->bias ? b[j] : 0;
            for (int k = 0; k < p->K; k++) {
                acc += x[i * p->K + k] * w[k * p->J + j];
            }
            y[i * p->J + j] = scaled(acc, p->output_scale, act);
        }
    }
}
"""
