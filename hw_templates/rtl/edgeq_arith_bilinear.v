// Printed by edgeq from edgeq/arith/elementwise.py; do not edit.
// SPDX-License-Identifier: MIT
//
// Return the exact value between four codes, zero point removed, times unit_y * unit_x.
//
//     top = interpolate(top_left - zero_point, top_right - zero_point, weight_x, unit_x)
//     bottom = interpolate(bottom_left - zero_point, bottom_right - zero_point, weight_x, unit_x)
//     return interpolate(top, bottom, weight_y, unit_y)
//
// Combinational. Result in -6422536575 .. 6422536575.
// Ranges of the ports:
//
//   top_left in -128 .. 255
//   top_right in -128 .. 255
//   bottom_left in -128 .. 255
//   bottom_right in -128 .. 255
//   zero_point in -128 .. 255
//   weight_y in 0 .. 2047
//   unit_y in 1 .. 2048
//   weight_x in 0 .. 2047
//   unit_x in 1 .. 2048

`default_nettype none

module edgeq_arith_bilinear (
    input  wire signed [8:0] top_left,
    input  wire signed [8:0] top_right,
    input  wire signed [8:0] bottom_left,
    input  wire signed [8:0] bottom_right,
    input  wire signed [8:0] zero_point,
    input  wire signed [11:0] weight_y,
    input  wire signed [12:0] unit_y,
    input  wire signed [11:0] weight_x,
    input  wire signed [12:0] unit_x,
    output wire signed [33:0] y
);
    wire signed [9:0] t0 = $signed({{1{top_left[8]}}, top_left}) - $signed({{1{zero_point[8]}}, zero_point});
    wire signed [12:0] t1 = unit_x - $signed({{1{weight_x[11]}}, weight_x});
    wire signed [20:0] t2 = $signed({{11{t0[9]}}, t0}) * $signed({{8{t1[12]}}, t1});
    wire signed [9:0] t3 =
        $signed({{1{top_right[8]}}, top_right}) - $signed({{1{zero_point[8]}}, zero_point});
    wire signed [20:0] t4 = $signed({{11{t3[9]}}, t3}) * $signed({{9{weight_x[11]}}, weight_x});
    wire signed [21:0] t5 = $signed({{1{t2[20]}}, t2}) + $signed({{1{t4[20]}}, t4});
    wire signed [12:0] t6 = unit_y - $signed({{1{weight_y[11]}}, weight_y});
    wire signed [32:0] t7 = $signed({{11{t5[21]}}, t5}) * $signed({{20{t6[12]}}, t6});
    wire signed [9:0] t8 =
        $signed({{1{bottom_left[8]}}, bottom_left}) - $signed({{1{zero_point[8]}}, zero_point});
    wire signed [20:0] t9 = $signed({{11{t8[9]}}, t8}) * $signed({{8{t1[12]}}, t1});
    wire signed [9:0] t10 =
        $signed({{1{bottom_right[8]}}, bottom_right}) - $signed({{1{zero_point[8]}}, zero_point});
    wire signed [20:0] t11 = $signed({{11{t10[9]}}, t10}) * $signed({{9{weight_x[11]}}, weight_x});
    wire signed [21:0] t12 = $signed({{1{t9[20]}}, t9}) + $signed({{1{t11[20]}}, t11});
    wire signed [32:0] t13 = $signed({{11{t12[21]}}, t12}) * $signed({{21{weight_y[11]}}, weight_y});
    wire signed [33:0] t14 = $signed({{1{t7[32]}}, t7}) + $signed({{1{t13[32]}}, t13});
    assign y = t14;
endmodule

`default_nettype wire
