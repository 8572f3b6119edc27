// Printed by edgeq from edgeq/arith/elementwise.py; do not edit.
// SPDX-License-Identifier: MIT
//
// Return place where x is larger than best, else index: a tie stays with the first.
//
//     return select(x > best, place, index)
//
// Combinational. Result in 0 .. 4095.
// Ranges of the ports:
//
//   best in -128 .. 255
//   index in 0 .. 4095
//   x in -128 .. 255
//   place in 0 .. 4095

`default_nettype none

module edgeq_arith_index_of_larger (
    input  wire signed [8:0] best,
    input  wire signed [12:0] index,
    input  wire signed [8:0] x,
    input  wire signed [12:0] place,
    output wire signed [12:0] y
);
    wire signed [1:0] t0 = {1'b0, x > best};
    wire signed [12:0] t1 = (t0 != 2'sh0) ? place : index;
    assign y = t1;
endmodule

`default_nettype wire
