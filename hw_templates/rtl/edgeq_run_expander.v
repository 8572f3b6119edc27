// SPDX-License-Identifier: MIT
//
// Pairs of a run and a value as a dense stream: each pair stands for `s_run` elements of the fill value, then
// `s_value` unless `s_has_value` is 0. What a segment still lacks after its last pair (`s_last`) is fill. One
// element a clock. A segment begins with a command that gives its number of elements, at least 1; `m_last`
// goes with the segment's last element.
//
//   BITS        bits of an element
//   RUN_BITS    bits of a run
//   COUNT_BITS  bits of the number of elements of a segment
//   FILL        the fill value, as BITS bits
//
// `fault` rises, and stays until `rst`, when pairs hold more elements than the segment; nothing comes after
// it.

`default_nettype none

module edgeq_run_expander #(
    parameter integer BITS = 8,
    parameter integer RUN_BITS = 4,
    parameter integer COUNT_BITS = 32,
    parameter [BITS-1:0] FILL = 0
) (
    input  wire                  clk,
    input  wire                  rst,
    input  wire                  c_valid,
    output wire                  c_ready,
    input  wire [COUNT_BITS-1:0] c_count,
    input  wire                  s_valid,
    output wire                  s_ready,
    input  wire [RUN_BITS-1:0]   s_run,
    input  wire [BITS-1:0]       s_value,
    input  wire                  s_has_value,
    input  wire                  s_last,
    output reg                   m_valid,
    input  wire                  m_ready,
    output reg  [BITS-1:0]       m_data,
    output reg                   m_last,
    output reg                   fault
);
    localparam [COUNT_BITS-1:0] ONE = 1;
    localparam [COUNT_BITS-1:0] NONE = 0;
    localparam [RUN_BITS-1:0] FIRST = 1;
    localparam [RUN_BITS-1:0] NO_RUN = 0;

    reg [COUNT_BITS-1:0] left;   // elements that the segment still lacks
    reg [RUN_BITS-1:0]   given;  // elements of this pair's run that came out
    reg                  open;   // the segment's last pair is still to come

    wire free = !m_valid || m_ready;
    wire in_run = given != s_run;
    wire gives = open ? s_valid && (in_run || s_has_value) : left != NONE;
    wire ends_pair = in_run ? !s_has_value && given + FIRST == s_run : 1'b1;
    wire over = open && gives && left == NONE;
    assign s_ready = open && free && ends_pair && !over;
    assign c_ready = !open && left == NONE;

    always @(posedge clk) begin
        if (rst) begin
            left <= NONE;
            given <= NO_RUN;
            open <= 1'b0;
            m_valid <= 1'b0;
            fault <= 1'b0;
        end else begin
            if (c_valid && c_ready) begin
                left <= c_count;
                open <= 1'b1;
            end else if (free && gives && !over) left <= left - ONE;
            if (s_valid && s_ready) begin
                given <= NO_RUN;
                if (s_last) open <= 1'b0;
            end else if (open && free && s_valid && in_run) given <= given + FIRST;
            if (over) fault <= 1'b1;
            if (free) m_valid <= gives && !over;
        end
        if (free) begin
            m_data <= open && !in_run ? s_value : FILL;
            m_last <= left == ONE;
        end
    end
endmodule

`default_nettype wire
