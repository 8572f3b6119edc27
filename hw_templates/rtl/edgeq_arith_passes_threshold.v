// Printed by edgeq from edgeq/arith/lookup.py; do not edit.
// SPDX-License-Identifier: MIT
//
// Tell, as 1 or 0, whether x >= threshold, or for a negative direction whether x <= threshold.
//
//     return select(direction < 0, select(x <= threshold, 1, 0), select(x >= threshold, 1, 0))
//
// Combinational. Result in 0 .. 1.
// Ranges of the ports:
//
//   x in -2^61 .. 2^61 - 1
//   threshold in -2^63 .. 2^63 - 1
//   direction in -1 .. 1

`default_nettype none

module edgeq_arith_passes_threshold (
    input  wire signed [61:0] x,
    input  wire signed [63:0] threshold,
    input  wire signed [1:0] direction,
    output wire signed [1:0] y
);
    wire signed [1:0] t0 = {1'b0, direction < 2'sh0};
    wire signed [1:0] t1 = {1'b0, $signed({{2{x[61]}}, x}) <= threshold};
    wire signed [1:0] t2 = (t1 != 2'sh0) ? 2'sh1 : 2'sh0;
    wire signed [1:0] t3 = {1'b0, $signed({{2{x[61]}}, x}) >= threshold};
    wire signed [1:0] t4 = (t3 != 2'sh0) ? 2'sh1 : 2'sh0;
    wire signed [1:0] t5 = (t0 != 2'sh0) ? t2 : t4;
    assign y = t5;
endmodule

`default_nettype wire
