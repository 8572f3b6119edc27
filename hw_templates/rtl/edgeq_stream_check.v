// SPDX-License-Identifier: MIT
//
// The end of a testbench: takes a stream whenever a random number lets it, and compares it with the words of
// a file, segment by segment, in ascending or (`reverse`) descending order of the segments. It drives on the
// falling edge, looks at the rising edge, and compares with `!==`. Also wrong: a `last` that is early or
// late, a valid or data that change before ready, more elements than expected, no element for IDLE clocks,
// and `fault`.
//
//   WIDTH     bits of an element
//   ELEMENTS  elements, at least 1
//   SEGMENT   elements of every segment but the last, which may have fewer
//   FILE      $readmemh text of ELEMENTS words
//   IDLE      clocks without an element after which it gives up
//   NAME      how its messages begin

`default_nettype none

module edgeq_stream_check #(
    parameter integer WIDTH = 8,
    parameter integer ELEMENTS = 1,
    parameter integer SEGMENT = 1,
    parameter FILE = "",
    parameter integer IDLE = 5000,
    parameter NAME = "stream"
) (
    input  wire             clk,
    input  wire             rst,
    input  wire [31:0]      seed,
    input  wire [7:0]       stall,   // of 256 clocks, how many do not take
    input  wire             reverse,
    input  wire             fault,
    input  wire             valid,
    output reg              ready,
    input  wire [WIDTH-1:0] data,
    input  wire             last,
    output reg              done,
    output reg  [31:0]      errors,
    output reg  [31:0]      clocks   // until the last element
);
    localparam integer SEGMENTS = (ELEMENTS + SEGMENT - 1) / SEGMENT;
    localparam integer REST = 20;    // clocks after the last element in which nothing may come

    reg [WIDTH-1:0] expected [0:ELEMENTS-1];
    initial if (FILE != "") $readmemh(FILE, expected);

    integer segment, place, idle;
    reg [31:0] random;
    reg waited;
    reg [WIDTH-1:0] waiting;
    reg waiting_last;

    wire [31:0] number = reverse ? SEGMENTS - 1 - segment : segment;
    wire [31:0] size = number == SEGMENTS - 1 ? ELEMENTS - (SEGMENTS - 1) * SEGMENT : SEGMENT;
    wire [31:0] address = number * SEGMENT + place;
    wire ends = place + 1 == size;

    always @(negedge clk) begin
        if (rst) begin
            random <= seed ^ 32'h9e3779b9;
            ready <= 1'b0;
        end else begin
            random <= {random[30:0], random[31] ^ random[21] ^ random[1] ^ random[0]};
            ready <= random[7:0] >= stall;
        end
    end

    always @(posedge clk) begin
        if (rst) begin
            segment <= 0;
            place <= 0;
            idle <= 0;
            done <= 1'b0;
            errors <= 32'd0;
            clocks <= 32'd0;
            waited <= 1'b0;
        end else if (!done) begin
            waited <= valid && !ready;
            waiting <= data;
            waiting_last <= last;
            idle <= valid && ready ? 0 : idle + 1;
            if (segment < SEGMENTS) clocks <= clocks + 1;
            if (fault !== 1'b0) begin
                $display("%0s: fault at element %0d", NAME, address);
                errors <= errors + 1;
                done <= 1'b1;
            end else if (waited && (!valid || data !== waiting || last !== waiting_last)) begin
                $display("%0s: element %0d changed before it was taken", NAME, address);
                errors <= errors + 1;
                done <= 1'b1;
            end else if (valid !== 1'b0 && valid !== 1'b1) begin
                $display("%0s: valid is unknown at element %0d", NAME, address);
                errors <= errors + 1;
                done <= 1'b1;
            end else if (valid && segment == SEGMENTS) begin
                $display("%0s: more than %0d elements", NAME, ELEMENTS);
                errors <= errors + 1;
                done <= 1'b1;
            end else if (valid && ready) begin
                if (data !== expected[address] || last !== ends) begin
                    errors <= errors + 1;
                    if (errors < 10)
                        $display("%0s: element %0d is %h last=%b, expected %h last=%b", NAME, address, data,
                                 last, expected[address], ends);
                end
                place <= ends ? 0 : place + 1;
                if (ends) segment <= segment + 1;
            end else if (segment == SEGMENTS ? idle > REST : idle > IDLE) begin
                if (segment != SEGMENTS) begin
                    $display("%0s: nothing came for %0d clocks at element %0d", NAME, IDLE, address);
                    errors <= errors + 1;
                end
                done <= 1'b1;
            end
        end
    end
endmodule

`default_nettype wire
