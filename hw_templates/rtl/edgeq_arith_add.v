// Printed by edgeq from edgeq/arith/primitives.py; do not edit.
// SPDX-License-Identifier: MIT
//
// Add two codes of one scale, zero points removed, and narrow the sum once.
//
//     total = within((x1 - x1_zero_point) + (x2 - x2_zero_point), _MIN63, _MAX63)
//     return narrow(total, lo, hi, overflow)
//
// Combinational. Result in -2^32 .. 2^32 - 1.
// Fixed: x1_zero_point = 0, x2_zero_point = 0.
// Ranges of the ports:
//
//   x1 in -2^31 .. 2^31 - 1
//   x2 in -2^31 .. 2^31 - 1
//   lo in -2^31 .. 0
//   hi in 0 .. 2^31 - 1
//   overflow in 0 .. 4

`default_nettype none

module edgeq_arith_add (
    input  wire signed [31:0] x1,
    input  wire signed [31:0] x2,
    input  wire signed [31:0] lo,
    input  wire signed [31:0] hi,
    input  wire signed [3:0] overflow,
    output wire signed [32:0] y
);
    wire signed [1:0] t0 = {1'b0, overflow == 4'sh0};
    wire signed [32:0] t1 = $signed({{1{x1[31]}}, x1}) + $signed({{1{x2[31]}}, x2});
    wire signed [32:0] t2 = (t1 > $signed({{1{lo[31]}}, lo})) ? t1 : $signed({{1{lo[31]}}, lo});
    wire signed [31:0] t3 = (t2 < $signed({{1{hi[31]}}, hi})) ? $signed(t2[31:0]) : hi;
    wire signed [1:0] t4 = {1'b0, overflow == 4'sh1};
    wire signed [1:0] t5 = {1'b0, lo < 32'sh0};
    wire signed [31:0] t6 = 32'sh0 - hi;
    wire signed [31:0] t7 = (t5 != 2'sh0) ? t6 : lo;
    wire signed [32:0] t8 = (t1 > $signed({{1{t7[31]}}, t7})) ? t1 : $signed({{1{t7[31]}}, t7});
    wire signed [31:0] t9 = (t8 < $signed({{1{hi[31]}}, hi})) ? $signed(t8[31:0]) : hi;
    wire signed [1:0] t10 = {1'b0, overflow == 4'sh2};
    wire signed [1:0] t11 = {1'b0, t1 >= $signed({{1{lo[31]}}, lo})};
    wire signed [1:0] t12 = {1'b0, t1 <= $signed({{1{hi[31]}}, hi})};
    wire signed [1:0] t13 = t11 & t12;
    wire signed [32:0] t14 = (t13 != 2'sh0) ? t1 : 33'sh0;
    wire signed [1:0] t15 = {1'b0, overflow == 4'sh3};
    wire signed [32:0] t16 = $signed({{1{hi[31]}}, hi}) - $signed({{1{lo[31]}}, lo});
    wire signed [32:0] t17 = t1 & t16;
    wire signed [32:0] t18 = 33'sh0 - $signed({{1{lo[31]}}, lo});
    wire signed [32:0] t19 = t17 ^ t18;
    wire signed [32:0] t20 = t19 + $signed({{1{lo[31]}}, lo});
    wire signed [32:0] t21 = (t15 != 2'sh0) ? t20 : t1;
    wire signed [32:0] t22 = (t10 != 2'sh0) ? t14 : t21;
    wire signed [32:0] t23 = (t4 != 2'sh0) ? $signed({{1{t9[31]}}, t9}) : t22;
    wire signed [32:0] t24 = (t0 != 2'sh0) ? $signed({{1{t3[31]}}, t3}) : t23;
    assign y = t24;
endmodule

`default_nettype wire
