// Printed by edgeq from edgeq/arith/softmax.py; do not edit.
// SPDX-License-Identifier: MIT
//
// Return the code of exponential / total, rounded ties up, in units of 2**-bits.
//
//     return saturate(divide_by_count(exponential << bits, total, _TIES_UP) + lo, lo, hi)
//
// Combinational. Result in -2^15 .. 2^16 - 1.
// Ranges of the ports:
//
//   exponential in 0 .. 2^31 - 1
//   total in 1 .. 2^47 - 1
//   bits in 8 .. 16
//   lo in -2^15 .. 0
//   hi in 0 .. 2^16 - 1

`default_nettype none

module edgeq_arith_softmax_table (
    input  wire signed [31:0] exponential,
    input  wire signed [47:0] total,
    input  wire signed [5:0] bits,
    input  wire signed [15:0] lo,
    input  wire signed [16:0] hi,
    output wire signed [16:0] y
);
    wire signed [47:0] t0 = $signed({{16{exponential[31]}}, exponential}) <<< $unsigned(bits);
    wire signed [47:0] t1_rem = t0 % total;
    wire signed [47:0] t1 = (t0 / total) - ((t1_rem < 48'sh0) ? 48'sh1 : 48'sh0);
    wire signed [47:0] t2_rem = t0 % total;
    wire signed [47:0] t2 = (t2_rem < 48'sh0) ? (t2_rem + total) : t2_rem;
    wire signed [48:0] t3 = $signed({{1{t2[47]}}, t2}) <<< 1;
    wire signed [1:0] t4 = {1'b0, t3 > $signed({{1{total[47]}}, total})};
    wire signed [1:0] t5 = {1'b0, t3 == $signed({{1{total[47]}}, total})};
    wire signed [1:0] t6 = (t5 != 2'sh0) ? 2'sh1 : 2'sh0;
    wire signed [1:0] t7 = (t4 != 2'sh0) ? 2'sh1 : t6;
    wire signed [47:0] t8 = t1 + $signed({{46{t7[1]}}, t7});
    wire signed [47:0] t9 = t8 + $signed({{32{lo[15]}}, lo});
    wire signed [47:0] t10 = (t9 > $signed({{32{lo[15]}}, lo})) ? t9 : $signed({{32{lo[15]}}, lo});
    wire signed [16:0] t11 = (t10 < $signed({{31{hi[16]}}, hi})) ? $signed(t10[16:0]) : hi;
    assign y = t11;
endmodule

`default_nettype wire
