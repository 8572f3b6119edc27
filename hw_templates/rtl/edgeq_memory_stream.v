// SPDX-License-Identifier: MIT
//
// A memory as a stream: a command names the first word and the number of words, and those words come out one
// a clock. `m_last` goes with the last word of a command; a command of no words gives none.
//
//   WIDTH         bits of a word
//   DEPTH         words of the memory
//   FILE          $readmemh text of DEPTH words
//   ADDRESS_BITS  bits of the first word's address and of the number of words

`default_nettype none

module edgeq_memory_stream #(
    parameter integer WIDTH = 8,
    parameter integer DEPTH = 1,
    parameter FILE = "",
    parameter integer ADDRESS_BITS = 32
) (
    input  wire                    clk,
    input  wire                    rst,
    input  wire                    c_valid,
    output wire                    c_ready,
    input  wire [ADDRESS_BITS-1:0] c_first,
    input  wire [ADDRESS_BITS-1:0] c_count,
    output reg                     m_valid,
    input  wire                    m_ready,
    output reg  [WIDTH-1:0]        m_data,
    output reg                     m_last
);
    localparam integer INDEX_BITS = (DEPTH > 1) ? $clog2(DEPTH) : 1;
    localparam [ADDRESS_BITS-1:0] ONE = 1;
    localparam [ADDRESS_BITS-1:0] NONE = 0;

    reg [WIDTH-1:0] words [0:DEPTH-1];
    initial if (FILE != "") $readmemh(FILE, words);

    reg [ADDRESS_BITS-1:0] address;
    reg [ADDRESS_BITS-1:0] left;
    wire fetch = left != NONE && (!m_valid || m_ready);
    assign c_ready = left == NONE;

    always @(posedge clk) begin
        if (rst) begin
            left <= NONE;
            m_valid <= 1'b0;
        end else begin
            if (c_valid && c_ready) left <= c_count;
            else if (fetch) left <= left - ONE;
            if (fetch) m_valid <= 1'b1;
            else if (m_ready) m_valid <= 1'b0;
        end
        if (c_valid && c_ready) address <= c_first;
        else if (fetch) address <= address + ONE;
        if (fetch) begin
            m_data <= words[address[INDEX_BITS-1:0]];
            m_last <= left == ONE;
        end
    end

    wire unused = &{1'b0, address[ADDRESS_BITS-1:INDEX_BITS]};
endmodule

`default_nettype wire
