// Printed by edgeq from edgeq/arith/lookup.py; do not edit.
// SPDX-License-Identifier: MIT
//
// Tell, as 1 or 0, whether x is less than bound: which side of its zero point a code is on.
//
//     return select(x < bound, 1, 0)
//
// Combinational. Result in 0 .. 1.
// Ranges of the ports:
//
//   x in -2^63 .. 2^63 - 1
//   bound in -2^63 .. 2^63 - 1

`default_nettype none

module edgeq_arith_is_below (
    input  wire signed [63:0] x,
    input  wire signed [63:0] bound,
    output wire signed [1:0] y
);
    wire signed [1:0] t0 = {1'b0, x < bound};
    wire signed [1:0] t1 = (t0 != 2'sh0) ? 2'sh1 : 2'sh0;
    assign y = t1;
endmodule

`default_nettype wire
