// Printed by edgeq from edgeq/arith/primitives.py; do not edit.
// SPDX-License-Identifier: MIT
//
// Change the scale of x: rescale, bring into the type [lo, hi], then clamp (section 5).
//
//     t = rescale(x, x_zero_point, multiplier, left_shift, shift, rounding, zero_point)
//     return saturate(narrow(t, lo, hi, overflow), clamp_lo, clamp_hi)
//
// Combinational. Result in -128 .. 255.
// Fixed: x_zero_point = 0, left_shift = 0.
// Ranges of the ports:
//
//   x in -2^31 .. 2^31 - 1
//   multiplier in 0 .. 2^31 - 1
//   shift in 0 .. 62
//   rounding in 0 .. 8
//   zero_point in -128 .. 255
//   lo in -128 .. 0
//   hi in 0 .. 255
//   overflow in 0 .. 4
//   clamp_lo in -128 .. 255
//   clamp_hi in -128 .. 255

`default_nettype none

module edgeq_arith_requantize (
    input  wire signed [31:0] x,
    input  wire signed [31:0] multiplier,
    input  wire signed [6:0] shift,
    input  wire signed [4:0] rounding,
    input  wire signed [8:0] zero_point,
    input  wire signed [7:0] lo,
    input  wire signed [8:0] hi,
    input  wire signed [3:0] overflow,
    input  wire signed [8:0] clamp_lo,
    input  wire signed [8:0] clamp_hi,
    output wire signed [8:0] y
);
    wire signed [1:0] t0 = {1'b0, overflow == 4'sh0};
    wire signed [62:0] t1 = $signed({{31{x[31]}}, x}) * $signed({{31{multiplier[31]}}, multiplier});
    wire signed [1:0] t2 = {1'b0, rounding == 5'sh7};
    wire signed [1:0] t3 = {1'b0, rounding == 5'sh8};
    wire signed [1:0] t4 = t2 | t3;
    wire signed [5:0] t5 = (shift < 7'sh1f) ? $signed(shift[5:0]) : 6'sh1f;
    wire signed [6:0] t6 = (t4 != 2'sh0) ? $signed({{1{t5[5]}}, t5}) : shift;
    wire signed [6:0] t7 = (t6 < 7'sh3e) ? t6 : 7'sh3e;
    wire signed [62:0] t8 = t1 >>> $unsigned(t7);
    wire signed [4:0] t9 = (t4 != 2'sh0) ? 5'sh2 : rounding;
    wire signed [1:0] t10 = {1'b0, t9 == 5'sh0};
    wire signed [1:0] t11 = {1'b0, t9 == 5'sh1};
    wire signed [63:0] t12 = 64'sh1 <<< $unsigned(t7);
    wire signed [62:0] t13 = $signed(t12[62:0]) - 63'sh1;
    wire signed [62:0] t14 = t1 & t13;
    wire signed [1:0] t15 = {1'b0, t14 != 63'sh0};
    wire signed [1:0] t16 = {1'b0, t8 < 63'sh0};
    wire signed [1:0] t17 = (t16 != 2'sh0) ? 2'sh1 : 2'sh0;
    wire signed [1:0] t18 = (t15 != 2'sh0) ? t17 : 2'sh0;
    wire signed [63:0] t19_full = t12 >>> 1;
    wire signed [62:0] t19 = $signed(t19_full[62:0]);
    wire signed [1:0] t20 = {1'b0, t14 > t19};
    wire signed [1:0] t21 = {1'b0, t14 == t19};
    wire signed [1:0] t22 = t21 & t15;
    wire signed [1:0] t23 = {1'b0, t9 == 5'sh2};
    wire signed [1:0] t24 = {1'b0, t9 == 5'sh3};
    wire signed [1:0] t25 = 2'sh1 - t17;
    wire signed [1:0] t26 = {1'b0, t9 == 5'sh4};
    wire signed [62:0] t27_full = t8 & 63'sh1;
    wire signed [1:0] t27 = $signed(t27_full[1:0]);
    wire signed [1:0] t28 = {1'b0, t9 == 5'sh5};
    wire signed [1:0] t29 = (t28 != 2'sh0) ? t17 : 2'sh0;
    wire signed [1:0] t30 = (t26 != 2'sh0) ? t27 : t29;
    wire signed [1:0] t31 = (t24 != 2'sh0) ? t25 : t30;
    wire signed [1:0] t32 = (t23 != 2'sh0) ? 2'sh1 : t31;
    wire signed [1:0] t33 = (t22 != 2'sh0) ? t32 : 2'sh0;
    wire signed [1:0] t34 = (t20 != 2'sh0) ? 2'sh1 : t33;
    wire signed [1:0] t35 = (t11 != 2'sh0) ? t18 : t34;
    wire signed [1:0] t36 = (t10 != 2'sh0) ? 2'sh0 : t35;
    wire signed [62:0] t37 = t8 + $signed({{61{t36[1]}}, t36});
    wire signed [5:0] t38 = $signed(shift[5:0]) - 6'sh1f;
    wire signed [5:0] t39 = (t38 > 6'sh0) ? t38 : 6'sh0;
    wire signed [5:0] t40 = (t4 != 2'sh0) ? t39 : 6'sh0;
    wire signed [5:0] t41 = ($signed({{1{t40[5]}}, t40}) < 7'sh3e) ? t40 : 6'sh3e;
    wire signed [62:0] t42 = t37 >>> $unsigned(t41);
    wire signed [32:0] t43 = 33'sh1 <<< $unsigned(t41);
    wire signed [31:0] t44 = $signed(t43[31:0]) - 32'sh1;
    wire signed [62:0] t45_full = t37 & $signed({{31{t44[31]}}, t44});
    wire signed [31:0] t45 = $signed(t45_full[31:0]);
    wire signed [32:0] t46_full = t43 >>> 1;
    wire signed [31:0] t46 = $signed(t46_full[31:0]);
    wire signed [1:0] t47 = {1'b0, t45 > t46};
    wire signed [1:0] t48 = {1'b0, t45 == t46};
    wire signed [1:0] t49 = {1'b0, t45 != 32'sh0};
    wire signed [1:0] t50 = t48 & t49;
    wire signed [2:0] t51 = (t2 != 2'sh0) ? 3'sh3 : 3'sh2;
    wire signed [1:0] t52 = {1'b0, t51 == 3'sh2};
    wire signed [1:0] t53 = {1'b0, t51 == 3'sh3};
    wire signed [1:0] t54 = {1'b0, t42 < 63'sh0};
    wire signed [1:0] t55 = (t54 != 2'sh0) ? 2'sh1 : 2'sh0;
    wire signed [1:0] t56 = 2'sh1 - t55;
    wire signed [1:0] t57 = (t53 != 2'sh0) ? t56 : 2'sh0;
    wire signed [1:0] t58 = (t52 != 2'sh0) ? 2'sh1 : t57;
    wire signed [1:0] t59 = (t50 != 2'sh0) ? t58 : 2'sh0;
    wire signed [1:0] t60 = (t47 != 2'sh0) ? 2'sh1 : t59;
    wire signed [62:0] t61 = t42 + $signed({{61{t60[1]}}, t60});
    wire signed [62:0] t62 = t61 + $signed({{54{zero_point[8]}}, zero_point});
    wire signed [62:0] t63 = (t62 > $signed({{55{lo[7]}}, lo})) ? t62 : $signed({{55{lo[7]}}, lo});
    wire signed [8:0] t64 = (t63 < $signed({{54{hi[8]}}, hi})) ? $signed(t63[8:0]) : hi;
    wire signed [1:0] t65 = {1'b0, overflow == 4'sh1};
    wire signed [1:0] t66 = {1'b0, lo < 8'sh0};
    wire signed [8:0] t67 = 9'sh0 - hi;
    wire signed [8:0] t68 = (t66 != 2'sh0) ? t67 : $signed({{1{lo[7]}}, lo});
    wire signed [62:0] t69 = (t62 > $signed({{54{t68[8]}}, t68})) ? t62 : $signed({{54{t68[8]}}, t68});
    wire signed [8:0] t70 = (t69 < $signed({{54{hi[8]}}, hi})) ? $signed(t69[8:0]) : hi;
    wire signed [1:0] t71 = {1'b0, overflow == 4'sh2};
    wire signed [1:0] t72 = {1'b0, t62 >= $signed({{55{lo[7]}}, lo})};
    wire signed [1:0] t73 = {1'b0, t62 <= $signed({{54{hi[8]}}, hi})};
    wire signed [1:0] t74 = t72 & t73;
    wire signed [62:0] t75 = (t74 != 2'sh0) ? t62 : 63'sh0;
    wire signed [1:0] t76 = {1'b0, overflow == 4'sh3};
    wire signed [9:0] t77 = $signed({{1{hi[8]}}, hi}) - $signed({{2{lo[7]}}, lo});
    wire signed [62:0] t78_full = t62 & $signed({{53{t77[9]}}, t77});
    wire signed [9:0] t78 = $signed(t78_full[9:0]);
    wire signed [8:0] t79 = 9'sh0 - $signed({{1{lo[7]}}, lo});
    wire signed [9:0] t80 = t78 ^ $signed({{1{t79[8]}}, t79});
    wire signed [9:0] t81 = t80 + $signed({{2{lo[7]}}, lo});
    wire signed [62:0] t82 = (t76 != 2'sh0) ? $signed({{53{t81[9]}}, t81}) : t62;
    wire signed [62:0] t83 = (t71 != 2'sh0) ? t75 : t82;
    wire signed [62:0] t84 = (t65 != 2'sh0) ? $signed({{54{t70[8]}}, t70}) : t83;
    wire signed [62:0] t85 = (t0 != 2'sh0) ? $signed({{54{t64[8]}}, t64}) : t84;
    wire signed [62:0] t86 =
        (t85 > $signed({{54{clamp_lo[8]}}, clamp_lo})) ? t85 : $signed({{54{clamp_lo[8]}}, clamp_lo});
    wire signed [8:0] t87 = (t86 < $signed({{54{clamp_hi[8]}}, clamp_hi})) ? $signed(t86[8:0]) : clamp_hi;
    assign y = t87;
    // Not needed for the result.
    wire unused = &{
        1'b0,
        t19_full[63],
        t27_full[62:2],
        t45_full[62:32],
        t46_full[32],
        t78_full[62:10]};
endmodule

`default_nettype wire
