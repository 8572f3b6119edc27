// Printed by edgeq from edgeq/arith/softmax.py; do not edit.
// SPDX-License-Identifier: MIT
//
// Return TFLite's 16-bit probability (32768 is 1) of one exponential.
//
//     shift = maximum(bit_length(total) - 1, 0)
//     return saturate(round_shift(exponential * reciprocal, shift, _TIES_UP), 0, _MAX16)
//
// Combinational. Result in 0 .. 2^15 - 1.
// Ranges of the ports:
//
//   exponential in 0 .. 2^15 - 1
//   reciprocal in -2^15 .. 2^15 - 1
//   total in 1 .. 2^31 - 1

`default_nettype none

module edgeq_arith_softmax_s16 (
    input  wire signed [15:0] exponential,
    input  wire signed [15:0] reciprocal,
    input  wire signed [31:0] total,
    output wire signed [15:0] y
);
    wire signed [30:0] t0 =
        $signed({{15{exponential[15]}}, exponential}) * $signed({{15{reciprocal[15]}}, reciprocal});
    wire signed [1:0] t1 = {1'b0, total >= 32'sh10000};
    wire signed [5:0] t2 = (t1 != 2'sh0) ? 6'sh10 : 6'sh0;
    wire signed [31:0] t3_full = total >>> 16;
    wire signed [15:0] t3 = $signed(t3_full[15:0]);
    wire signed [31:0] t4_full = total & 32'shffff;
    wire signed [16:0] t4 = $signed(t4_full[16:0]);
    wire signed [16:0] t5 = (t1 != 2'sh0) ? $signed({{1{t3[15]}}, t3}) : t4;
    wire signed [1:0] t6 = {1'b0, t5 >= 17'sh100};
    wire signed [4:0] t7 = (t6 != 2'sh0) ? 5'sh8 : 5'sh0;
    wire signed [5:0] t8 = t2 + $signed({{1{t7[4]}}, t7});
    wire signed [16:0] t9_full = t5 >>> 8;
    wire signed [8:0] t9 = $signed(t9_full[8:0]);
    wire signed [16:0] t10_full = t5 & 17'shff;
    wire signed [8:0] t10 = $signed(t10_full[8:0]);
    wire signed [8:0] t11 = (t6 != 2'sh0) ? t9 : t10;
    wire signed [1:0] t12 = {1'b0, t11 >= 9'sh10};
    wire signed [3:0] t13 = (t12 != 2'sh0) ? 4'sh4 : 4'sh0;
    wire signed [5:0] t14 = t8 + $signed({{2{t13[3]}}, t13});
    wire signed [8:0] t15_full = t11 >>> 4;
    wire signed [4:0] t15 = $signed(t15_full[4:0]);
    wire signed [8:0] t16_full = t11 & 9'shf;
    wire signed [4:0] t16 = $signed(t16_full[4:0]);
    wire signed [4:0] t17 = (t12 != 2'sh0) ? t15 : t16;
    wire signed [1:0] t18 = {1'b0, t17 >= 5'sh4};
    wire signed [2:0] t19 = (t18 != 2'sh0) ? 3'sh2 : 3'sh0;
    wire signed [5:0] t20 = t14 + $signed({{3{t19[2]}}, t19});
    wire signed [4:0] t21_full = t17 >>> 2;
    wire signed [2:0] t21 = $signed(t21_full[2:0]);
    wire signed [4:0] t22_full = t17 & 5'sh3;
    wire signed [2:0] t22 = $signed(t22_full[2:0]);
    wire signed [2:0] t23 = (t18 != 2'sh0) ? t21 : t22;
    wire signed [1:0] t24 = {1'b0, t23 >= 3'sh2};
    wire signed [1:0] t25 = (t23 < 3'sh1) ? $signed(t23[1:0]) : 2'sh1;
    wire signed [2:0] t26 = (t24 != 2'sh0) ? 3'sh2 : $signed({{1{t25[1]}}, t25});
    wire signed [6:0] t27 = $signed({{1{t20[5]}}, t20}) + $signed({{4{t26[2]}}, t26});
    wire signed [5:0] t28 = $signed(t27[5:0]) - 6'sh1;
    wire signed [5:0] t29 = (t28 > 6'sh0) ? t28 : 6'sh0;
    wire signed [5:0] t30 = ($signed({{1{t29[5]}}, t29}) < 7'sh3e) ? t29 : 6'sh3e;
    wire signed [30:0] t31 = t0 >>> $unsigned(t30);
    wire signed [32:0] t32 = 33'sh1 <<< $unsigned(t30);
    wire signed [31:0] t33 = $signed(t32[31:0]) - 32'sh1;
    wire signed [31:0] t34 = $signed({{1{t0[30]}}, t0}) & t33;
    wire signed [32:0] t35_full = t32 >>> 1;
    wire signed [31:0] t35 = $signed(t35_full[31:0]);
    wire signed [1:0] t36 = {1'b0, t34 > t35};
    wire signed [1:0] t37 = {1'b0, t34 == t35};
    wire signed [1:0] t38 = {1'b0, t34 != 32'sh0};
    wire signed [1:0] t39 = t37 & t38;
    wire signed [1:0] t40 = (t39 != 2'sh0) ? 2'sh1 : 2'sh0;
    wire signed [1:0] t41 = (t36 != 2'sh0) ? 2'sh1 : t40;
    wire signed [30:0] t42 = t31 + $signed({{29{t41[1]}}, t41});
    wire signed [30:0] t43 = (t42 > 31'sh0) ? t42 : 31'sh0;
    wire signed [15:0] t44 = (t43 < 31'sh7fff) ? $signed(t43[15:0]) : 16'sh7fff;
    assign y = t44;
    // Not needed for the result.
    wire unused = &{
        1'b0,
        t3_full[31:16],
        t4_full[31:17],
        t9_full[16:9],
        t10_full[16:9],
        t15_full[8:5],
        t16_full[8:5],
        t21_full[4:3],
        t22_full[4:3],
        t27[6],
        t35_full[32]};
endmodule

`default_nettype wire
