// Printed by edgeq from edgeq/arith/lookup.py; do not edit.
// SPDX-License-Identifier: MIT
//
// Return 128 times the value at a 16-bit x on the line from entry to the entry that follows it.
//
//     return (entry << _FRACTION_BITS) + (following - entry) * (x & ((1 << _FRACTION_BITS) - 1))
//
// Combinational. Result in -12517249 .. 12517121.
// Ranges of the ports:
//
//   x in -2^15 .. 2^15 - 1
//   entry in -2^15 .. 2^15 - 1
//   following in -2^15 .. 2^15 - 1

`default_nettype none

module edgeq_arith_interpolate (
    input  wire signed [15:0] x,
    input  wire signed [15:0] entry,
    input  wire signed [15:0] following,
    output wire signed [24:0] y
);
    wire signed [22:0] t0 = $signed({{7{entry[15]}}, entry}) <<< 7;
    wire signed [16:0] t1 = $signed({{1{following[15]}}, following}) - $signed({{1{entry[15]}}, entry});
    wire signed [15:0] t2_full = x & 16'sh7f;
    wire signed [7:0] t2 = $signed(t2_full[7:0]);
    wire signed [23:0] t3 = $signed({{7{t1[16]}}, t1}) * $signed({{16{t2[7]}}, t2});
    wire signed [24:0] t4 = $signed({{2{t0[22]}}, t0}) + $signed({{1{t3[23]}}, t3});
    assign y = t4;
    // Not needed for the result.
    wire unused = &{
        1'b0,
        t2_full[15:8]};
endmodule

`default_nettype wire
