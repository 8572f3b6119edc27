// Printed by edgeq from edgeq/arith/primitives.py; do not edit.
// SPDX-License-Identifier: MIT
//
// Return (x - x_zero_point) * (w - w_zero_point) * 2**fraction_bits, one term of a sum.
//
//     return within(((x - x_zero_point) * (w - w_zero_point)) << fraction_bits, _MIN63, _MAX63)
//
// Combinational. Result in -146689 .. 146689.
// Fixed: fraction_bits = 0.
// Ranges of the ports:
//
//   x in -128 .. 255
//   x_zero_point in -128 .. 255
//   w in -128 .. 255
//   w_zero_point in -128 .. 255

`default_nettype none

module edgeq_arith_multiply (
    input  wire signed [8:0] x,
    input  wire signed [8:0] x_zero_point,
    input  wire signed [8:0] w,
    input  wire signed [8:0] w_zero_point,
    output wire signed [18:0] y
);
    wire signed [9:0] t0 = $signed({{1{x[8]}}, x}) - $signed({{1{x_zero_point[8]}}, x_zero_point});
    wire signed [9:0] t1 = $signed({{1{w[8]}}, w}) - $signed({{1{w_zero_point[8]}}, w_zero_point});
    wire signed [18:0] t2 = $signed({{9{t0[9]}}, t0}) * $signed({{9{t1[9]}}, t1});
    assign y = t2;
endmodule

`default_nettype wire
