// Printed by edgeq from edgeq/arith/softmax.py; do not edit.
// SPDX-License-Identifier: MIT
//
// Return the bits of 0 <= x < 2**32 without leading zeros, in five halvings.
//
//     n16 = select(x >= 1 << 16, 16, 0)
//     x16 = select(x >= 1 << 16, x >> 16, x & 0xFFFF)
//     n8 = select(x16 >= 1 << 8, 8, 0)
//     x8 = select(x16 >= 1 << 8, x16 >> 8, x16 & 0xFF)
//     n4 = select(x8 >= 1 << 4, 4, 0)
//     x4 = select(x8 >= 1 << 4, x8 >> 4, x8 & 0xF)
//     n2 = select(x4 >= 1 << 2, 2, 0)
//     x2 = select(x4 >= 1 << 2, x4 >> 2, x4 & 0x3)
//     return n16 + n8 + n4 + n2 + select(x2 >= 2, 2, minimum(x2, 1))
//
// Combinational. Result in 0 .. 32.
// Ranges of the ports:
//
//   x in 0 .. 2^32 - 1

`default_nettype none

module edgeq_arith_bit_length (
    input  wire signed [32:0] x,
    output wire signed [6:0] y
);
    wire signed [1:0] t0 = {1'b0, x >= 33'sh10000};
    wire signed [5:0] t1 = (t0 != 2'sh0) ? 6'sh10 : 6'sh0;
    wire signed [32:0] t2_full = x >>> 16;
    wire signed [16:0] t2 = $signed(t2_full[16:0]);
    wire signed [32:0] t3_full = x & 33'shffff;
    wire signed [16:0] t3 = $signed(t3_full[16:0]);
    wire signed [16:0] t4 = (t0 != 2'sh0) ? t2 : t3;
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
    assign y = t26;
    // Not needed for the result.
    wire unused = &{
        1'b0,
        t2_full[32:17],
        t3_full[32:17],
        t8_full[16:9],
        t9_full[16:9],
        t14_full[8:5],
        t15_full[8:5],
        t20_full[4:3],
        t21_full[4:3]};
endmodule

`default_nettype wire
