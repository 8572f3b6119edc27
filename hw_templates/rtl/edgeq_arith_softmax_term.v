// Printed by edgeq from edgeq/arith/softmax.py; do not edit.
// SPDX-License-Identifier: MIT
//
// Return what a Q0.31 exponential adds to gemmlowp's sum.
//
//     return round_shift(exponential, _SUM_SHIFT, _TIES_AWAY)
//
// Combinational. Result in 0 .. 2^19.
// Ranges of the ports:
//
//   exponential in 0 .. 2^31 - 1

`default_nettype none

module edgeq_arith_softmax_term (
    input  wire signed [31:0] exponential,
    output wire signed [20:0] y
);
    wire signed [31:0] t0_full = exponential >>> 12;
    wire signed [19:0] t0 = $signed(t0_full[19:0]);
    wire signed [31:0] t1_full = exponential & 32'shfff;
    wire signed [12:0] t1 = $signed(t1_full[12:0]);
    wire signed [1:0] t2 = {1'b0, t1 > 13'sh800};
    wire signed [1:0] t3 = {1'b0, t1 == 13'sh800};
    wire signed [1:0] t4 = {1'b0, t1 != 13'sh0};
    wire signed [1:0] t5 = t3 & t4;
    wire signed [1:0] t6 = (t5 != 2'sh0) ? 2'sh1 : 2'sh0;
    wire signed [1:0] t7 = (t2 != 2'sh0) ? 2'sh1 : t6;
    wire signed [20:0] t8 = $signed({{1{t0[19]}}, t0}) + $signed({{19{t7[1]}}, t7});
    assign y = t8;
    // Not needed for the result.
    wire unused = &{
        1'b0,
        t0_full[31:20],
        t1_full[31:13]};
endmodule

`default_nettype wire
