// Printed by edgeq from edgeq/arith/lookup.py; do not edit.
// SPDX-License-Identifier: MIT
//
// Return the interpolated value itself, rounded ties up.
//
//     return round_shift(interpolate(x, entry, following), _FRACTION_BITS, _TIES_UP)
//
// Combinational. Result in -97792 .. 97791.
// Ranges of the ports:
//
//   x in -2^15 .. 2^15 - 1
//   entry in -2^15 .. 2^15 - 1
//   following in -2^15 .. 2^15 - 1

`default_nettype none

module edgeq_arith_interpolate_rounded (
    input  wire signed [15:0] x,
    input  wire signed [15:0] entry,
    input  wire signed [15:0] following,
    output wire signed [17:0] y
);
    wire signed [22:0] t0 = $signed({{7{entry[15]}}, entry}) <<< 7;
    wire signed [16:0] t1 = $signed({{1{following[15]}}, following}) - $signed({{1{entry[15]}}, entry});
    wire signed [15:0] t2_full = x & 16'sh7f;
    wire signed [7:0] t2 = $signed(t2_full[7:0]);
    wire signed [23:0] t3 = $signed({{7{t1[16]}}, t1}) * $signed({{16{t2[7]}}, t2});
    wire signed [24:0] t4 = $signed({{2{t0[22]}}, t0}) + $signed({{1{t3[23]}}, t3});
    wire signed [24:0] t5_full = t4 >>> 7;
    wire signed [17:0] t5 = $signed(t5_full[17:0]);
    wire signed [24:0] t6_full = t4 & 25'sh7f;
    wire signed [7:0] t6 = $signed(t6_full[7:0]);
    wire signed [1:0] t7 = {1'b0, t6 > 8'sh40};
    wire signed [1:0] t8 = {1'b0, t6 == 8'sh40};
    wire signed [1:0] t9 = {1'b0, t6 != 8'sh0};
    wire signed [1:0] t10 = t8 & t9;
    wire signed [1:0] t11 = (t10 != 2'sh0) ? 2'sh1 : 2'sh0;
    wire signed [1:0] t12 = (t7 != 2'sh0) ? 2'sh1 : t11;
    wire signed [17:0] t13 = t5 + $signed({{16{t12[1]}}, t12});
    assign y = t13;
    // Not needed for the result.
    wire unused = &{
        1'b0,
        t2_full[15:8],
        t5_full[24:18],
        t6_full[24:8]};
endmodule

`default_nettype wire
