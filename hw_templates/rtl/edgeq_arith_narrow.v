// Printed by edgeq from edgeq/arith/primitives.py; do not edit.
// SPDX-License-Identifier: MIT
//
// Bring x into [lo, hi] by the named rule; under error the caller stops, x is returned.
//
// saturate_symmetric clamps a signed type to [-hi, hi]; zero gives 0 for a value outside.
//
//     symmetric = saturate(x, select(lo < 0, -hi, lo), hi)
//     zeroed = select((x >= lo) & (x <= hi), x, 0)
//     return select(
//         overflow == _SATURATE,
//         saturate(x, lo, hi),
//         select(
//             overflow == _SATURATE_SYMMETRIC,
//             symmetric,
//             select(overflow == _ZERO, zeroed, select(overflow == _WRAP, wrap(x, lo, hi), x)),
//         ),
//     )
//
// Combinational. Result in -2^31 .. 2^31 - 1.
// Ranges of the ports:
//
//   x in -2^31 .. 2^31 - 1
//   lo in -128 .. 0
//   hi in 0 .. 255
//   overflow in 0 .. 4

`default_nettype none

module edgeq_arith_narrow (
    input  wire signed [31:0] x,
    input  wire signed [7:0] lo,
    input  wire signed [8:0] hi,
    input  wire signed [3:0] overflow,
    output wire signed [31:0] y
);
    wire signed [1:0] t0 = {1'b0, overflow == 4'sh0};
    wire signed [31:0] t1 = (x > $signed({{24{lo[7]}}, lo})) ? x : $signed({{24{lo[7]}}, lo});
    wire signed [8:0] t2 = (t1 < $signed({{23{hi[8]}}, hi})) ? $signed(t1[8:0]) : hi;
    wire signed [1:0] t3 = {1'b0, overflow == 4'sh1};
    wire signed [1:0] t4 = {1'b0, lo < 8'sh0};
    wire signed [8:0] t5 = 9'sh0 - hi;
    wire signed [8:0] t6 = (t4 != 2'sh0) ? t5 : $signed({{1{lo[7]}}, lo});
    wire signed [31:0] t7 = (x > $signed({{23{t6[8]}}, t6})) ? x : $signed({{23{t6[8]}}, t6});
    wire signed [8:0] t8 = (t7 < $signed({{23{hi[8]}}, hi})) ? $signed(t7[8:0]) : hi;
    wire signed [1:0] t9 = {1'b0, overflow == 4'sh2};
    wire signed [1:0] t10 = {1'b0, x >= $signed({{24{lo[7]}}, lo})};
    wire signed [1:0] t11 = {1'b0, x <= $signed({{23{hi[8]}}, hi})};
    wire signed [1:0] t12 = t10 & t11;
    wire signed [31:0] t13 = (t12 != 2'sh0) ? x : 32'sh0;
    wire signed [1:0] t14 = {1'b0, overflow == 4'sh3};
    wire signed [9:0] t15 = $signed({{1{hi[8]}}, hi}) - $signed({{2{lo[7]}}, lo});
    wire signed [31:0] t16_full = x & $signed({{22{t15[9]}}, t15});
    wire signed [9:0] t16 = $signed(t16_full[9:0]);
    wire signed [8:0] t17 = 9'sh0 - $signed({{1{lo[7]}}, lo});
    wire signed [9:0] t18 = t16 ^ $signed({{1{t17[8]}}, t17});
    wire signed [9:0] t19 = t18 + $signed({{2{lo[7]}}, lo});
    wire signed [31:0] t20 = (t14 != 2'sh0) ? $signed({{22{t19[9]}}, t19}) : x;
    wire signed [31:0] t21 = (t9 != 2'sh0) ? t13 : t20;
    wire signed [31:0] t22 = (t3 != 2'sh0) ? $signed({{23{t8[8]}}, t8}) : t21;
    wire signed [31:0] t23 = (t0 != 2'sh0) ? $signed({{23{t2[8]}}, t2}) : t22;
    assign y = t23;
    // Not needed for the result.
    wire unused = &{
        1'b0,
        t16_full[31:10]};
endmodule

`default_nettype wire
