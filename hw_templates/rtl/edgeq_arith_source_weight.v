// Printed by edgeq from edgeq/arith/elementwise.py; do not edit.
// SPDX-License-Identifier: MIT
//
// Return how far the source position lies behind `source_index`, in parts of unit.
//
//     return (place * step + offset) % unit
//
// Combinational. Result in 0 .. 2047.
// Ranges of the ports:
//
//   place in 0 .. 4095
//   step in 1 .. 2^15 - 1
//   offset in -2^15 .. 2^15 - 1
//   unit in 1 .. 2048

`default_nettype none

module edgeq_arith_source_weight (
    input  wire signed [12:0] place,
    input  wire signed [15:0] step,
    input  wire signed [15:0] offset,
    input  wire signed [12:0] unit,
    output wire signed [11:0] y
);
    wire signed [27:0] t0 = $signed({{15{place[12]}}, place}) * $signed({{12{step[15]}}, step});
    wire signed [27:0] t1 = t0 + $signed({{12{offset[15]}}, offset});
    wire signed [27:0] t2_rem = t1 % $signed({{15{unit[12]}}, unit});
    wire signed [27:0] t2_full = (t2_rem < 28'sh0) ? (t2_rem + $signed({{15{unit[12]}}, unit})) : t2_rem;
    wire signed [11:0] t2 = $signed(t2_full[11:0]);
    assign y = t2;
    // Not needed for the result.
    wire unused = &{
        1'b0,
        t2_full[27:12]};
endmodule

`default_nettype wire
