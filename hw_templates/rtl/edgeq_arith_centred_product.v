// Printed by edgeq from edgeq/arith/elementwise.py; do not edit.
// SPDX-License-Identifier: MIT
//
// Return the exact product of two codes, zero points removed.
//
//     return within((x1 - x1_zero_point) * (x2 - x2_zero_point), _MIN64, _MAX64)
//
// Combinational. Result in -146689 .. 146689.
// Ranges of the ports:
//
//   x1 in -128 .. 255
//   x1_zero_point in -128 .. 255
//   x2 in -128 .. 255
//   x2_zero_point in -128 .. 255

`default_nettype none

module edgeq_arith_centred_product (
    input  wire signed [8:0] x1,
    input  wire signed [8:0] x1_zero_point,
    input  wire signed [8:0] x2,
    input  wire signed [8:0] x2_zero_point,
    output wire signed [18:0] y
);
    wire signed [9:0] t0 = $signed({{1{x1[8]}}, x1}) - $signed({{1{x1_zero_point[8]}}, x1_zero_point});
    wire signed [9:0] t1 = $signed({{1{x2[8]}}, x2}) - $signed({{1{x2_zero_point[8]}}, x2_zero_point});
    wire signed [18:0] t2 = $signed({{9{t0[9]}}, t0}) * $signed({{9{t1[9]}}, t1});
    assign y = t2;
endmodule

`default_nettype wire
