// Printed by edgeq from edgeq/arith/primitives.py; do not edit.
// SPDX-License-Identifier: MIT
//
// Return round_shift(((x - x_zero_point) << left_shift) * multiplier, shift) + zero_point.
//
//     shifted = within((x - x_zero_point) << left_shift, _MIN63, _MAX63)
//     product = within(shifted * multiplier, _MIN63, _MAX63)
//     return round_shift(product, within(shift, 0, 62), rounding) + zero_point
//
// Combinational. Result in -4611686016279904384 .. 4611686014132420866.
// Fixed: x_zero_point = 0, left_shift = 0.
// Ranges of the ports:
//
//   x in -2^31 .. 2^31 - 1
//   multiplier in 0 .. 2^31 - 1
//   shift in 0 .. 62
//   rounding in 0 .. 8
//   zero_point in -128 .. 255

`default_nettype none

module edgeq_arith_rescale (
    input  wire signed [31:0] x,
    input  wire signed [31:0] multiplier,
    input  wire signed [6:0] shift,
    input  wire signed [4:0] rounding,
    input  wire signed [8:0] zero_point,
    output wire signed [62:0] y
);
    wire signed [62:0] t0 = $signed({{31{x[31]}}, x}) * $signed({{31{multiplier[31]}}, multiplier});
    wire signed [1:0] t1 = {1'b0, rounding == 5'sh7};
    wire signed [1:0] t2 = {1'b0, rounding == 5'sh8};
    wire signed [1:0] t3 = t1 | t2;
    wire signed [5:0] t4 = (shift < 7'sh1f) ? $signed(shift[5:0]) : 6'sh1f;
    wire signed [6:0] t5 = (t3 != 2'sh0) ? $signed({{1{t4[5]}}, t4}) : shift;
    wire signed [6:0] t6 = (t5 < 7'sh3e) ? t5 : 7'sh3e;
    wire signed [62:0] t7 = t0 >>> $unsigned(t6);
    wire signed [4:0] t8 = (t3 != 2'sh0) ? 5'sh2 : rounding;
    wire signed [1:0] t9 = {1'b0, t8 == 5'sh0};
    wire signed [1:0] t10 = {1'b0, t8 == 5'sh1};
    wire signed [63:0] t11 = 64'sh1 <<< $unsigned(t6);
    wire signed [62:0] t12 = $signed(t11[62:0]) - 63'sh1;
    wire signed [62:0] t13 = t0 & t12;
    wire signed [1:0] t14 = {1'b0, t13 != 63'sh0};
    wire signed [1:0] t15 = {1'b0, t7 < 63'sh0};
    wire signed [1:0] t16 = (t15 != 2'sh0) ? 2'sh1 : 2'sh0;
    wire signed [1:0] t17 = (t14 != 2'sh0) ? t16 : 2'sh0;
    wire signed [63:0] t18_full = t11 >>> 1;
    wire signed [62:0] t18 = $signed(t18_full[62:0]);
    wire signed [1:0] t19 = {1'b0, t13 > t18};
    wire signed [1:0] t20 = {1'b0, t13 == t18};
    wire signed [1:0] t21 = t20 & t14;
    wire signed [1:0] t22 = {1'b0, t8 == 5'sh2};
    wire signed [1:0] t23 = {1'b0, t8 == 5'sh3};
    wire signed [1:0] t24 = 2'sh1 - t16;
    wire signed [1:0] t25 = {1'b0, t8 == 5'sh4};
    wire signed [62:0] t26_full = t7 & 63'sh1;
    wire signed [1:0] t26 = $signed(t26_full[1:0]);
    wire signed [1:0] t27 = {1'b0, t8 == 5'sh5};
    wire signed [1:0] t28 = (t27 != 2'sh0) ? t16 : 2'sh0;
    wire signed [1:0] t29 = (t25 != 2'sh0) ? t26 : t28;
    wire signed [1:0] t30 = (t23 != 2'sh0) ? t24 : t29;
    wire signed [1:0] t31 = (t22 != 2'sh0) ? 2'sh1 : t30;
    wire signed [1:0] t32 = (t21 != 2'sh0) ? t31 : 2'sh0;
    wire signed [1:0] t33 = (t19 != 2'sh0) ? 2'sh1 : t32;
    wire signed [1:0] t34 = (t10 != 2'sh0) ? t17 : t33;
    wire signed [1:0] t35 = (t9 != 2'sh0) ? 2'sh0 : t34;
    wire signed [62:0] t36 = t7 + $signed({{61{t35[1]}}, t35});
    wire signed [5:0] t37 = $signed(shift[5:0]) - 6'sh1f;
    wire signed [5:0] t38 = (t37 > 6'sh0) ? t37 : 6'sh0;
    wire signed [5:0] t39 = (t3 != 2'sh0) ? t38 : 6'sh0;
    wire signed [5:0] t40 = ($signed({{1{t39[5]}}, t39}) < 7'sh3e) ? t39 : 6'sh3e;
    wire signed [62:0] t41 = t36 >>> $unsigned(t40);
    wire signed [32:0] t42 = 33'sh1 <<< $unsigned(t40);
    wire signed [31:0] t43 = $signed(t42[31:0]) - 32'sh1;
    wire signed [62:0] t44_full = t36 & $signed({{31{t43[31]}}, t43});
    wire signed [31:0] t44 = $signed(t44_full[31:0]);
    wire signed [32:0] t45_full = t42 >>> 1;
    wire signed [31:0] t45 = $signed(t45_full[31:0]);
    wire signed [1:0] t46 = {1'b0, t44 > t45};
    wire signed [1:0] t47 = {1'b0, t44 == t45};
    wire signed [1:0] t48 = {1'b0, t44 != 32'sh0};
    wire signed [1:0] t49 = t47 & t48;
    wire signed [2:0] t50 = (t1 != 2'sh0) ? 3'sh3 : 3'sh2;
    wire signed [1:0] t51 = {1'b0, t50 == 3'sh2};
    wire signed [1:0] t52 = {1'b0, t50 == 3'sh3};
    wire signed [1:0] t53 = {1'b0, t41 < 63'sh0};
    wire signed [1:0] t54 = (t53 != 2'sh0) ? 2'sh1 : 2'sh0;
    wire signed [1:0] t55 = 2'sh1 - t54;
    wire signed [1:0] t56 = (t52 != 2'sh0) ? t55 : 2'sh0;
    wire signed [1:0] t57 = (t51 != 2'sh0) ? 2'sh1 : t56;
    wire signed [1:0] t58 = (t49 != 2'sh0) ? t57 : 2'sh0;
    wire signed [1:0] t59 = (t46 != 2'sh0) ? 2'sh1 : t58;
    wire signed [62:0] t60 = t41 + $signed({{61{t59[1]}}, t59});
    wire signed [62:0] t61 = t60 + $signed({{54{zero_point[8]}}, zero_point});
    assign y = t61;
    // Not needed for the result.
    wire unused = &{
        1'b0,
        t18_full[63],
        t26_full[62:2],
        t44_full[62:32],
        t45_full[32]};
endmodule

`default_nettype wire
