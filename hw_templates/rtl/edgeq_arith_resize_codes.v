// Printed by edgeq from edgeq/arith/elementwise.py; do not edit.
// SPDX-License-Identifier: MIT
//
// Interpolate between four codes and narrow the result once.
//
//     between = bilinear(top_left, top_right, bottom_left, bottom_right, zero_point,
//                        weight_y, unit_y, weight_x, unit_x)
//     return narrow(between, lo, hi, overflow)
//
// Combinational. Result in -6422536575 .. 6422536575.
// Ranges of the ports:
//
//   top_left in -128 .. 255
//   top_right in -128 .. 255
//   bottom_left in -128 .. 255
//   bottom_right in -128 .. 255
//   zero_point in -128 .. 255
//   weight_y in 0 .. 2047
//   unit_y in 1 .. 2048
//   weight_x in 0 .. 2047
//   unit_x in 1 .. 2048
//   lo in -2^31 .. 0
//   hi in 0 .. 2^31 - 1
//   overflow in 0 .. 4

`default_nettype none

module edgeq_arith_resize_codes (
    input  wire signed [8:0] top_left,
    input  wire signed [8:0] top_right,
    input  wire signed [8:0] bottom_left,
    input  wire signed [8:0] bottom_right,
    input  wire signed [8:0] zero_point,
    input  wire signed [11:0] weight_y,
    input  wire signed [12:0] unit_y,
    input  wire signed [11:0] weight_x,
    input  wire signed [12:0] unit_x,
    input  wire signed [31:0] lo,
    input  wire signed [31:0] hi,
    input  wire signed [3:0] overflow,
    output wire signed [33:0] y
);
    wire signed [1:0] t0 = {1'b0, overflow == 4'sh0};
    wire signed [9:0] t1 = $signed({{1{top_left[8]}}, top_left}) - $signed({{1{zero_point[8]}}, zero_point});
    wire signed [12:0] t2 = unit_x - $signed({{1{weight_x[11]}}, weight_x});
    wire signed [20:0] t3 = $signed({{11{t1[9]}}, t1}) * $signed({{8{t2[12]}}, t2});
    wire signed [9:0] t4 =
        $signed({{1{top_right[8]}}, top_right}) - $signed({{1{zero_point[8]}}, zero_point});
    wire signed [20:0] t5 = $signed({{11{t4[9]}}, t4}) * $signed({{9{weight_x[11]}}, weight_x});
    wire signed [21:0] t6 = $signed({{1{t3[20]}}, t3}) + $signed({{1{t5[20]}}, t5});
    wire signed [12:0] t7 = unit_y - $signed({{1{weight_y[11]}}, weight_y});
    wire signed [32:0] t8 = $signed({{11{t6[21]}}, t6}) * $signed({{20{t7[12]}}, t7});
    wire signed [9:0] t9 =
        $signed({{1{bottom_left[8]}}, bottom_left}) - $signed({{1{zero_point[8]}}, zero_point});
    wire signed [20:0] t10 = $signed({{11{t9[9]}}, t9}) * $signed({{8{t2[12]}}, t2});
    wire signed [9:0] t11 =
        $signed({{1{bottom_right[8]}}, bottom_right}) - $signed({{1{zero_point[8]}}, zero_point});
    wire signed [20:0] t12 = $signed({{11{t11[9]}}, t11}) * $signed({{9{weight_x[11]}}, weight_x});
    wire signed [21:0] t13 = $signed({{1{t10[20]}}, t10}) + $signed({{1{t12[20]}}, t12});
    wire signed [32:0] t14 = $signed({{11{t13[21]}}, t13}) * $signed({{21{weight_y[11]}}, weight_y});
    wire signed [33:0] t15 = $signed({{1{t8[32]}}, t8}) + $signed({{1{t14[32]}}, t14});
    wire signed [33:0] t16 = (t15 > $signed({{2{lo[31]}}, lo})) ? t15 : $signed({{2{lo[31]}}, lo});
    wire signed [31:0] t17 = (t16 < $signed({{2{hi[31]}}, hi})) ? $signed(t16[31:0]) : hi;
    wire signed [1:0] t18 = {1'b0, overflow == 4'sh1};
    wire signed [1:0] t19 = {1'b0, lo < 32'sh0};
    wire signed [31:0] t20 = 32'sh0 - hi;
    wire signed [31:0] t21 = (t19 != 2'sh0) ? t20 : lo;
    wire signed [33:0] t22 = (t15 > $signed({{2{t21[31]}}, t21})) ? t15 : $signed({{2{t21[31]}}, t21});
    wire signed [31:0] t23 = (t22 < $signed({{2{hi[31]}}, hi})) ? $signed(t22[31:0]) : hi;
    wire signed [1:0] t24 = {1'b0, overflow == 4'sh2};
    wire signed [1:0] t25 = {1'b0, t15 >= $signed({{2{lo[31]}}, lo})};
    wire signed [1:0] t26 = {1'b0, t15 <= $signed({{2{hi[31]}}, hi})};
    wire signed [1:0] t27 = t25 & t26;
    wire signed [33:0] t28 = (t27 != 2'sh0) ? t15 : 34'sh0;
    wire signed [1:0] t29 = {1'b0, overflow == 4'sh3};
    wire signed [32:0] t30 = $signed({{1{hi[31]}}, hi}) - $signed({{1{lo[31]}}, lo});
    wire signed [33:0] t31_full = t15 & $signed({{1{t30[32]}}, t30});
    wire signed [32:0] t31 = $signed(t31_full[32:0]);
    wire signed [32:0] t32 = 33'sh0 - $signed({{1{lo[31]}}, lo});
    wire signed [32:0] t33 = t31 ^ t32;
    wire signed [32:0] t34 = t33 + $signed({{1{lo[31]}}, lo});
    wire signed [33:0] t35 = (t29 != 2'sh0) ? $signed({{1{t34[32]}}, t34}) : t15;
    wire signed [33:0] t36 = (t24 != 2'sh0) ? t28 : t35;
    wire signed [33:0] t37 = (t18 != 2'sh0) ? $signed({{2{t23[31]}}, t23}) : t36;
    wire signed [33:0] t38 = (t0 != 2'sh0) ? $signed({{2{t17[31]}}, t17}) : t37;
    assign y = t38;
    // Not needed for the result.
    wire unused = &{
        1'b0,
        t31_full[33]};
endmodule

`default_nettype wire
