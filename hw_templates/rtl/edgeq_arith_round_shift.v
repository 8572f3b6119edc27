// Printed by edgeq from edgeq/arith/primitives.py; do not edit.
// SPDX-License-Identifier: MIT
//
// Return x / 2**shift rounded by the named rule; past a shift of 62, x fits 60 bits.
//
//     first = first_round(x, first_shift(shift, rounding), rounding)
//     return second_round(first, second_shift(shift, rounding), rounding)
//
// Combinational. Result in -2^47 .. 140737488355329.
// Ranges of the ports:
//
//   x in -2^47 .. 2^47 - 1
//   shift in 0 .. 62
//   rounding in 0 .. 8

`default_nettype none

module edgeq_arith_round_shift (
    input  wire signed [47:0] x,
    input  wire signed [6:0] shift,
    input  wire signed [4:0] rounding,
    output wire signed [48:0] y
);
    wire signed [1:0] t0 = {1'b0, rounding == 5'sh7};
    wire signed [1:0] t1 = {1'b0, rounding == 5'sh8};
    wire signed [1:0] t2 = t0 | t1;
    wire signed [5:0] t3 = (shift < 7'sh1f) ? $signed(shift[5:0]) : 6'sh1f;
    wire signed [6:0] t4 = (t2 != 2'sh0) ? $signed({{1{t3[5]}}, t3}) : shift;
    wire signed [6:0] t5 = (t4 < 7'sh3e) ? t4 : 7'sh3e;
    wire signed [47:0] t6 = x >>> $unsigned(t5);
    wire signed [4:0] t7 = (t2 != 2'sh0) ? 5'sh2 : rounding;
    wire signed [1:0] t8 = {1'b0, t7 == 5'sh0};
    wire signed [1:0] t9 = {1'b0, t7 == 5'sh1};
    wire signed [63:0] t10 = 64'sh1 <<< $unsigned(t5);
    wire signed [62:0] t11 = $signed(t10[62:0]) - 63'sh1;
    wire signed [62:0] t12 = $signed({{15{x[47]}}, x}) & t11;
    wire signed [1:0] t13 = {1'b0, t12 != 63'sh0};
    wire signed [1:0] t14 = {1'b0, t6 < 48'sh0};
    wire signed [1:0] t15 = (t14 != 2'sh0) ? 2'sh1 : 2'sh0;
    wire signed [1:0] t16 = (t13 != 2'sh0) ? t15 : 2'sh0;
    wire signed [63:0] t17_full = t10 >>> 1;
    wire signed [62:0] t17 = $signed(t17_full[62:0]);
    wire signed [1:0] t18 = {1'b0, t12 > t17};
    wire signed [1:0] t19 = {1'b0, t12 == t17};
    wire signed [1:0] t20 = t19 & t13;
    wire signed [1:0] t21 = {1'b0, t7 == 5'sh2};
    wire signed [1:0] t22 = {1'b0, t7 == 5'sh3};
    wire signed [1:0] t23 = 2'sh1 - t15;
    wire signed [1:0] t24 = {1'b0, t7 == 5'sh4};
    wire signed [47:0] t25_full = t6 & 48'sh1;
    wire signed [1:0] t25 = $signed(t25_full[1:0]);
    wire signed [1:0] t26 = {1'b0, t7 == 5'sh5};
    wire signed [1:0] t27 = (t26 != 2'sh0) ? t15 : 2'sh0;
    wire signed [1:0] t28 = (t24 != 2'sh0) ? t25 : t27;
    wire signed [1:0] t29 = (t22 != 2'sh0) ? t23 : t28;
    wire signed [1:0] t30 = (t21 != 2'sh0) ? 2'sh1 : t29;
    wire signed [1:0] t31 = (t20 != 2'sh0) ? t30 : 2'sh0;
    wire signed [1:0] t32 = (t18 != 2'sh0) ? 2'sh1 : t31;
    wire signed [1:0] t33 = (t9 != 2'sh0) ? t16 : t32;
    wire signed [1:0] t34 = (t8 != 2'sh0) ? 2'sh0 : t33;
    wire signed [48:0] t35 = $signed({{1{t6[47]}}, t6}) + $signed({{47{t34[1]}}, t34});
    wire signed [5:0] t36 = $signed(shift[5:0]) - 6'sh1f;
    wire signed [5:0] t37 = (t36 > 6'sh0) ? t36 : 6'sh0;
    wire signed [5:0] t38 = (t2 != 2'sh0) ? t37 : 6'sh0;
    wire signed [5:0] t39 = ($signed({{1{t38[5]}}, t38}) < 7'sh3e) ? t38 : 6'sh3e;
    wire signed [48:0] t40 = t35 >>> $unsigned(t39);
    wire signed [32:0] t41 = 33'sh1 <<< $unsigned(t39);
    wire signed [31:0] t42 = $signed(t41[31:0]) - 32'sh1;
    wire signed [48:0] t43_full = t35 & $signed({{17{t42[31]}}, t42});
    wire signed [31:0] t43 = $signed(t43_full[31:0]);
    wire signed [32:0] t44_full = t41 >>> 1;
    wire signed [31:0] t44 = $signed(t44_full[31:0]);
    wire signed [1:0] t45 = {1'b0, t43 > t44};
    wire signed [1:0] t46 = {1'b0, t43 == t44};
    wire signed [1:0] t47 = {1'b0, t43 != 32'sh0};
    wire signed [1:0] t48 = t46 & t47;
    wire signed [2:0] t49 = (t0 != 2'sh0) ? 3'sh3 : 3'sh2;
    wire signed [1:0] t50 = {1'b0, t49 == 3'sh2};
    wire signed [1:0] t51 = {1'b0, t49 == 3'sh3};
    wire signed [1:0] t52 = {1'b0, t40 < 49'sh0};
    wire signed [1:0] t53 = (t52 != 2'sh0) ? 2'sh1 : 2'sh0;
    wire signed [1:0] t54 = 2'sh1 - t53;
    wire signed [1:0] t55 = (t51 != 2'sh0) ? t54 : 2'sh0;
    wire signed [1:0] t56 = (t50 != 2'sh0) ? 2'sh1 : t55;
    wire signed [1:0] t57 = (t48 != 2'sh0) ? t56 : 2'sh0;
    wire signed [1:0] t58 = (t45 != 2'sh0) ? 2'sh1 : t57;
    wire signed [48:0] t59 = t40 + $signed({{47{t58[1]}}, t58});
    assign y = t59;
    // Not needed for the result.
    wire unused = &{
        1'b0,
        t17_full[63],
        t25_full[47:2],
        t43_full[48:32],
        t44_full[32]};
endmodule

`default_nettype wire
