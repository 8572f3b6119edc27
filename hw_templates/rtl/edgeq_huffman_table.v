// SPDX-License-Identifier: MIT
//
// One canonical Huffman table: the length of the code that begins a bit string, and the entry that the code
// stands for. The numbers of codes of each length are all it needs (RFC 1951, 3.2.2): with m = LONGEST and
// the string's first m bits as a number x,
//
//     limit(l) = sum over j <= l of count(j) * 2^(m - j)
//     length   = the smallest l with x < limit(l)
//     place    = (x >> (m - length)) - (limit(length - 1) >> (m - length)) + sum over j < length of count(j)
//
// and place is the address of the entry. `length` and `unknown` follow `bits` within the clock; `take` keeps
// them, `read` then reads the entry: two clocks of latency, one code a clock.
//
//   LONGEST  longest code in bits, 1 .. 15
//   ENTRIES  number of codes, 1 .. 4096
//   COUNTS   number of codes of length l in bits 13 * (l - 1) and up, l = 1 .. 15
//   WIDTH    bits of an entry
//   FILE     $readmemh text of ENTRIES words: the entries in canonical order (by length, then by number)
//
// `unknown` rises for bits that begin no code: in a table of one code, whose code is 0.

`default_nettype none

module edgeq_huffman_table #(
    parameter integer LONGEST = 1,
    parameter integer ENTRIES = 1,
    parameter [194:0] COUNTS = 195'd1,
    parameter integer WIDTH = 8,
    parameter FILE = ""
) (
    input  wire               clk,
    input  wire               take,
    input  wire               read,
    input  wire [LONGEST-1:0] bits,
    output wire [3:0]         length,
    output wire               unknown,
    output reg  [WIDTH-1:0]   entry
);
    localparam integer ADDRESS_BITS = (ENTRIES > 1) ? $clog2(ENTRIES) : 1;

    function [LONGEST:0] limit;
        input integer longest_counted;
        integer j;
        begin
            limit = {(LONGEST + 1){1'b0}};
            for (j = 1; j <= longest_counted; j = j + 1)
                limit = limit + (narrow_count(j) << (LONGEST - j));
        end
    endfunction

    // A count of length j is at most 2^j, so that LONGEST + 1 bits hold it.
    function [LONGEST:0] narrow_count;
        input integer j;
        integer b;
        begin
            narrow_count = {(LONGEST + 1){1'b0}};
            for (b = 0; b <= LONGEST && b < 13; b = b + 1)
                narrow_count[b] = COUNTS[13 * (j - 1) + b];
        end
    endfunction

    function [15:0] place_of_first;
        input integer own;
        integer j;
        begin
            place_of_first = 16'd0;
            for (j = 1; j < own; j = j + 1)
                place_of_first = place_of_first + {3'b000, COUNTS[13 * (j - 1) +: 13]};
            place_of_first = place_of_first - (widened(limit(own - 1)) >> (LONGEST - own));
        end
    endfunction

    function [15:0] widened;
        input [LONGEST:0] narrow;
        integer b;
        begin
            widened = 16'd0;
            for (b = 0; b <= LONGEST; b = b + 1)
                widened[b] = narrow[b];
        end
    endfunction

    wire [LONGEST:0] below; // below[l]: the bits begin a code of length l or less
    wire [3:0] length_so_far [0:LONGEST];
    assign below[0] = 1'b0;
    assign length_so_far[0] = 4'd0;
    reg  [LONGEST-1:0] held_bits;
    reg  [3:0]         held_length;
    wire [15:0]        first_so_far [0:LONGEST];
    assign first_so_far[0] = 16'd0;
    genvar l;
    generate
        for (l = 1; l <= LONGEST; l = l + 1) begin : g_length
            localparam [LONGEST:0] LIMIT = limit(l);
            localparam [15:0] FIRST = place_of_first(l);
            localparam integer OWN = l;
            localparam [3:0] LENGTH = OWN[3:0];
            if (LIMIT == {(LONGEST + 1){1'b0}}) begin : g_none
                assign below[l] = 1'b0;
            end else begin : g_some
                assign below[l] = {1'b0, bits} < LIMIT;
            end
            assign length_so_far[l] = length_so_far[l-1] | {4{below[l] && !below[l-1]}} & LENGTH;
            assign first_so_far[l] = first_so_far[l-1] | {16{held_length == LENGTH}} & FIRST;
        end
    endgenerate
    assign length = length_so_far[LONGEST];
    assign unknown = !below[LONGEST];

    localparam [3:0] LONGEST_LENGTH = LONGEST[3:0];
    wire [LONGEST-1:0] code = held_bits >> (LONGEST_LENGTH - held_length);
    wire [LONGEST+15:0] place = {16'd0, code} + {{LONGEST{1'b0}}, first_so_far[LONGEST]};

    reg [WIDTH-1:0] entries [0:ENTRIES-1];
    initial if (FILE != "") $readmemh(FILE, entries);
    always @(posedge clk) begin
        if (take) begin
            held_bits <= bits;
            held_length <= length;
        end
        if (read) entry <= entries[place[ADDRESS_BITS-1:0]];
    end

    wire unused = &{1'b0, place[LONGEST+15:ADDRESS_BITS]};

    // No such module: elaboration stops and names this instance.
    generate
        if (LONGEST < 1 || LONGEST > 15 || ENTRIES < 1 || ENTRIES > 4096) begin : g_illegal
            illegal_parameters_of_edgeq_huffman_table u_illegal ();
        end
    endgenerate
endmodule

`default_nettype wire
