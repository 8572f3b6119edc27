// Printed by edgeq from edgeq/arith/softmax.py; do not edit.
// SPDX-License-Identifier: MIT
//
// Return the 16-bit argument at which TFLite's table of 1 / (1 + x) is read for 1 <= total < 2**31.
//
//     leading = round_shift(total << maximum(31 - bit_length(total), 0), 14, _TIES_UP)
//     return saturate(leading - (1 << 16) - (1 << 15), _MIN16, _MAX16)
//
// Combinational. Result in -2^15 .. 2^15 - 1.
// Ranges of the ports:
//
//   total in 1 .. 2^31 - 1

`default_nettype none

module edgeq_arith_softmax_s16_fraction (
    input  wire signed [31:0] total,
    output wire signed [15:0] y
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
    wire signed [5:0] t27 = 6'sh1f - $signed(t26[5:0]);
    wire signed [5:0] t28 = (t27 > 6'sh0) ? t27 : 6'sh0;
    wire signed [62:0] t29 = $signed({{31{total[31]}}, total}) <<< $unsigned(t28);
    wire signed [62:0] t30_full = t29 >>> 14;
    wire signed [48:0] t30 = $signed(t30_full[48:0]);
    wire signed [62:0] t31_full = t29 & 63'sh3fff;
    wire signed [14:0] t31 = $signed(t31_full[14:0]);
    wire signed [1:0] t32 = {1'b0, t31 > 15'sh2000};
    wire signed [1:0] t33 = {1'b0, t31 == 15'sh2000};
    wire signed [1:0] t34 = {1'b0, t31 != 15'sh0};
    wire signed [1:0] t35 = t33 & t34;
    wire signed [1:0] t36 = (t35 != 2'sh0) ? 2'sh1 : 2'sh0;
    wire signed [1:0] t37 = (t32 != 2'sh0) ? 2'sh1 : t36;
    wire signed [48:0] t38 = t30 + $signed({{47{t37[1]}}, t37});
    wire signed [48:0] t39 = t38 - 49'sh10000;
    wire signed [48:0] t40 = t39 - 49'sh8000;
    wire signed [48:0] t41 = (t40 > 49'sh1ffffffff8000) ? t40 : 49'sh1ffffffff8000;
    wire signed [15:0] t42 = (t41 < 49'sh7fff) ? $signed(t41[15:0]) : 16'sh7fff;
    assign y = t42;
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
        t26[6],
        t30_full[62:49],
        t31_full[62:15]};
endmodule

`default_nettype wire
