// Printed by edgeq from edgeq/arith/softmax.py; do not edit.
// SPDX-License-Identifier: MIT
//
// Return gemmlowp's Q0.31 reciprocal of total brought to [1, 2), for 1 <= total < 2**31.
//
//     fraction = (total << (32 - bit_length(total))) & _MAX32
//     half = (fraction + (1 << 31)) >> 1
//     guess = _48_OVER_17 + high_multiply(half, _MINUS_32_OVER_17)
//     x = newton_step(newton_step(newton_step(guess, half), half), half)
//     return saturate(x << 1, _MIN32, _MAX32)
//
// Combinational. Result in -2^31 .. 2^31 - 1.
// Ranges of the ports:
//
//   total in 1 .. 2^31 - 1

`default_nettype none

module edgeq_arith_softmax_reciprocal (
    input  wire signed [31:0] total,
    output wire signed [31:0] y
);
    wire signed [1:0] t0 = {1'b0, total >= 32'sh10000};
    wire signed [5:0] t1 = (t0 != 2'sh0) ? 6'sh10 : 6'sh0;
    wire signed [31:0] t2_full = total >>> 16;
    wire signed [15:0] t2 = $signed(t2_full[15:0]);
    wire signed [31:0] t3_full = total & 32'shffff;
    wire signed [16:0] t3 = $signed(t3_full[16:0]);
    wire signed [16:0] t4 = (t0 != 2'sh0) ? $signed({{1{t2[15]}}, t2}) : t3;
    wire signed [1:0] t5 = {1'b0, t4 >= 17'sh100};
    wire signed [4:0] t6 = (t5 != 2'sh0) ? 5'sh8 : 5'sh0;
    wire signed [5:0] t7 = t1 + $signed({{1{t6[4]}}, t6});
    wire signed [16:0] t8_full = t4 >>> 8;
    wire signed [8:0] t8 = $signed(t8_full[8:0]);
    wire signed [16:0] t9_full = t4 & 17'shff;
    wire signed [8:0] t9 = $signed(t9_full[8:0]);
    wire signed [8:0] t10 = (t5 != 2'sh0) ? t8 : t9;
    wire signed [1:0] t11 = {1'b0, t10 >= 9'sh10};
    wire signed [3:0] t12 = (t11 != 2'sh0) ? 4'sh4 : 4'sh0;
    wire signed [5:0] t13 = t7 + $signed({{2{t12[3]}}, t12});
    wire signed [8:0] t14_full = t10 >>> 4;
    wire signed [4:0] t14 = $signed(t14_full[4:0]);
    wire signed [8:0] t15_full = t10 & 9'shf;
    wire signed [4:0] t15 = $signed(t15_full[4:0]);
    wire signed [4:0] t16 = (t11 != 2'sh0) ? t14 : t15;
    wire signed [1:0] t17 = {1'b0, t16 >= 5'sh4};
    wire signed [2:0] t18 = (t17 != 2'sh0) ? 3'sh2 : 3'sh0;
    wire signed [5:0] t19 = t13 + $signed({{3{t18[2]}}, t18});
    wire signed [4:0] t20_full = t16 >>> 2;
    wire signed [2:0] t20 = $signed(t20_full[2:0]);
    wire signed [4:0] t21_full = t16 & 5'sh3;
    wire signed [2:0] t21 = $signed(t21_full[2:0]);
    wire signed [2:0] t22 = (t17 != 2'sh0) ? t20 : t21;
    wire signed [1:0] t23 = {1'b0, t22 >= 3'sh2};
    wire signed [1:0] t24 = (t22 < 3'sh1) ? $signed(t22[1:0]) : 2'sh1;
    wire signed [2:0] t25 = (t23 != 2'sh0) ? 3'sh2 : $signed({{1{t24[1]}}, t24});
    wire signed [6:0] t26 = $signed({{1{t19[5]}}, t19}) + $signed({{4{t25[2]}}, t25});
    wire signed [6:0] t27 = 7'sh20 - t26;
    wire signed [63:0] t28 = $signed({{32{total[31]}}, total}) <<< $unsigned(t27);
    wire signed [63:0] t29_full = t28 & 64'sh7fffffff;
    wire signed [31:0] t29 = $signed(t29_full[31:0]);
    wire signed [32:0] t30 = $signed({{1{t29[31]}}, t29}) + 33'sh80000000;
    wire signed [32:0] t31_full = t30 >>> 1;
    wire signed [31:0] t31 = $signed(t31_full[31:0]);
    wire signed [61:0] t32 = $signed({{30{t31[31]}}, t31}) * 62'sh3fffffffc3c3c3c4;
    wire signed [61:0] t33_full = t32 >>> 31;
    wire signed [30:0] t33 = $signed(t33_full[30:0]);
    wire signed [61:0] t34_full = t32 & 62'sh7fffffff;
    wire signed [31:0] t34 = $signed(t34_full[31:0]);
    wire signed [1:0] t35 = {1'b0, t34 > 32'sh40000000};
    wire signed [1:0] t36 = {1'b0, t34 == 32'sh40000000};
    wire signed [1:0] t37 = {1'b0, t34 != 32'sh0};
    wire signed [1:0] t38 = t36 & t37;
    wire signed [1:0] t39 = (t38 != 2'sh0) ? 2'sh1 : 2'sh0;
    wire signed [1:0] t40 = (t35 != 2'sh0) ? 2'sh1 : t39;
    wire signed [30:0] t41 = t33 + $signed({{29{t40[1]}}, t40});
    wire signed [30:0] t42 = ($signed({{1{t41[30]}}, t41}) > 32'sh80000000) ? t41 : 31'sh0;
    wire signed [30:0] t43 = ($signed({{1{t42[30]}}, t42}) < 32'sh7fffffff) ? t42 : 31'sh7fffffff;
    wire signed [30:0] t44 = 31'sh5a5a5a5a + t43;
    wire signed [61:0] t45 = $signed({{30{t31[31]}}, t31}) * $signed({{31{t44[30]}}, t44});
    wire signed [61:0] t46_full = t45 >>> 31;
    wire signed [30:0] t46 = $signed(t46_full[30:0]);
    wire signed [61:0] t47_full = t45 & 62'sh7fffffff;
    wire signed [31:0] t47 = $signed(t47_full[31:0]);
    wire signed [1:0] t48 = {1'b0, t47 > 32'sh40000000};
    wire signed [1:0] t49 = {1'b0, t47 == 32'sh40000000};
    wire signed [1:0] t50 = {1'b0, t47 != 32'sh0};
    wire signed [1:0] t51 = t49 & t50;
    wire signed [1:0] t52 = (t51 != 2'sh0) ? 2'sh1 : 2'sh0;
    wire signed [1:0] t53 = (t48 != 2'sh0) ? 2'sh1 : t52;
    wire signed [30:0] t54 = t46 + $signed({{29{t53[1]}}, t53});
    wire signed [30:0] t55 = ($signed({{1{t54[30]}}, t54}) > 32'sh80000000) ? t54 : 31'sh0;
    wire signed [30:0] t56 = ($signed({{1{t55[30]}}, t55}) < 32'sh7fffffff) ? t55 : 31'sh7fffffff;
    wire signed [29:0] t57 = 30'sh20000000 - $signed(t56[29:0]);
    wire signed [59:0] t58 = $signed({{29{t44[30]}}, t44}) * $signed({{30{t57[29]}}, t57});
    wire signed [59:0] t59_full = t58 >>> 31;
    wire signed [28:0] t59 = $signed(t59_full[28:0]);
    wire signed [59:0] t60_full = t58 & 60'sh7fffffff;
    wire signed [31:0] t60 = $signed(t60_full[31:0]);
    wire signed [1:0] t61 = {1'b0, t60 > 32'sh40000000};
    wire signed [1:0] t62 = {1'b0, t60 == 32'sh40000000};
    wire signed [1:0] t63 = {1'b0, t60 != 32'sh0};
    wire signed [1:0] t64 = t62 & t63;
    wire signed [1:0] t65 = (t64 != 2'sh0) ? 2'sh1 : 2'sh0;
    wire signed [1:0] t66 = (t61 != 2'sh0) ? 2'sh1 : t65;
    wire signed [28:0] t67 = t59 + $signed({{27{t66[1]}}, t66});
    wire signed [28:0] t68 = ($signed({{3{t67[28]}}, t67}) > 32'sh80000000) ? t67 : 29'sh0;
    wire signed [28:0] t69 = ($signed({{3{t68[28]}}, t68}) < 32'sh7fffffff) ? t68 : 29'sh1fffffff;
    wire signed [30:0] t70 = $signed({{2{t69[28]}}, t69}) <<< 2;
    wire signed [30:0] t71 = ($signed({{1{t70[30]}}, t70}) > 32'sh80000000) ? t70 : 31'sh0;
    wire signed [30:0] t72 = ($signed({{1{t71[30]}}, t71}) < 32'sh7fffffff) ? t71 : 31'sh7fffffff;
    wire signed [31:0] t73 = $signed({{1{t44[30]}}, t44}) + $signed({{1{t72[30]}}, t72});
    wire signed [31:0] t74 = (t73 > 32'sh80000000) ? t73 : 32'sh80000000;
    wire signed [31:0] t75 = (t74 < 32'sh7fffffff) ? t74 : 32'sh7fffffff;
    wire signed [62:0] t76 = $signed({{31{t31[31]}}, t31}) * $signed({{31{t75[31]}}, t75});
    wire signed [62:0] t77_full = t76 >>> 31;
    wire signed [31:0] t77 = $signed(t77_full[31:0]);
    wire signed [62:0] t78_full = t76 & 63'sh7fffffff;
    wire signed [31:0] t78 = $signed(t78_full[31:0]);
    wire signed [1:0] t79 = {1'b0, t78 > 32'sh40000000};
    wire signed [1:0] t80 = {1'b0, t78 == 32'sh40000000};
    wire signed [1:0] t81 = {1'b0, t78 != 32'sh0};
    wire signed [1:0] t82 = t80 & t81;
    wire signed [1:0] t83 = (t82 != 2'sh0) ? 2'sh1 : 2'sh0;
    wire signed [1:0] t84 = (t79 != 2'sh0) ? 2'sh1 : t83;
    wire signed [31:0] t85 = t77 + $signed({{30{t84[1]}}, t84});
    wire signed [31:0] t86 = (t85 > 32'sh80000000) ? t85 : 32'sh80000000;
    wire signed [31:0] t87 = (t86 < 32'sh7fffffff) ? t86 : 32'sh7fffffff;
    wire signed [30:0] t88 = 31'sh20000000 - $signed(t87[30:0]);
    wire signed [61:0] t89 = $signed({{30{t75[31]}}, t75}) * $signed({{31{t88[30]}}, t88});
    wire signed [61:0] t90_full = t89 >>> 31;
    wire signed [30:0] t90 = $signed(t90_full[30:0]);
    wire signed [61:0] t91_full = t89 & 62'sh7fffffff;
    wire signed [31:0] t91 = $signed(t91_full[31:0]);
    wire signed [1:0] t92 = {1'b0, t91 > 32'sh40000000};
    wire signed [1:0] t93 = {1'b0, t91 == 32'sh40000000};
    wire signed [1:0] t94 = {1'b0, t91 != 32'sh0};
    wire signed [1:0] t95 = t93 & t94;
    wire signed [1:0] t96 = (t95 != 2'sh0) ? 2'sh1 : 2'sh0;
    wire signed [1:0] t97 = (t92 != 2'sh0) ? 2'sh1 : t96;
    wire signed [30:0] t98 = t90 + $signed({{29{t97[1]}}, t97});
    wire signed [30:0] t99 = ($signed({{1{t98[30]}}, t98}) > 32'sh80000000) ? t98 : 31'sh0;
    wire signed [30:0] t100 = ($signed({{1{t99[30]}}, t99}) < 32'sh7fffffff) ? t99 : 31'sh7fffffff;
    wire signed [32:0] t101 = $signed({{2{t100[30]}}, t100}) <<< 2;
    wire signed [32:0] t102 = (t101 > 33'sh180000000) ? t101 : 33'sh180000000;
    wire signed [31:0] t103 = (t102 < 33'sh7fffffff) ? $signed(t102[31:0]) : 32'sh7fffffff;
    wire signed [32:0] t104 = $signed({{1{t75[31]}}, t75}) + $signed({{1{t103[31]}}, t103});
    wire signed [32:0] t105 = (t104 > 33'sh180000000) ? t104 : 33'sh180000000;
    wire signed [31:0] t106 = (t105 < 33'sh7fffffff) ? $signed(t105[31:0]) : 32'sh7fffffff;
    wire signed [62:0] t107 = $signed({{31{t31[31]}}, t31}) * $signed({{31{t106[31]}}, t106});
    wire signed [62:0] t108_full = t107 >>> 31;
    wire signed [31:0] t108 = $signed(t108_full[31:0]);
    wire signed [62:0] t109_full = t107 & 63'sh7fffffff;
    wire signed [31:0] t109 = $signed(t109_full[31:0]);
    wire signed [1:0] t110 = {1'b0, t109 > 32'sh40000000};
    wire signed [1:0] t111 = {1'b0, t109 == 32'sh40000000};
    wire signed [1:0] t112 = {1'b0, t109 != 32'sh0};
    wire signed [1:0] t113 = t111 & t112;
    wire signed [1:0] t114 = (t113 != 2'sh0) ? 2'sh1 : 2'sh0;
    wire signed [1:0] t115 = (t110 != 2'sh0) ? 2'sh1 : t114;
    wire signed [31:0] t116 = t108 + $signed({{30{t115[1]}}, t115});
    wire signed [31:0] t117 = (t116 > 32'sh80000000) ? t116 : 32'sh80000000;
    wire signed [31:0] t118 = (t117 < 32'sh7fffffff) ? t117 : 32'sh7fffffff;
    wire signed [32:0] t119 = 33'sh20000000 - $signed({{1{t118[31]}}, t118});
    wire signed [63:0] t120 = $signed({{32{t106[31]}}, t106}) * $signed({{31{t119[32]}}, t119});
    wire signed [63:0] t121_full = t120 >>> 31;
    wire signed [32:0] t121 = $signed(t121_full[32:0]);
    wire signed [63:0] t122_full = t120 & 64'sh7fffffff;
    wire signed [31:0] t122 = $signed(t122_full[31:0]);
    wire signed [1:0] t123 = {1'b0, t122 > 32'sh40000000};
    wire signed [1:0] t124 = {1'b0, t122 == 32'sh40000000};
    wire signed [1:0] t125 = {1'b0, t122 != 32'sh0};
    wire signed [1:0] t126 = t124 & t125;
    wire signed [1:0] t127 = (t126 != 2'sh0) ? 2'sh1 : 2'sh0;
    wire signed [1:0] t128 = (t123 != 2'sh0) ? 2'sh1 : t127;
    wire signed [32:0] t129 = t121 + $signed({{31{t128[1]}}, t128});
    wire signed [32:0] t130 = (t129 > 33'sh180000000) ? t129 : 33'sh180000000;
    wire signed [31:0] t131 = (t130 < 33'sh7fffffff) ? $signed(t130[31:0]) : 32'sh7fffffff;
    wire signed [33:0] t132 = $signed({{2{t131[31]}}, t131}) <<< 2;
    wire signed [33:0] t133 = (t132 > 34'sh380000000) ? t132 : 34'sh380000000;
    wire signed [31:0] t134 = (t133 < 34'sh7fffffff) ? $signed(t133[31:0]) : 32'sh7fffffff;
    wire signed [32:0] t135 = $signed({{1{t106[31]}}, t106}) + $signed({{1{t134[31]}}, t134});
    wire signed [32:0] t136 = (t135 > 33'sh180000000) ? t135 : 33'sh180000000;
    wire signed [31:0] t137 = (t136 < 33'sh7fffffff) ? $signed(t136[31:0]) : 32'sh7fffffff;
    wire signed [32:0] t138 = $signed({{1{t137[31]}}, t137}) <<< 1;
    wire signed [32:0] t139 = (t138 > 33'sh180000000) ? t138 : 33'sh180000000;
    wire signed [31:0] t140 = (t139 < 33'sh7fffffff) ? $signed(t139[31:0]) : 32'sh7fffffff;
    assign y = t140;
    // Not needed for the result.
    wire unused = &{
        1'b0,
        t2_full[31:16],
        t3_full[31:17],
        t8_full[16:9],
        t9_full[16:9],
        t14_full[8:5],
        t15_full[8:5],
        t20_full[4:3],
        t21_full[4:3],
        t29_full[63:32],
        t31_full[32],
        t33_full[61:31],
        t34_full[61:32],
        t46_full[61:31],
        t47_full[61:32],
        t56[30],
        t59_full[59:29],
        t60_full[59:32],
        t77_full[62:32],
        t78_full[62:32],
        t87[31],
        t90_full[61:31],
        t91_full[61:32],
        t108_full[62:32],
        t109_full[62:32],
        t121_full[63:33],
        t122_full[63:32]};
endmodule

`default_nettype wire
