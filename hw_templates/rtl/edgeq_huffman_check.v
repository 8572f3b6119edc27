// SPDX-License-Identifier: MIT
//
// Part of a testbench: one tensor of the blob codec `huffman` from memory files through
// `edgeq_memory_stream`, `edgeq_huffman_decoder` and `edgeq_run_expander`, compared with the tensor. Segments
// begin at the words that the restart table says, in ascending or (`reverse`) descending order; words and
// elements are held back at random by `seed`.
//
//   ELEMENTS       elements of the tensor, at least 1
//   SEGMENT        elements of every segment but the last
//   WORDS          words of the stream; WORDS_FILE has one word of padding when there is none
//   RESTART_FILE   a word of 64 bits per segment: its stored values in bits 63..32, its first word in 31..0
//   EXPECTED_FILE  the elements
//   NAME           how its messages begin
//
// The others are those of `edgeq_huffman_decoder` and `edgeq_run_expander`.

`default_nettype none

module edgeq_huffman_check #(
    parameter integer MODE = 0,
    parameter integer WORD_BITS = 8,
    parameter integer LOW_BITS = 0,
    parameter integer BITS = 8,
    parameter integer RUN_BITS = 4,
    parameter integer ESCAPE_LENGTH = 0,
    parameter [14:0] ESCAPE_CODE = 15'd0,
    parameter integer VALUE_LONGEST = 1,
    parameter integer VALUE_ENTRIES = 1,
    parameter [194:0] VALUE_COUNTS = 195'd1,
    parameter VALUE_FILE = "",
    parameter integer RUN_LONGEST = 1,
    parameter integer RUN_ENTRIES = 1,
    parameter [194:0] RUN_COUNTS = 195'd1,
    parameter RUN_FILE = "",
    parameter [BITS-1:0] FILL = 0,
    parameter integer ELEMENTS = 1,
    parameter integer SEGMENT = 1,
    parameter integer WORDS = 1,
    parameter WORDS_FILE = "",
    parameter RESTART_FILE = "",
    parameter EXPECTED_FILE = "",
    parameter NAME = "tensor"
) (
    input  wire        clk,
    input  wire        rst,
    input  wire [31:0] seed,
    input  wire [7:0]  in_stall,
    input  wire [7:0]  out_stall,
    input  wire        reverse,
    output wire        done,
    output wire [31:0] errors,
    output wire [31:0] clocks
);
    localparam integer SEGMENTS = (ELEMENTS + SEGMENT - 1) / SEGMENT;
    localparam integer DEPTH = (WORDS > 0) ? WORDS : 1;

    reg [63:0] restart [0:SEGMENTS-1];
    initial if (RESTART_FILE != "") $readmemh(RESTART_FILE, restart);

    // The segment that each part will be told of next.
    integer read, decoded, expanded;
    wire read_ready, decoded_ready, expanded_ready;
    wire read_valid = read < SEGMENTS && !rst;
    wire decoded_valid = decoded < SEGMENTS && !rst;
    wire expanded_valid = expanded < SEGMENTS && !rst;
    always @(posedge clk) begin
        if (rst) begin
            read <= 0;
            decoded <= 0;
            expanded <= 0;
        end else begin
            if (read_valid && read_ready) read <= read + 1;
            if (decoded_valid && decoded_ready) decoded <= decoded + 1;
            if (expanded_valid && expanded_ready) expanded <= expanded + 1;
        end
    end

    wire [31:0] read_segment = reverse ? SEGMENTS - 1 - read : read;
    wire [31:0] decoded_segment = reverse ? SEGMENTS - 1 - decoded : decoded;
    wire [31:0] expanded_segment = reverse ? SEGMENTS - 1 - expanded : expanded;
    wire [63:0] here = restart[read_segment];
    wire [63:0] after = restart[read_segment == SEGMENTS - 1 ? read_segment : read_segment + 1];
    wire [31:0] end_word = read_segment == SEGMENTS - 1 ? WORDS : after[31:0];
    wire [63:0] counts = restart[decoded_segment];
    wire [31:0] size = decoded_segment == SEGMENTS - 1 ? ELEMENTS - (SEGMENTS - 1) * SEGMENT : SEGMENT;
    wire [31:0] stored = MODE == 0 ? size : counts[63:32];
    wire [31:0] elements = expanded_segment == SEGMENTS - 1 ? ELEMENTS - (SEGMENTS - 1) * SEGMENT : SEGMENT;

    wire                 word_valid, word_ready, word_last;
    wire [WORD_BITS-1:0] word;
    edgeq_memory_stream #(.WIDTH(WORD_BITS), .DEPTH(DEPTH), .FILE(WORDS_FILE), .ADDRESS_BITS(32)) u_words (
        .clk(clk), .rst(rst),
        .c_valid(read_valid), .c_ready(read_ready), .c_first(here[31:0]), .c_count(end_word - here[31:0]),
        .m_valid(word_valid), .m_ready(word_ready), .m_data(word), .m_last(word_last)
    );

    wire                 late_valid, late_ready;
    wire [WORD_BITS-1:0] late_word;
    edgeq_stall #(.WIDTH(WORD_BITS)) u_stall (
        .clk(clk), .rst(rst), .seed(seed), .stall(in_stall),
        .s_valid(word_valid), .s_ready(word_ready), .s_data(word),
        .m_valid(late_valid), .m_ready(late_ready), .m_data(late_word)
    );

    wire                pair_valid, pair_ready, pair_has_value, pair_last, decoder_fault;
    wire [RUN_BITS-1:0] pair_run;
    wire [BITS-1:0]     pair_value;
    edgeq_huffman_decoder #(
        .MODE(MODE), .WORD_BITS(WORD_BITS), .LOW_BITS(LOW_BITS), .BITS(BITS), .RUN_BITS(RUN_BITS),
        .COUNT_BITS(32),
        .ESCAPE_LENGTH(ESCAPE_LENGTH), .ESCAPE_CODE(ESCAPE_CODE),
        .VALUE_LONGEST(VALUE_LONGEST), .VALUE_ENTRIES(VALUE_ENTRIES), .VALUE_COUNTS(VALUE_COUNTS),
        .VALUE_FILE(VALUE_FILE),
        .RUN_LONGEST(RUN_LONGEST), .RUN_ENTRIES(RUN_ENTRIES), .RUN_COUNTS(RUN_COUNTS), .RUN_FILE(RUN_FILE)
    ) u_decoder (
        .clk(clk), .rst(rst),
        .c_valid(decoded_valid), .c_ready(decoded_ready), .c_count(stored),
        .s_valid(late_valid), .s_ready(late_ready), .s_data(late_word),
        .m_valid(pair_valid), .m_ready(pair_ready), .m_run(pair_run), .m_value(pair_value),
        .m_has_value(pair_has_value), .m_last(pair_last), .fault(decoder_fault)
    );

    wire            dense_valid, dense_ready, dense_last, expander_fault;
    wire [BITS-1:0] dense;
    edgeq_run_expander #(.BITS(BITS), .RUN_BITS(RUN_BITS), .COUNT_BITS(32), .FILL(FILL)) u_expander (
        .clk(clk), .rst(rst),
        .c_valid(expanded_valid), .c_ready(expanded_ready), .c_count(elements),
        .s_valid(pair_valid), .s_ready(pair_ready), .s_run(pair_run), .s_value(pair_value),
        .s_has_value(pair_has_value), .s_last(pair_last),
        .m_valid(dense_valid), .m_ready(dense_ready), .m_data(dense), .m_last(dense_last),
        .fault(expander_fault)
    );

    // A pair that changes before it is taken, and words that are left over at the end.
    reg waited, unstable;
    reg [RUN_BITS+BITS+1:0] waiting;
    wire [BITS-1:0] value = pair_has_value ? pair_value : {BITS{1'b0}};
    wire [RUN_BITS+BITS+1:0] pair = {pair_run, value, pair_has_value, pair_last};
    always @(posedge clk) begin
        waited <= !rst && pair_valid && !pair_ready;
        waiting <= pair;
        if (rst) unstable <= 1'b0;
        else if (waited && (!pair_valid || pair !== waiting)) unstable <= 1'b1;
    end
    wire left_over = done && (word_valid || read < SEGMENTS);

    wire [31:0] wrong;
    edgeq_stream_check #(
        .WIDTH(BITS), .ELEMENTS(ELEMENTS), .SEGMENT(SEGMENT), .FILE(EXPECTED_FILE), .NAME(NAME)
    ) u_check (
        .clk(clk), .rst(rst), .seed(seed), .stall(out_stall), .reverse(reverse),
        .fault(decoder_fault || expander_fault || unstable),
        .valid(dense_valid), .ready(dense_ready), .data(dense), .last(dense_last),
        .done(done), .errors(wrong), .clocks(clocks)
    );
    assign errors = wrong + (left_over ? 32'd1 : 32'd0);

    wire unused = &{1'b0, word_last, here[63:32], after[63:32], counts[31:0]};
endmodule

`default_nettype wire
