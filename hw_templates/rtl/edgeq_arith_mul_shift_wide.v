// Printed by edgeq from edgeq/arith/primitives.py; do not edit.
// SPDX-License-Identifier: MIT
//
// Return round_shift(x * multiplier, shift) where the product passes 63 bits; shift <= 94.
//
// Exact wherever the first rounding gives less than 2**44 in magnitude; beyond, a value of the same
// sign and of at least 2**44 - 1. Bits far below the rounding point are folded into one sticky bit.
//
//     high, low = multiply_wide(x, multiplier)
//     taken = first_shift(shift, rounding)
//     far = (high >> 1) | select(((high & 1) | low) != 0, 1, 0)
//     sticky = select((low & _LOW16) != 0, 1, 0)
//     middle = saturate(high, -(1 << 46), (1 << 46) - 1) * (1 << 16) + ((low >> 16) | sticky)
//     near = saturate(high, -(1 << 30), (1 << 30) - 1) * (1 << 32) + low
//     value = select(taken >= 35, far, select(taken >= 18, middle, near))
//     dropped = select(taken >= 35, 33, select(taken >= 18, 16, 0))
//     first = first_round(value, maximum(taken - dropped, 0), rounding)
//     return second_round(first, second_shift(shift, rounding), rounding)
//
// Combinational. Result in -2^62 .. 4611686018427387905.
// Ranges of the ports:
//
//   x in -2^47 .. 2^47 - 1
//   multiplier in 0 .. 2^31 - 1
//   shift in 0 .. 94
//   rounding in 0 .. 8

`default_nettype none

module edgeq_arith_mul_shift_wide (
    input  wire signed [47:0] x,
    input  wire signed [31:0] multiplier,
    input  wire signed [7:0] shift,
    input  wire signed [4:0] rounding,
    output wire signed [63:0] y
);
    wire signed [1:0] t0 = {1'b0, rounding == 5'sh7};
    wire signed [1:0] t1 = {1'b0, rounding == 5'sh8};
    wire signed [1:0] t2 = t0 | t1;
    wire signed [5:0] t3 = (shift < 8'sh1f) ? $signed(shift[5:0]) : 6'sh1f;
    wire signed [7:0] t4 = (t2 != 2'sh0) ? $signed({{2{t3[5]}}, t3}) : shift;
    wire signed [1:0] t5 = {1'b0, t4 >= 8'sh23};
    wire signed [47:0] t6_full = x >>> 32;
    wire signed [15:0] t6 = $signed(t6_full[15:0]);
    wire signed [46:0] t7 = $signed({{31{t6[15]}}, t6}) * $signed({{15{multiplier[31]}}, multiplier});
    wire signed [47:0] t8_full = x & 48'shffffffff;
    wire signed [32:0] t8 = $signed(t8_full[32:0]);
    wire signed [31:0] t9_full = multiplier >>> 16;
    wire signed [15:0] t9 = $signed(t9_full[15:0]);
    wire signed [47:0] t10 = $signed({{15{t8[32]}}, t8}) * $signed({{32{t9[15]}}, t9});
    wire signed [31:0] t11_full = multiplier & 32'shffff;
    wire signed [16:0] t11 = $signed(t11_full[16:0]);
    wire signed [48:0] t12 = $signed({{16{t8[32]}}, t8}) * $signed({{32{t11[16]}}, t11});
    wire signed [48:0] t13_full = t12 >>> 16;
    wire signed [32:0] t13 = $signed(t13_full[32:0]);
    wire signed [47:0] t14 = t10 + $signed({{15{t13[32]}}, t13});
    wire signed [47:0] t15_full = t14 >>> 16;
    wire signed [31:0] t15 = $signed(t15_full[31:0]);
    wire signed [46:0] t16 = t7 + $signed({{15{t15[31]}}, t15});
    wire signed [46:0] t17_full = t16 >>> 1;
    wire signed [45:0] t17 = $signed(t17_full[45:0]);
    wire signed [46:0] t18_full = t16 & 47'sh1;
    wire signed [1:0] t18 = $signed(t18_full[1:0]);
    wire signed [47:0] t19_full = t14 & 48'shffff;
    wire signed [16:0] t19 = $signed(t19_full[16:0]);
    wire signed [32:0] t20 = $signed({{16{t19[16]}}, t19}) <<< 16;
    wire signed [48:0] t21_full = t12 & 49'shffff;
    wire signed [16:0] t21 = $signed(t21_full[16:0]);
    wire signed [32:0] t22 = t20 | $signed({{16{t21[16]}}, t21});
    wire signed [32:0] t23 = $signed({{31{t18[1]}}, t18}) | t22;
    wire signed [1:0] t24 = {1'b0, t23 != 33'sh0};
    wire signed [1:0] t25 = (t24 != 2'sh0) ? 2'sh1 : 2'sh0;
    wire signed [45:0] t26 = t17 | $signed({{44{t25[1]}}, t25});
    wire signed [1:0] t27 = {1'b0, t4 >= 8'sh12};
    wire signed [46:0] t28 = (t16 > 47'sh400000000000) ? t16 : 47'sh400000000000;
    wire signed [46:0] t29 = (t28 < 47'sh3fffffffffff) ? t28 : 47'sh3fffffffffff;
    wire signed [62:0] t30 = $signed({{16{t29[46]}}, t29}) * 63'sh10000;
    wire signed [32:0] t31_full = t22 >>> 16;
    wire signed [16:0] t31 = $signed(t31_full[16:0]);
    wire signed [32:0] t32_full = t22 & 33'shffff;
    wire signed [16:0] t32 = $signed(t32_full[16:0]);
    wire signed [1:0] t33 = {1'b0, t32 != 17'sh0};
    wire signed [1:0] t34 = (t33 != 2'sh0) ? 2'sh1 : 2'sh0;
    wire signed [16:0] t35 = t31 | $signed({{15{t34[1]}}, t34});
    wire signed [62:0] t36 = t30 + $signed({{46{t35[16]}}, t35});
    wire signed [46:0] t37 = (t16 > 47'sh7fffc0000000) ? t16 : 47'sh7fffc0000000;
    wire signed [30:0] t38 = (t37 < 47'sh3fffffff) ? $signed(t37[30:0]) : 31'sh3fffffff;
    wire signed [62:0] t39 = $signed({{32{t38[30]}}, t38}) * 63'sh100000000;
    wire signed [62:0] t40 = t39 + $signed({{30{t22[32]}}, t22});
    wire signed [62:0] t41 = (t27 != 2'sh0) ? t36 : t40;
    wire signed [62:0] t42 = (t5 != 2'sh0) ? $signed({{17{t26[45]}}, t26}) : t41;
    wire signed [5:0] t43 = (t27 != 2'sh0) ? 6'sh10 : 6'sh0;
    wire signed [6:0] t44 = (t5 != 2'sh0) ? 7'sh21 : $signed({{1{t43[5]}}, t43});
    wire signed [7:0] t45 = t4 - $signed({{1{t44[6]}}, t44});
    wire signed [7:0] t46 = (t45 > 8'sh0) ? t45 : 8'sh0;
    wire signed [6:0] t47 = (t46 < 8'sh3e) ? $signed(t46[6:0]) : 7'sh3e;
    wire signed [62:0] t48 = t42 >>> $unsigned(t47);
    wire signed [4:0] t49 = (t2 != 2'sh0) ? 5'sh2 : rounding;
    wire signed [1:0] t50 = {1'b0, t49 == 5'sh0};
    wire signed [1:0] t51 = {1'b0, t49 == 5'sh1};
    wire signed [63:0] t52 = 64'sh1 <<< $unsigned(t47);
    wire signed [62:0] t53 = $signed(t52[62:0]) - 63'sh1;
    wire signed [62:0] t54 = t42 & t53;
    wire signed [1:0] t55 = {1'b0, t54 != 63'sh0};
    wire signed [1:0] t56 = {1'b0, t48 < 63'sh0};
    wire signed [1:0] t57 = (t56 != 2'sh0) ? 2'sh1 : 2'sh0;
    wire signed [1:0] t58 = (t55 != 2'sh0) ? t57 : 2'sh0;
    wire signed [63:0] t59_full = t52 >>> 1;
    wire signed [62:0] t59 = $signed(t59_full[62:0]);
    wire signed [1:0] t60 = {1'b0, t54 > t59};
    wire signed [1:0] t61 = {1'b0, t54 == t59};
    wire signed [1:0] t62 = t61 & t55;
    wire signed [1:0] t63 = {1'b0, t49 == 5'sh2};
    wire signed [1:0] t64 = {1'b0, t49 == 5'sh3};
    wire signed [1:0] t65 = 2'sh1 - t57;
    wire signed [1:0] t66 = {1'b0, t49 == 5'sh4};
    wire signed [62:0] t67_full = t48 & 63'sh1;
    wire signed [1:0] t67 = $signed(t67_full[1:0]);
    wire signed [1:0] t68 = {1'b0, t49 == 5'sh5};
    wire signed [1:0] t69 = (t68 != 2'sh0) ? t57 : 2'sh0;
    wire signed [1:0] t70 = (t66 != 2'sh0) ? t67 : t69;
    wire signed [1:0] t71 = (t64 != 2'sh0) ? t65 : t70;
    wire signed [1:0] t72 = (t63 != 2'sh0) ? 2'sh1 : t71;
    wire signed [1:0] t73 = (t62 != 2'sh0) ? t72 : 2'sh0;
    wire signed [1:0] t74 = (t60 != 2'sh0) ? 2'sh1 : t73;
    wire signed [1:0] t75 = (t51 != 2'sh0) ? t58 : t74;
    wire signed [1:0] t76 = (t50 != 2'sh0) ? 2'sh0 : t75;
    wire signed [63:0] t77 = $signed({{1{t48[62]}}, t48}) + $signed({{62{t76[1]}}, t76});
    wire signed [6:0] t78 = $signed(shift[6:0]) - 7'sh1f;
    wire signed [6:0] t79 = (t78 > 7'sh0) ? t78 : 7'sh0;
    wire signed [6:0] t80 = (t2 != 2'sh0) ? t79 : 7'sh0;
    wire signed [6:0] t81 = (t80 < 7'sh3e) ? t80 : 7'sh3e;
    wire signed [63:0] t82 = t77 >>> $unsigned(t81);
    wire signed [63:0] t83 = 64'sh1 <<< $unsigned(t81);
    wire signed [62:0] t84 = $signed(t83[62:0]) - 63'sh1;
    wire signed [63:0] t85_full = t77 & $signed({{1{t84[62]}}, t84});
    wire signed [62:0] t85 = $signed(t85_full[62:0]);
    wire signed [63:0] t86_full = t83 >>> 1;
    wire signed [62:0] t86 = $signed(t86_full[62:0]);
    wire signed [1:0] t87 = {1'b0, t85 > t86};
    wire signed [1:0] t88 = {1'b0, t85 == t86};
    wire signed [1:0] t89 = {1'b0, t85 != 63'sh0};
    wire signed [1:0] t90 = t88 & t89;
    wire signed [2:0] t91 = (t0 != 2'sh0) ? 3'sh3 : 3'sh2;
    wire signed [1:0] t92 = {1'b0, t91 == 3'sh2};
    wire signed [1:0] t93 = {1'b0, t91 == 3'sh3};
    wire signed [1:0] t94 = {1'b0, t82 < 64'sh0};
    wire signed [1:0] t95 = (t94 != 2'sh0) ? 2'sh1 : 2'sh0;
    wire signed [1:0] t96 = 2'sh1 - t95;
    wire signed [1:0] t97 = (t93 != 2'sh0) ? t96 : 2'sh0;
    wire signed [1:0] t98 = (t92 != 2'sh0) ? 2'sh1 : t97;
    wire signed [1:0] t99 = (t90 != 2'sh0) ? t98 : 2'sh0;
    wire signed [1:0] t100 = (t87 != 2'sh0) ? 2'sh1 : t99;
    wire signed [63:0] t101 = t82 + $signed({{62{t100[1]}}, t100});
    assign y = t101;
    // Not needed for the result.
    wire unused = &{
        1'b0,
        t6_full[47:16],
        t8_full[47:33],
        t9_full[31:16],
        t11_full[31:17],
        t13_full[48:33],
        t15_full[47:32],
        t17_full[46],
        t18_full[46:2],
        t19_full[47:17],
        t21_full[48:17],
        t31_full[32:17],
        t32_full[32:17],
        t59_full[63],
        t67_full[62:2],
        t85_full[63],
        t86_full[63]};
endmodule

`default_nettype wire
