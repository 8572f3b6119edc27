// Printed by edgeq from edgeq/arith/lookup.py; do not edit.
// SPDX-License-Identifier: MIT
//
// Return the code of a value that passes count thresholds.
//
//     return start + step * count
//
// Combinational. Result in -2^47 .. 140737488289792.
// Ranges of the ports:
//
//   count in 0 .. 2^16 - 1
//   start in -2^31 .. 2^31 - 1
//   step in -2^31 .. 2^31 - 1

`default_nettype none

module edgeq_arith_threshold_level (
    input  wire signed [16:0] count,
    input  wire signed [31:0] start,
    input  wire signed [31:0] step,
    output wire signed [47:0] y
);
    wire signed [47:0] t0 = $signed({{16{step[31]}}, step}) * $signed({{31{count[16]}}, count});
    wire signed [47:0] t1 = $signed({{16{start[31]}}, start}) + t0;
    assign y = t1;
endmodule

`default_nettype wire
