// Printed by edgeq from edgeq/arith/elementwise.py; do not edit.
// SPDX-License-Identifier: MIT
//
// Subtract two codes of one scale, zero points removed, and narrow the difference once.
//
//     return narrow(difference(x1, x1_zero_point, x2, x2_zero_point), lo, hi, overflow)
//
// Combinational. Result in -2^31 .. 2^32 - 1.
// Ranges of the ports:
//
//   x1 in -128 .. 255
//   x1_zero_point in -128 .. 255
//   x2 in -128 .. 255
//   x2_zero_point in -128 .. 255
//   lo in -2^31 .. 0
//   hi in 0 .. 2^31 - 1
//   overflow in 0 .. 4

`default_nettype none

module edgeq_arith_subtract (
    input  wire signed [8:0] x1,
    input  wire signed [8:0] x1_zero_point,
    input  wire signed [8:0] x2,
    input  wire signed [8:0] x2_zero_point,
    input  wire signed [31:0] lo,
    input  wire signed [31:0] hi,
    input  wire signed [3:0] overflow,
    output wire signed [32:0] y
);
    wire signed [1:0] t0 = {1'b0, overflow == 4'sh0};
    wire signed [9:0] t1 = $signed({{1{x1[8]}}, x1}) - $signed({{1{x1_zero_point[8]}}, x1_zero_point});
    wire signed [9:0] t2 = $signed({{1{x2[8]}}, x2}) - $signed({{1{x2_zero_point[8]}}, x2_zero_point});
    wire signed [10:0] t3 = $signed({{1{t1[9]}}, t1}) - $signed({{1{t2[9]}}, t2});
    wire signed [10:0] t4 = ($signed({{21{t3[10]}}, t3}) > lo) ? t3 : $signed(lo[10:0]);
    wire signed [10:0] t5 = ($signed({{21{t4[10]}}, t4}) < hi) ? t4 : $signed(hi[10:0]);
    wire signed [1:0] t6 = {1'b0, overflow == 4'sh1};
    wire signed [1:0] t7 = {1'b0, lo < 32'sh0};
    wire signed [31:0] t8 = 32'sh0 - hi;
    wire signed [31:0] t9 = (t7 != 2'sh0) ? t8 : lo;
    wire signed [10:0] t10 = ($signed({{21{t3[10]}}, t3}) > t9) ? t3 : $signed(t9[10:0]);
    wire signed [10:0] t11 = ($signed({{21{t10[10]}}, t10}) < hi) ? t10 : $signed(hi[10:0]);
    wire signed [1:0] t12 = {1'b0, overflow == 4'sh2};
    wire signed [1:0] t13 = {1'b0, $signed({{21{t3[10]}}, t3}) >= lo};
    wire signed [1:0] t14 = {1'b0, $signed({{21{t3[10]}}, t3}) <= hi};
    wire signed [1:0] t15 = t13 & t14;
    wire signed [10:0] t16 = (t15 != 2'sh0) ? t3 : 11'sh0;
    wire signed [1:0] t17 = {1'b0, overflow == 4'sh3};
    wire signed [32:0] t18 = $signed({{1{hi[31]}}, hi}) - $signed({{1{lo[31]}}, lo});
    wire signed [32:0] t19 = $signed({{22{t3[10]}}, t3}) & t18;
    wire signed [32:0] t20 = 33'sh0 - $signed({{1{lo[31]}}, lo});
    wire signed [32:0] t21 = t19 ^ t20;
    wire signed [32:0] t22 = t21 + $signed({{1{lo[31]}}, lo});
    wire signed [32:0] t23 = (t17 != 2'sh0) ? t22 : $signed({{22{t3[10]}}, t3});
    wire signed [32:0] t24 = (t12 != 2'sh0) ? $signed({{22{t16[10]}}, t16}) : t23;
    wire signed [32:0] t25 = (t6 != 2'sh0) ? $signed({{22{t11[10]}}, t11}) : t24;
    wire signed [32:0] t26 = (t0 != 2'sh0) ? $signed({{22{t5[10]}}, t5}) : t25;
    assign y = t26;
endmodule

`default_nettype wire
