// Printed by edgeq from edgeq/arith/primitives.py; do not edit.
// SPDX-License-Identifier: MIT
//
// Reduce x modulo 2**bits into a type of at most 63 bits with the limits lo and hi.
//
//     return ((x & (hi - lo)) ^ -lo) + lo
//
// Combinational. Result in -128 .. 511.
// Ranges of the ports:
//
//   x in -2^31 .. 2^31 - 1
//   lo in -128 .. 0
//   hi in 0 .. 255

`default_nettype none

module edgeq_arith_wrap (
    input  wire signed [31:0] x,
    input  wire signed [7:0] lo,
    input  wire signed [8:0] hi,
    output wire signed [9:0] y
);
    wire signed [9:0] t0 = $signed({{1{hi[8]}}, hi}) - $signed({{2{lo[7]}}, lo});
    wire signed [31:0] t1_full = x & $signed({{22{t0[9]}}, t0});
    wire signed [9:0] t1 = $signed(t1_full[9:0]);
    wire signed [8:0] t2 = 9'sh0 - $signed({{1{lo[7]}}, lo});
    wire signed [9:0] t3 = t1 ^ $signed({{1{t2[8]}}, t2});
    wire signed [9:0] t4 = t3 + $signed({{2{lo[7]}}, lo});
    assign y = t4;
    // Not needed for the result.
    wire unused = &{
        1'b0,
        t1_full[31:10]};
endmodule

`default_nettype wire
