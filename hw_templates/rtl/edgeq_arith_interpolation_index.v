// Printed by edgeq from edgeq/arith/lookup.py; do not edit.
// SPDX-License-Identifier: MIT
//
// Return the place, in a table of 513 entries, of the entry at or below a 16-bit x.
//
//     return (x + (1 << 15)) >> _FRACTION_BITS
//
// Combinational. Result in 0 .. 511.
// Ranges of the ports:
//
//   x in -2^15 .. 2^15 - 1

`default_nettype none

module edgeq_arith_interpolation_index (
    input  wire signed [15:0] x,
    output wire signed [9:0] y
);
    wire signed [16:0] t0 = $signed({{1{x[15]}}, x}) + 17'sh8000;
    wire signed [16:0] t1_full = t0 >>> 7;
    wire signed [9:0] t1 = $signed(t1_full[9:0]);
    assign y = t1;
    // Not needed for the result.
    wire unused = &{
        1'b0,
        t1_full[16:10]};
endmodule

`default_nettype wire
