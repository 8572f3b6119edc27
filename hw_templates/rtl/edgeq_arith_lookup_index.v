// Printed by edgeq from edgeq/arith/lookup.py; do not edit.
// SPDX-License-Identifier: MIT
//
// Return the place of x in a table whose first entry belongs to the smallest code lo.
//
//     return x - lo
//
// Combinational. Result in -2048 .. 6143.
// Ranges of the ports:
//
//   x in -2048 .. 4095
//   lo in -2048 .. 0

`default_nettype none

module edgeq_arith_lookup_index (
    input  wire signed [12:0] x,
    input  wire signed [11:0] lo,
    output wire signed [13:0] y
);
    wire signed [13:0] t0 = $signed({{1{x[12]}}, x}) - $signed({{2{lo[11]}}, lo});
    assign y = t0;
endmodule

`default_nettype wire
