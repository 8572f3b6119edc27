// Printed by edgeq from edgeq/arith/softmax.py; do not edit.
// SPDX-License-Identifier: MIT
//
// Return the code, in the type of bits bits with the limits lo and hi, of one exponential.
//
//     shift = maximum(bit_length(total) + 11 - bits, 0)
//     return saturate(round_shift(high_multiply(reciprocal, exponential), shift, _TIES_AWAY) + lo, lo, hi)
//
// Combinational. Result in -2^15 .. 2^16 - 1.
// Ranges of the ports:
//
//   exponential in 0 .. 2^31 - 1
//   reciprocal in 0 .. 2^31 - 1
//   total in 1 .. 2^31 - 1
//   bits in 8 .. 16
//   lo in -2^15 .. 0
//   hi in 0 .. 2^16 - 1

`default_nettype none

module edgeq_arith_softmax_gemmlowp (
    input  wire signed [31:0] exponential,
    input  wire signed [31:0] reciprocal,
    input  wire signed [31:0] total,
    input  wire signed [5:0] bits,
    input  wire signed [15:0] lo,
    input  wire signed [16:0] hi,
    output wire signed [16:0] y
);
    wire signed [62:0] t0 =
        $signed({{31{reciprocal[31]}}, reciprocal}) * $signed({{31{exponential[31]}}, exponential});
    wire signed [62:0] t1_full = t0 >>> 31;
    wire signed [31:0] t1 = $signed(t1_full[31:0]);
    wire signed [62:0] t2_full = t0 & 63'sh7fffffff;
    wire signed [31:0] t2 = $signed(t2_full[31:0]);
    wire signed [1:0] t3 = {1'b0, t2 > 32'sh40000000};
    wire signed [1:0] t4 = {1'b0, t2 == 32'sh40000000};
    wire signed [1:0] t5 = {1'b0, t2 != 32'sh0};
    wire signed [1:0] t6 = t4 & t5;
    wire signed [1:0] t7 = (t6 != 2'sh0) ? 2'sh1 : 2'sh0;
    wire signed [1:0] t8 = (t3 != 2'sh0) ? 2'sh1 : t7;
    wire signed [31:0] t9 = t1 + $signed({{30{t8[1]}}, t8});
    wire signed [31:0] t10 = (t9 > 32'sh80000000) ? t9 : 32'sh80000000;
    wire signed [31:0] t11 = (t10 < 32'sh7fffffff) ? t10 : 32'sh7fffffff;
    wire signed [1:0] t12 = {1'b0, total >= 32'sh10000};
    wire signed [5:0] t13 = (t12 != 2'sh0) ? 6'sh10 : 6'sh0;
    wire signed [31:0] t14_full = total >>> 16;
    wire signed [15:0] t14 = $signed(t14_full[15:0]);
    wire signed [31:0] t15_full = total & 32'shffff;
    wire signed [16:0] t15 = $signed(t15_full[16:0]);
    wire signed [16:0] t16 = (t12 != 2'sh0) ? $signed({{1{t14[15]}}, t14}) : t15;
    wire signed [1:0] t17 = {1'b0, t16 >= 17'sh100};
    wire signed [4:0] t18 = (t17 != 2'sh0) ? 5'sh8 : 5'sh0;
    wire signed [5:0] t19 = t13 + $signed({{1{t18[4]}}, t18});
    wire signed [16:0] t20_full = t16 >>> 8;
    wire signed [8:0] t20 = $signed(t20_full[8:0]);
    wire signed [16:0] t21_full = t16 & 17'shff;
    wire signed [8:0] t21 = $signed(t21_full[8:0]);
    wire signed [8:0] t22 = (t17 != 2'sh0) ? t20 : t21;
    wire signed [1:0] t23 = {1'b0, t22 >= 9'sh10};
    wire signed [3:0] t24 = (t23 != 2'sh0) ? 4'sh4 : 4'sh0;
    wire signed [5:0] t25 = t19 + $signed({{2{t24[3]}}, t24});
    wire signed [8:0] t26_full = t22 >>> 4;
    wire signed [4:0] t26 = $signed(t26_full[4:0]);
    wire signed [8:0] t27_full = t22 & 9'shf;
    wire signed [4:0] t27 = $signed(t27_full[4:0]);
    wire signed [4:0] t28 = (t23 != 2'sh0) ? t26 : t27;
    wire signed [1:0] t29 = {1'b0, t28 >= 5'sh4};
    wire signed [2:0] t30 = (t29 != 2'sh0) ? 3'sh2 : 3'sh0;
    wire signed [5:0] t31 = t25 + $signed({{3{t30[2]}}, t30});
    wire signed [4:0] t32_full = t28 >>> 2;
    wire signed [2:0] t32 = $signed(t32_full[2:0]);
    wire signed [4:0] t33_full = t28 & 5'sh3;
    wire signed [2:0] t33 = $signed(t33_full[2:0]);
    wire signed [2:0] t34 = (t29 != 2'sh0) ? t32 : t33;
    wire signed [1:0] t35 = {1'b0, t34 >= 3'sh2};
    wire signed [1:0] t36 = (t34 < 3'sh1) ? $signed(t34[1:0]) : 2'sh1;
    wire signed [2:0] t37 = (t35 != 2'sh0) ? 3'sh2 : $signed({{1{t36[1]}}, t36});
    wire signed [6:0] t38 = $signed({{1{t31[5]}}, t31}) + $signed({{4{t37[2]}}, t37});
    wire signed [6:0] t39 = t38 + 7'shb;
    wire signed [6:0] t40 = t39 - $signed({{1{bits[5]}}, bits});
    wire signed [6:0] t41 = (t40 > 7'sh0) ? t40 : 7'sh0;
    wire signed [6:0] t42 = (t41 < 7'sh3e) ? t41 : 7'sh3e;
    wire signed [31:0] t43 = t11 >>> $unsigned(t42);
    wire signed [36:0] t44 = 37'sh1 <<< $unsigned(t42);
    wire signed [35:0] t45 = $signed(t44[35:0]) - 36'sh1;
    wire signed [35:0] t46_full = $signed({{4{t11[31]}}, t11}) & t45;
    wire signed [31:0] t46 = $signed(t46_full[31:0]);
    wire signed [36:0] t47_full = t44 >>> 1;
    wire signed [35:0] t47 = $signed(t47_full[35:0]);
    wire signed [1:0] t48 = {1'b0, $signed({{4{t46[31]}}, t46}) > t47};
    wire signed [1:0] t49 = {1'b0, $signed({{4{t46[31]}}, t46}) == t47};
    wire signed [1:0] t50 = {1'b0, t46 != 32'sh0};
    wire signed [1:0] t51 = t49 & t50;
    wire signed [1:0] t52 = (t51 != 2'sh0) ? 2'sh1 : 2'sh0;
    wire signed [1:0] t53 = (t48 != 2'sh0) ? 2'sh1 : t52;
    wire signed [32:0] t54 = $signed({{1{t43[31]}}, t43}) + $signed({{31{t53[1]}}, t53});
    wire signed [32:0] t55 = t54 + $signed({{17{lo[15]}}, lo});
    wire signed [32:0] t56 = (t55 > $signed({{17{lo[15]}}, lo})) ? t55 : $signed({{17{lo[15]}}, lo});
    wire signed [16:0] t57 = (t56 < $signed({{16{hi[16]}}, hi})) ? $signed(t56[16:0]) : hi;
    assign y = t57;
    // Not needed for the result.
    wire unused = &{
        1'b0,
        t1_full[62:32],
        t2_full[62:32],
        t14_full[31:16],
        t15_full[31:17],
        t20_full[16:9],
        t21_full[16:9],
        t26_full[8:5],
        t27_full[8:5],
        t32_full[4:3],
        t33_full[4:3],
        t46_full[35:32],
        t47_full[36]};
endmodule

`default_nettype wire
