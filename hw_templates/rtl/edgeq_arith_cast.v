// Printed by edgeq from edgeq/arith/primitives.py; do not edit.
// SPDX-License-Identifier: MIT
//
// Round and narrow x: what acc_product does to each product and to the bias.
//
//     return narrow(round_shift(x, shift, rounding), lo, hi, overflow)
//
// Combinational. Result in -2^31 .. 2147483649.
// Ranges of the ports:
//
//   x in -2^31 .. 2^31 - 1
//   shift in 0 .. 62
//   rounding in 0 .. 8
//   lo in -2^15 .. 0
//   hi in 0 .. 2^16 - 1
//   overflow in 0 .. 4

`default_nettype none

module edgeq_arith_cast (
    input  wire signed [31:0] x,
    input  wire signed [6:0] shift,
    input  wire signed [4:0] rounding,
    input  wire signed [15:0] lo,
    input  wire signed [16:0] hi,
    input  wire signed [3:0] overflow,
    output wire signed [32:0] y
);
    wire signed [1:0] t0 = {1'b0, overflow == 4'sh0};
    wire signed [1:0] t1 = {1'b0, rounding == 5'sh7};
    wire signed [1:0] t2 = {1'b0, rounding == 5'sh8};
    wire signed [1:0] t3 = t1 | t2;
    wire signed [5:0] t4 = (shift < 7'sh1f) ? $signed(shift[5:0]) : 6'sh1f;
    wire signed [6:0] t5 = (t3 != 2'sh0) ? $signed({{1{t4[5]}}, t4}) : shift;
    wire signed [6:0] t6 = (t5 < 7'sh3e) ? t5 : 7'sh3e;
    wire signed [31:0] t7 = x >>> $unsigned(t6);
    wire signed [4:0] t8 = (t3 != 2'sh0) ? 5'sh2 : rounding;
    wire signed [1:0] t9 = {1'b0, t8 == 5'sh0};
    wire signed [1:0] t10 = {1'b0, t8 == 5'sh1};
    wire signed [63:0] t11 = 64'sh1 <<< $unsigned(t6);
    wire signed [62:0] t12 = $signed(t11[62:0]) - 63'sh1;
    wire signed [62:0] t13 = $signed({{31{x[31]}}, x}) & t12;
    wire signed [1:0] t14 = {1'b0, t13 != 63'sh0};
    wire signed [1:0] t15 = {1'b0, t7 < 32'sh0};
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
    wire signed [31:0] t26_full = t7 & 32'sh1;
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
    wire signed [32:0] t36 = $signed({{1{t7[31]}}, t7}) + $signed({{31{t35[1]}}, t35});
    wire signed [5:0] t37 = $signed(shift[5:0]) - 6'sh1f;
    wire signed [5:0] t38 = (t37 > 6'sh0) ? t37 : 6'sh0;
    wire signed [5:0] t39 = (t3 != 2'sh0) ? t38 : 6'sh0;
    wire signed [5:0] t40 = ($signed({{1{t39[5]}}, t39}) < 7'sh3e) ? t39 : 6'sh3e;
    wire signed [32:0] t41 = t36 >>> $unsigned(t40);
    wire signed [32:0] t42 = 33'sh1 <<< $unsigned(t40);
    wire signed [31:0] t43 = $signed(t42[31:0]) - 32'sh1;
    wire signed [32:0] t44_full = t36 & $signed({{1{t43[31]}}, t43});
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
    wire signed [1:0] t53 = {1'b0, t41 < 33'sh0};
    wire signed [1:0] t54 = (t53 != 2'sh0) ? 2'sh1 : 2'sh0;
    wire signed [1:0] t55 = 2'sh1 - t54;
    wire signed [1:0] t56 = (t52 != 2'sh0) ? t55 : 2'sh0;
    wire signed [1:0] t57 = (t51 != 2'sh0) ? 2'sh1 : t56;
    wire signed [1:0] t58 = (t49 != 2'sh0) ? t57 : 2'sh0;
    wire signed [1:0] t59 = (t46 != 2'sh0) ? 2'sh1 : t58;
    wire signed [32:0] t60 = t41 + $signed({{31{t59[1]}}, t59});
    wire signed [32:0] t61 = (t60 > $signed({{17{lo[15]}}, lo})) ? t60 : $signed({{17{lo[15]}}, lo});
    wire signed [16:0] t62 = (t61 < $signed({{16{hi[16]}}, hi})) ? $signed(t61[16:0]) : hi;
    wire signed [1:0] t63 = {1'b0, overflow == 4'sh1};
    wire signed [1:0] t64 = {1'b0, lo < 16'sh0};
    wire signed [16:0] t65 = 17'sh0 - hi;
    wire signed [16:0] t66 = (t64 != 2'sh0) ? t65 : $signed({{1{lo[15]}}, lo});
    wire signed [32:0] t67 = (t60 > $signed({{16{t66[16]}}, t66})) ? t60 : $signed({{16{t66[16]}}, t66});
    wire signed [16:0] t68 = (t67 < $signed({{16{hi[16]}}, hi})) ? $signed(t67[16:0]) : hi;
    wire signed [1:0] t69 = {1'b0, overflow == 4'sh2};
    wire signed [1:0] t70 = {1'b0, t60 >= $signed({{17{lo[15]}}, lo})};
    wire signed [1:0] t71 = {1'b0, t60 <= $signed({{16{hi[16]}}, hi})};
    wire signed [1:0] t72 = t70 & t71;
    wire signed [32:0] t73 = (t72 != 2'sh0) ? t60 : 33'sh0;
    wire signed [1:0] t74 = {1'b0, overflow == 4'sh3};
    wire signed [17:0] t75 = $signed({{1{hi[16]}}, hi}) - $signed({{2{lo[15]}}, lo});
    wire signed [32:0] t76_full = t60 & $signed({{15{t75[17]}}, t75});
    wire signed [17:0] t76 = $signed(t76_full[17:0]);
    wire signed [16:0] t77 = 17'sh0 - $signed({{1{lo[15]}}, lo});
    wire signed [17:0] t78 = t76 ^ $signed({{1{t77[16]}}, t77});
    wire signed [17:0] t79 = t78 + $signed({{2{lo[15]}}, lo});
    wire signed [32:0] t80 = (t74 != 2'sh0) ? $signed({{15{t79[17]}}, t79}) : t60;
    wire signed [32:0] t81 = (t69 != 2'sh0) ? t73 : t80;
    wire signed [32:0] t82 = (t63 != 2'sh0) ? $signed({{16{t68[16]}}, t68}) : t81;
    wire signed [32:0] t83 = (t0 != 2'sh0) ? $signed({{16{t62[16]}}, t62}) : t82;
    assign y = t83;
    // Not needed for the result.
    wire unused = &{
        1'b0,
        t18_full[63],
        t26_full[31:2],
        t44_full[32],
        t45_full[32],
        t76_full[32:18]};
endmodule

`default_nettype wire
