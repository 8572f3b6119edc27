// Printed by edgeq from edgeq/arith/primitives.py; do not edit.
// SPDX-License-Identifier: MIT
//
// Return what `requantize` returns, for products of up to 96 bits.
//
//     t = rescale_wide(x, x_zero_point, multiplier, left_shift, shift, rounding, zero_point)
//     return saturate(narrow(t, lo, hi, overflow), clamp_lo, clamp_hi)
//
// Combinational. Result in -128 .. 255.
// Fixed: x_zero_point = 0, left_shift = 0.
// Ranges of the ports:
//
//   x in -2^47 .. 2^47 - 1
//   multiplier in 0 .. 2^31 - 1
//   shift in 0 .. 94
//   rounding in 0 .. 8
//   zero_point in -128 .. 255
//   lo in -128 .. 0
//   hi in 0 .. 255
//   overflow in 0 .. 4
//   clamp_lo in -128 .. 255
//   clamp_hi in -128 .. 255

`default_nettype none

module edgeq_arith_requantize_wide (
    input  wire signed [47:0] x,
    input  wire signed [31:0] multiplier,
    input  wire signed [7:0] shift,
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
    wire signed [1:0] t1 = {1'b0, rounding == 5'sh7};
    wire signed [1:0] t2 = {1'b0, rounding == 5'sh8};
    wire signed [1:0] t3 = t1 | t2;
    wire signed [5:0] t4 = (shift < 8'sh1f) ? $signed(shift[5:0]) : 6'sh1f;
    wire signed [7:0] t5 = (t3 != 2'sh0) ? $signed({{2{t4[5]}}, t4}) : shift;
    wire signed [1:0] t6 = {1'b0, t5 >= 8'sh23};
    wire signed [47:0] t7_full = x >>> 32;
    wire signed [15:0] t7 = $signed(t7_full[15:0]);
    wire signed [46:0] t8 = $signed({{31{t7[15]}}, t7}) * $signed({{15{multiplier[31]}}, multiplier});
    wire signed [47:0] t9_full = x & 48'shffffffff;
    wire signed [32:0] t9 = $signed(t9_full[32:0]);
    wire signed [31:0] t10_full = multiplier >>> 16;
    wire signed [15:0] t10 = $signed(t10_full[15:0]);
    wire signed [47:0] t11 = $signed({{15{t9[32]}}, t9}) * $signed({{32{t10[15]}}, t10});
    wire signed [31:0] t12_full = multiplier & 32'shffff;
    wire signed [16:0] t12 = $signed(t12_full[16:0]);
    wire signed [48:0] t13 = $signed({{16{t9[32]}}, t9}) * $signed({{32{t12[16]}}, t12});
    wire signed [48:0] t14_full = t13 >>> 16;
    wire signed [32:0] t14 = $signed(t14_full[32:0]);
    wire signed [47:0] t15 = t11 + $signed({{15{t14[32]}}, t14});
    wire signed [47:0] t16_full = t15 >>> 16;
    wire signed [31:0] t16 = $signed(t16_full[31:0]);
    wire signed [46:0] t17 = t8 + $signed({{15{t16[31]}}, t16});
    wire signed [46:0] t18_full = t17 >>> 1;
    wire signed [45:0] t18 = $signed(t18_full[45:0]);
    wire signed [46:0] t19_full = t17 & 47'sh1;
    wire signed [1:0] t19 = $signed(t19_full[1:0]);
    wire signed [47:0] t20_full = t15 & 48'shffff;
    wire signed [16:0] t20 = $signed(t20_full[16:0]);
    wire signed [32:0] t21 = $signed({{16{t20[16]}}, t20}) <<< 16;
    wire signed [48:0] t22_full = t13 & 49'shffff;
    wire signed [16:0] t22 = $signed(t22_full[16:0]);
    wire signed [32:0] t23 = t21 | $signed({{16{t22[16]}}, t22});
    wire signed [32:0] t24 = $signed({{31{t19[1]}}, t19}) | t23;
    wire signed [1:0] t25 = {1'b0, t24 != 33'sh0};
    wire signed [1:0] t26 = (t25 != 2'sh0) ? 2'sh1 : 2'sh0;
    wire signed [45:0] t27 = t18 | $signed({{44{t26[1]}}, t26});
    wire signed [1:0] t28 = {1'b0, t5 >= 8'sh12};
    wire signed [46:0] t29 = (t17 > 47'sh400000000000) ? t17 : 47'sh400000000000;
    wire signed [46:0] t30 = (t29 < 47'sh3fffffffffff) ? t29 : 47'sh3fffffffffff;
    wire signed [62:0] t31 = $signed({{16{t30[46]}}, t30}) * 63'sh10000;
    wire signed [32:0] t32_full = t23 >>> 16;
    wire signed [16:0] t32 = $signed(t32_full[16:0]);
    wire signed [32:0] t33_full = t23 & 33'shffff;
    wire signed [16:0] t33 = $signed(t33_full[16:0]);
    wire signed [1:0] t34 = {1'b0, t33 != 17'sh0};
    wire signed [1:0] t35 = (t34 != 2'sh0) ? 2'sh1 : 2'sh0;
    wire signed [16:0] t36 = t32 | $signed({{15{t35[1]}}, t35});
    wire signed [62:0] t37 = t31 + $signed({{46{t36[16]}}, t36});
    wire signed [46:0] t38 = (t17 > 47'sh7fffc0000000) ? t17 : 47'sh7fffc0000000;
    wire signed [30:0] t39 = (t38 < 47'sh3fffffff) ? $signed(t38[30:0]) : 31'sh3fffffff;
    wire signed [62:0] t40 = $signed({{32{t39[30]}}, t39}) * 63'sh100000000;
    wire signed [62:0] t41 = t40 + $signed({{30{t23[32]}}, t23});
    wire signed [62:0] t42 = (t28 != 2'sh0) ? t37 : t41;
    wire signed [62:0] t43 = (t6 != 2'sh0) ? $signed({{17{t27[45]}}, t27}) : t42;
    wire signed [5:0] t44 = (t28 != 2'sh0) ? 6'sh10 : 6'sh0;
    wire signed [6:0] t45 = (t6 != 2'sh0) ? 7'sh21 : $signed({{1{t44[5]}}, t44});
    wire signed [7:0] t46 = t5 - $signed({{1{t45[6]}}, t45});
    wire signed [7:0] t47 = (t46 > 8'sh0) ? t46 : 8'sh0;
    wire signed [6:0] t48 = (t47 < 8'sh3e) ? $signed(t47[6:0]) : 7'sh3e;
    wire signed [62:0] t49 = t43 >>> $unsigned(t48);
    wire signed [4:0] t50 = (t3 != 2'sh0) ? 5'sh2 : rounding;
    wire signed [1:0] t51 = {1'b0, t50 == 5'sh0};
    wire signed [1:0] t52 = {1'b0, t50 == 5'sh1};
    wire signed [63:0] t53 = 64'sh1 <<< $unsigned(t48);
    wire signed [62:0] t54 = $signed(t53[62:0]) - 63'sh1;
    wire signed [62:0] t55 = t43 & t54;
    wire signed [1:0] t56 = {1'b0, t55 != 63'sh0};
    wire signed [1:0] t57 = {1'b0, t49 < 63'sh0};
    wire signed [1:0] t58 = (t57 != 2'sh0) ? 2'sh1 : 2'sh0;
    wire signed [1:0] t59 = (t56 != 2'sh0) ? t58 : 2'sh0;
    wire signed [63:0] t60_full = t53 >>> 1;
    wire signed [62:0] t60 = $signed(t60_full[62:0]);
    wire signed [1:0] t61 = {1'b0, t55 > t60};
    wire signed [1:0] t62 = {1'b0, t55 == t60};
    wire signed [1:0] t63 = t62 & t56;
    wire signed [1:0] t64 = {1'b0, t50 == 5'sh2};
    wire signed [1:0] t65 = {1'b0, t50 == 5'sh3};
    wire signed [1:0] t66 = 2'sh1 - t58;
    wire signed [1:0] t67 = {1'b0, t50 == 5'sh4};
    wire signed [62:0] t68_full = t49 & 63'sh1;
    wire signed [1:0] t68 = $signed(t68_full[1:0]);
    wire signed [1:0] t69 = {1'b0, t50 == 5'sh5};
    wire signed [1:0] t70 = (t69 != 2'sh0) ? t58 : 2'sh0;
    wire signed [1:0] t71 = (t67 != 2'sh0) ? t68 : t70;
    wire signed [1:0] t72 = (t65 != 2'sh0) ? t66 : t71;
    wire signed [1:0] t73 = (t64 != 2'sh0) ? 2'sh1 : t72;
    wire signed [1:0] t74 = (t63 != 2'sh0) ? t73 : 2'sh0;
    wire signed [1:0] t75 = (t61 != 2'sh0) ? 2'sh1 : t74;
    wire signed [1:0] t76 = (t52 != 2'sh0) ? t59 : t75;
    wire signed [1:0] t77 = (t51 != 2'sh0) ? 2'sh0 : t76;
    wire signed [63:0] t78 = $signed({{1{t49[62]}}, t49}) + $signed({{62{t77[1]}}, t77});
    wire signed [6:0] t79 = $signed(shift[6:0]) - 7'sh1f;
    wire signed [6:0] t80 = (t79 > 7'sh0) ? t79 : 7'sh0;
    wire signed [6:0] t81 = (t3 != 2'sh0) ? t80 : 7'sh0;
    wire signed [6:0] t82 = (t81 < 7'sh3e) ? t81 : 7'sh3e;
    wire signed [63:0] t83 = t78 >>> $unsigned(t82);
    wire signed [63:0] t84 = 64'sh1 <<< $unsigned(t82);
    wire signed [62:0] t85 = $signed(t84[62:0]) - 63'sh1;
    wire signed [63:0] t86_full = t78 & $signed({{1{t85[62]}}, t85});
    wire signed [62:0] t86 = $signed(t86_full[62:0]);
    wire signed [63:0] t87_full = t84 >>> 1;
    wire signed [62:0] t87 = $signed(t87_full[62:0]);
    wire signed [1:0] t88 = {1'b0, t86 > t87};
    wire signed [1:0] t89 = {1'b0, t86 == t87};
    wire signed [1:0] t90 = {1'b0, t86 != 63'sh0};
    wire signed [1:0] t91 = t89 & t90;
    wire signed [2:0] t92 = (t1 != 2'sh0) ? 3'sh3 : 3'sh2;
    wire signed [1:0] t93 = {1'b0, t92 == 3'sh2};
    wire signed [1:0] t94 = {1'b0, t92 == 3'sh3};
    wire signed [1:0] t95 = {1'b0, t83 < 64'sh0};
    wire signed [1:0] t96 = (t95 != 2'sh0) ? 2'sh1 : 2'sh0;
    wire signed [1:0] t97 = 2'sh1 - t96;
    wire signed [1:0] t98 = (t94 != 2'sh0) ? t97 : 2'sh0;
    wire signed [1:0] t99 = (t93 != 2'sh0) ? 2'sh1 : t98;
    wire signed [1:0] t100 = (t91 != 2'sh0) ? t99 : 2'sh0;
    wire signed [1:0] t101 = (t88 != 2'sh0) ? 2'sh1 : t100;
    wire signed [63:0] t102 = t83 + $signed({{62{t101[1]}}, t101});
    wire signed [63:0] t103 = t102 + $signed({{55{zero_point[8]}}, zero_point});
    wire signed [63:0] t104 = (t103 > $signed({{56{lo[7]}}, lo})) ? t103 : $signed({{56{lo[7]}}, lo});
    wire signed [8:0] t105 = (t104 < $signed({{55{hi[8]}}, hi})) ? $signed(t104[8:0]) : hi;
    wire signed [1:0] t106 = {1'b0, overflow == 4'sh1};
    wire signed [1:0] t107 = {1'b0, lo < 8'sh0};
    wire signed [8:0] t108 = 9'sh0 - hi;
    wire signed [8:0] t109 = (t107 != 2'sh0) ? t108 : $signed({{1{lo[7]}}, lo});
    wire signed [63:0] t110 = (t103 > $signed({{55{t109[8]}}, t109})) ? t103 : $signed({{55{t109[8]}}, t109});
    wire signed [8:0] t111 = (t110 < $signed({{55{hi[8]}}, hi})) ? $signed(t110[8:0]) : hi;
    wire signed [1:0] t112 = {1'b0, overflow == 4'sh2};
    wire signed [1:0] t113 = {1'b0, t103 >= $signed({{56{lo[7]}}, lo})};
    wire signed [1:0] t114 = {1'b0, t103 <= $signed({{55{hi[8]}}, hi})};
    wire signed [1:0] t115 = t113 & t114;
    wire signed [63:0] t116 = (t115 != 2'sh0) ? t103 : 64'sh0;
    wire signed [1:0] t117 = {1'b0, overflow == 4'sh3};
    wire signed [9:0] t118 = $signed({{1{hi[8]}}, hi}) - $signed({{2{lo[7]}}, lo});
    wire signed [63:0] t119_full = t103 & $signed({{54{t118[9]}}, t118});
    wire signed [9:0] t119 = $signed(t119_full[9:0]);
    wire signed [8:0] t120 = 9'sh0 - $signed({{1{lo[7]}}, lo});
    wire signed [9:0] t121 = t119 ^ $signed({{1{t120[8]}}, t120});
    wire signed [9:0] t122 = t121 + $signed({{2{lo[7]}}, lo});
    wire signed [63:0] t123 = (t117 != 2'sh0) ? $signed({{54{t122[9]}}, t122}) : t103;
    wire signed [63:0] t124 = (t112 != 2'sh0) ? t116 : t123;
    wire signed [63:0] t125 = (t106 != 2'sh0) ? $signed({{55{t111[8]}}, t111}) : t124;
    wire signed [63:0] t126 = (t0 != 2'sh0) ? $signed({{55{t105[8]}}, t105}) : t125;
    wire signed [63:0] t127 =
        (t126 > $signed({{55{clamp_lo[8]}}, clamp_lo})) ? t126 : $signed({{55{clamp_lo[8]}}, clamp_lo});
    wire signed [8:0] t128 = (t127 < $signed({{55{clamp_hi[8]}}, clamp_hi})) ? $signed(t127[8:0]) : clamp_hi;
    assign y = t128;
    // Not needed for the result.
    wire unused = &{
        1'b0,
        t7_full[47:16],
        t9_full[47:33],
        t10_full[31:16],
        t12_full[31:17],
        t14_full[48:33],
        t16_full[47:32],
        t18_full[46],
        t19_full[46:2],
        t20_full[47:17],
        t22_full[48:17],
        t32_full[32:17],
        t33_full[32:17],
        t60_full[63],
        t68_full[62:2],
        t86_full[63],
        t87_full[63],
        t119_full[63:10]};
endmodule

`default_nettype wire
