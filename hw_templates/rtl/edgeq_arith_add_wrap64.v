// Printed by edgeq from edgeq/arith/primitives.py; do not edit.
// SPDX-License-Identifier: MIT
//
// Add modulo 2**64 with no value past 64 bits: the wrapping accumulator of 63 and 64 bits.
//
//     low = (a & _LOW32) + (b & _LOW32)
//     high = wrap((a >> 32) + (b >> 32) + (low >> 32), -(1 << 31), (1 << 31) - 1)
//     return (high << 32) + (low & _LOW32)
//
// Combinational. Result in -2^63 .. 2^63 - 1.
// Ranges of the ports:
//
//   a in -2^63 .. 2^63 - 1
//   b in -2^63 .. 2^63 - 1

`default_nettype none

module edgeq_arith_add_wrap64 (
    input  wire signed [63:0] a,
    input  wire signed [63:0] b,
    output wire signed [63:0] y
);
    wire signed [63:0] t0_full = a >>> 32;
    wire signed [31:0] t0 = $signed(t0_full[31:0]);
    wire signed [63:0] t1_full = b >>> 32;
    wire signed [31:0] t1 = $signed(t1_full[31:0]);
    wire signed [32:0] t2 = $signed({{1{t0[31]}}, t0}) + $signed({{1{t1[31]}}, t1});
    wire signed [63:0] t3_full = a & 64'shffffffff;
    wire signed [32:0] t3 = $signed(t3_full[32:0]);
    wire signed [63:0] t4_full = b & 64'shffffffff;
    wire signed [32:0] t4 = $signed(t4_full[32:0]);
    wire signed [33:0] t5 = $signed({{1{t3[32]}}, t3}) + $signed({{1{t4[32]}}, t4});
    wire signed [33:0] t6_full = t5 >>> 32;
    wire signed [1:0] t6 = $signed(t6_full[1:0]);
    wire signed [32:0] t7 = t2 + $signed({{31{t6[1]}}, t6});
    wire signed [32:0] t8 = t7 & 33'shffffffff;
    wire signed [32:0] t9 = t8 ^ 33'sh80000000;
    wire signed [31:0] t10 = $signed(t9[31:0]) + 32'sh80000000;
    wire signed [63:0] t11 = $signed({{32{t10[31]}}, t10}) <<< 32;
    wire signed [33:0] t12_full = t5 & 34'shffffffff;
    wire signed [32:0] t12 = $signed(t12_full[32:0]);
    wire signed [63:0] t13 = t11 + $signed({{31{t12[32]}}, t12});
    assign y = t13;
    // Not needed for the result.
    wire unused = &{
        1'b0,
        t0_full[63:32],
        t1_full[63:32],
        t3_full[63:33],
        t4_full[63:33],
        t6_full[33:2],
        t9[32],
        t12_full[33]};
endmodule

`default_nettype wire
