// Printed by edgeq from edgeq/arith/lookup.py; do not edit.
// SPDX-License-Identifier: MIT
//
// Return the code of a value that passes count thresholds.
//
//     return start + step * count
//
// Combinational. Result in -562945658454016 .. 562945658388480.
// Ranges of the ports:
//
//   count in 0 .. 2^16 - 1
//   start in -2^32 .. 2^32 - 1
//   step in -2^33 .. 2^33 - 1

`default_nettype none

module edgeq_arith_threshold_level (
    input  wire signed [16:0] count,
    input  wire signed [32:0] start,
    input  wire signed [33:0] step,
    output wire signed [49:0] y
);
    wire signed [49:0] t0 = $signed({{16{step[33]}}, step}) * $signed({{33{count[16]}}, count});
    wire signed [49:0] t1 = $signed({{17{start[32]}}, start}) + t0;
    assign y = t1;
endmodule

`default_nettype wire
