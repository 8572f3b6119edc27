// SPDX-License-Identifier: MIT
//
// Part of a testbench: lets a stream through, but holds words back for random clocks. Once a word shows, it
// stays until it is taken. `stall` of 256 clocks hold back. It drives on the falling edge.

`default_nettype none

module edgeq_stall #(
    parameter integer WIDTH = 8
) (
    input  wire             clk,
    input  wire             rst,
    input  wire [31:0]      seed,
    input  wire [7:0]       stall,
    input  wire             s_valid,
    output wire             s_ready,
    input  wire [WIDTH-1:0] s_data,
    output wire             m_valid,
    input  wire             m_ready,
    output wire [WIDTH-1:0] m_data
);
    reg [31:0] random;
    reg open;
    reg waits;
    assign m_valid = s_valid && open;
    assign s_ready = m_ready && open;
    assign m_data = m_valid ? s_data : {WIDTH{1'b0}};

    always @(negedge clk) begin
        if (rst) begin
            random <= seed ^ 32'h7f4a7c15;
            open <= 1'b0;
        end else begin
            random <= {random[30:0], random[31] ^ random[21] ^ random[1] ^ random[0]};
            if (!waits) open <= random[7:0] >= stall;
        end
    end
    always @(posedge clk) waits <= !rst && m_valid && !m_ready;
endmodule

`default_nettype wire
