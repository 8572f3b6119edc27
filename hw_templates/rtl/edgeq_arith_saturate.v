// Printed by edgeq from edgeq/arith/primitives.py; do not edit.
// SPDX-License-Identifier: MIT
//
// Clamp x to [lo, hi].
//
//     return minimum(maximum(x, lo), hi)
//
// Combinational. Result in -128 .. 255.
// Ranges of the ports:
//
//   x in -2^31 .. 2^31 - 1
//   lo in -128 .. 255
//   hi in -128 .. 255

`default_nettype none

module edgeq_arith_saturate (
    input  wire signed [31:0] x,
    input  wire signed [8:0] lo,
    input  wire signed [8:0] hi,
    output wire signed [8:0] y
);
    wire signed [31:0] t0 = (x > $signed({{23{lo[8]}}, lo})) ? x : $signed({{23{lo[8]}}, lo});
    wire signed [8:0] t1 = (t0 < $signed({{23{hi[8]}}, hi})) ? $signed(t0[8:0]) : hi;
    assign y = t1;
endmodule

`default_nettype wire
