// Printed by edgeq from edgeq/arith/primitives.py; do not edit.
// SPDX-License-Identifier: MIT
//
// Return total / count rounded by a one-stage rule, count >= 1.
//
//     quotient = total // count
//     remainder = total % count
//     twice = remainder << 1
//     return quotient + round_increment(quotient, twice > count, twice == count, remainder != 0, rounding)
//
// Combinational. Result in -2^31 .. 2^31.
// Ranges of the ports:
//
//   total in -2^31 .. 2^31 - 1
//   count in 1 .. 2^16 - 1
//   rounding in 0 .. 6

`default_nettype none

module edgeq_arith_divide_by_count (
    input  wire signed [31:0] total,
    input  wire signed [16:0] count,
    input  wire signed [3:0] rounding,
    output wire signed [32:0] y
);
    wire signed [31:0] t0_rem = total % $signed({{15{count[16]}}, count});
    wire signed [31:0] t0 =
        (total / $signed({{15{count[16]}}, count})) - ((t0_rem < 32'sh0) ? 32'sh1 : 32'sh0);
    wire signed [1:0] t1 = {1'b0, rounding == 4'sh0};
    wire signed [1:0] t2 = {1'b0, rounding == 4'sh1};
    wire signed [31:0] t3_rem = total % $signed({{15{count[16]}}, count});
    wire signed [31:0] t3_full = (t3_rem < 32'sh0) ? (t3_rem + $signed({{15{count[16]}}, count})) : t3_rem;
    wire signed [16:0] t3 = $signed(t3_full[16:0]);
    wire signed [1:0] t4 = {1'b0, t3 != 17'sh0};
    wire signed [1:0] t5 = {1'b0, t0 < 32'sh0};
    wire signed [1:0] t6 = (t5 != 2'sh0) ? 2'sh1 : 2'sh0;
    wire signed [1:0] t7 = (t4 != 2'sh0) ? t6 : 2'sh0;
    wire signed [17:0] t8 = $signed({{1{t3[16]}}, t3}) <<< 1;
    wire signed [1:0] t9 = {1'b0, t8 > $signed({{1{count[16]}}, count})};
    wire signed [1:0] t10 = {1'b0, t8 == $signed({{1{count[16]}}, count})};
    wire signed [1:0] t11 = {1'b0, rounding == 4'sh2};
    wire signed [1:0] t12 = {1'b0, rounding == 4'sh3};
    wire signed [1:0] t13 = 2'sh1 - t6;
    wire signed [1:0] t14 = {1'b0, rounding == 4'sh4};
    wire signed [31:0] t15_full = t0 & 32'sh1;
    wire signed [1:0] t15 = $signed(t15_full[1:0]);
    wire signed [1:0] t16 = {1'b0, rounding == 4'sh5};
    wire signed [1:0] t17 = (t16 != 2'sh0) ? t6 : 2'sh0;
    wire signed [1:0] t18 = (t14 != 2'sh0) ? t15 : t17;
    wire signed [1:0] t19 = (t12 != 2'sh0) ? t13 : t18;
    wire signed [1:0] t20 = (t11 != 2'sh0) ? 2'sh1 : t19;
    wire signed [1:0] t21 = (t10 != 2'sh0) ? t20 : 2'sh0;
    wire signed [1:0] t22 = (t9 != 2'sh0) ? 2'sh1 : t21;
    wire signed [1:0] t23 = (t2 != 2'sh0) ? t7 : t22;
    wire signed [1:0] t24 = (t1 != 2'sh0) ? 2'sh0 : t23;
    wire signed [32:0] t25 = $signed({{1{t0[31]}}, t0}) + $signed({{31{t24[1]}}, t24});
    assign y = t25;
    // Not needed for the result.
    wire unused = &{
        1'b0,
        t3_full[31:17],
        t15_full[31:2]};
endmodule

`default_nettype wire
