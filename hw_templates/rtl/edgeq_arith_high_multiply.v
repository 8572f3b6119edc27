// Printed by edgeq from edgeq/arith/softmax.py; do not edit.
// SPDX-License-Identifier: MIT
//
// Return gemmlowp's saturating rounding doubling high product of two 32-bit values.
//
//     return saturate(round_shift(a * b, 31, _TIES_UP), _MIN32, _MAX32)
//
// Combinational. Result in -(2^31 - 1) .. 2^31 - 1.
// Ranges of the ports:
//
//   a in -2^31 .. 2^31 - 1
//   b in -2^31 .. 2^31 - 1

`default_nettype none

module edgeq_arith_high_multiply (
    input  wire signed [31:0] a,
    input  wire signed [31:0] b,
    output wire signed [31:0] y
);
    wire signed [63:0] t0 = $signed({{32{a[31]}}, a}) * $signed({{32{b[31]}}, b});
    wire signed [63:0] t1_full = t0 >>> 31;
    wire signed [32:0] t1 = $signed(t1_full[32:0]);
    wire signed [63:0] t2_full = t0 & 64'sh7fffffff;
    wire signed [31:0] t2 = $signed(t2_full[31:0]);
    wire signed [1:0] t3 = {1'b0, t2 > 32'sh40000000};
    wire signed [1:0] t4 = {1'b0, t2 == 32'sh40000000};
    wire signed [1:0] t5 = {1'b0, t2 != 32'sh0};
    wire signed [1:0] t6 = t4 & t5;
    wire signed [1:0] t7 = (t6 != 2'sh0) ? 2'sh1 : 2'sh0;
    wire signed [1:0] t8 = (t3 != 2'sh0) ? 2'sh1 : t7;
    wire signed [32:0] t9 = t1 + $signed({{31{t8[1]}}, t8});
    wire signed [32:0] t10 = (t9 > 33'sh180000000) ? t9 : 33'sh180000000;
    wire signed [31:0] t11 = (t10 < 33'sh7fffffff) ? $signed(t10[31:0]) : 32'sh7fffffff;
    assign y = t11;
    // Not needed for the result.
    wire unused = &{
        1'b0,
        t1_full[63:33],
        t2_full[63:32]};
endmodule

`default_nettype wire
