// Printed by edgeq from edgeq/arith/softmax.py; do not edit.
// SPDX-License-Identifier: MIT
//
// Return how far a code is below the largest of its row.
//
//     return largest - x
//
// Combinational. Result in -98303 .. 98303.
// Ranges of the ports:
//
//   largest in -2^15 .. 2^16 - 1
//   x in -2^15 .. 2^16 - 1

`default_nettype none

module edgeq_arith_softmax_distance (
    input  wire signed [16:0] largest,
    input  wire signed [16:0] x,
    output wire signed [17:0] y
);
    wire signed [17:0] t0 = $signed({{1{largest[16]}}, largest}) - $signed({{1{x[16]}}, x});
    assign y = t0;
endmodule

`default_nettype wire
