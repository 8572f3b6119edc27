// Printed by edgeq from edgeq/arith/elementwise.py; do not edit.
// SPDX-License-Identifier: MIT
//
// Return the smaller of two codes.
//
//     return minimum(x1, x2)
//
// Combinational. Result in -128 .. 255.
// Ranges of the ports:
//
//   x1 in -128 .. 255
//   x2 in -128 .. 255

`default_nettype none

module edgeq_arith_smaller (
    input  wire signed [8:0] x1,
    input  wire signed [8:0] x2,
    output wire signed [8:0] y
);
    wire signed [8:0] t0 = (x1 < x2) ? x1 : x2;
    assign y = t0;
endmodule

`default_nettype wire
