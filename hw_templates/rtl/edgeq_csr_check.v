// SPDX-License-Identifier: MIT
//
// Part of a testbench: one tensor in compressed sparse row form from memory files through
// `edgeq_memory_stream`, `edgeq_csr_decoder` and `edgeq_run_expander`, compared with the dense tensor, and
// the row and column of every value with its place in it. Values and elements are held back at random by
// `seed`.
//
//   INDPTR_FILE    ROWS + 1 words of COUNT_BITS
//   ENTRIES        stored values; ENTRIES_FILE has one word of padding when there is none
//   ENTRIES_FILE   words of COLUMN_BITS + BITS: the value in the low BITS, its column above
//   EXPECTED_FILE  the elements, row by row
//   FILL           the fill value, as BITS bits
//   NAME           how its messages begin
//
// The others are those of `edgeq_csr_decoder`. `reverse` is not used.

`default_nettype none

module edgeq_csr_check #(
    parameter integer ROWS = 2,
    parameter integer COLUMNS = 2,
    parameter integer BITS = 8,
    parameter integer ROW_BITS = 1,
    parameter integer COLUMN_BITS = 1,
    parameter integer COUNT_BITS = 16,
    parameter [BITS-1:0] FILL = 0,
    parameter INDPTR_FILE = "",
    parameter integer ENTRIES = 1,
    parameter ENTRIES_FILE = "",
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
    localparam integer DEPTH = (ENTRIES > 0) ? ENTRIES : 1;

    reg read_ends, read_entries;
    wire ends_ready, entries_ready;
    always @(posedge clk) begin
        if (rst) begin
            read_ends <= 1'b1;
            read_entries <= 1'b1;
        end else begin
            if (ends_ready) read_ends <= 1'b0;
            if (entries_ready) read_entries <= 1'b0;
        end
    end

    wire                  end_valid, end_ready, end_last;
    wire [COUNT_BITS-1:0] row_end;
    edgeq_memory_stream #(
        .WIDTH(COUNT_BITS), .DEPTH(ROWS + 1), .FILE(INDPTR_FILE), .ADDRESS_BITS(32)
    ) u_ends (
        .clk(clk), .rst(rst), .c_valid(read_ends), .c_ready(ends_ready), .c_first(32'd1), .c_count(ROWS),
        .m_valid(end_valid), .m_ready(end_ready), .m_data(row_end), .m_last(end_last)
    );

    wire                        entry_valid, entry_ready, entry_last;
    wire [COLUMN_BITS+BITS-1:0] entry;
    edgeq_memory_stream #(
        .WIDTH(COLUMN_BITS + BITS), .DEPTH(DEPTH), .FILE(ENTRIES_FILE), .ADDRESS_BITS(32)
    ) u_entries (
        .clk(clk), .rst(rst),
        .c_valid(read_entries), .c_ready(entries_ready), .c_first(32'd0), .c_count(ENTRIES),
        .m_valid(entry_valid), .m_ready(entry_ready), .m_data(entry), .m_last(entry_last)
    );

    wire                        late_valid, late_ready;
    wire [COLUMN_BITS+BITS-1:0] late;
    edgeq_stall #(.WIDTH(COLUMN_BITS + BITS)) u_stall (
        .clk(clk), .rst(rst), .seed(seed), .stall(in_stall),
        .s_valid(entry_valid), .s_ready(entry_ready), .s_data(entry),
        .m_valid(late_valid), .m_ready(late_ready), .m_data(late)
    );

    wire                   pair_valid, pair_ready, pair_has_value, pair_last, decoder_fault;
    wire [ROW_BITS-1:0]    row;
    wire [COLUMN_BITS-1:0] column, run;
    wire [BITS-1:0]        value;
    edgeq_csr_decoder #(
        .ROWS(ROWS), .COLUMNS(COLUMNS), .BITS(BITS), .ROW_BITS(ROW_BITS), .COLUMN_BITS(COLUMN_BITS),
        .COUNT_BITS(COUNT_BITS)
    ) u_decoder (
        .clk(clk), .rst(rst), .p_valid(end_valid), .p_ready(end_ready), .p_end(row_end),
        .s_valid(late_valid), .s_ready(late_ready), .s_column(late[BITS +: COLUMN_BITS]),
        .s_value(late[BITS-1:0]),
        .m_valid(pair_valid), .m_ready(pair_ready), .m_row(row), .m_column(column), .m_run(run),
        .m_value(value), .m_has_value(pair_has_value), .m_last(pair_last), .fault(decoder_fault)
    );

    reg rest;                   // rows that the expander was not told of
    reg [31:0] told;
    wire row_ready;
    always @(posedge clk) begin
        if (rst) begin
            rest <= 1'b1;
            told <= 32'd0;
        end else if (rest && row_ready) begin
            told <= told + 32'd1;
            rest <= told != ROWS - 1;
        end
    end

    wire            dense_valid, dense_ready, dense_last, expander_fault;
    wire [BITS-1:0] dense;
    edgeq_run_expander #(.BITS(BITS), .RUN_BITS(COLUMN_BITS), .COUNT_BITS(32), .FILL(FILL)) u_expander (
        .clk(clk), .rst(rst), .c_valid(rest && !rst), .c_ready(row_ready), .c_count(COLUMNS),
        .s_valid(pair_valid), .s_ready(pair_ready), .s_run(run), .s_value(value),
        .s_has_value(pair_has_value), .s_last(pair_last),
        .m_valid(dense_valid), .m_ready(dense_ready), .m_data(dense), .m_last(dense_last),
        .fault(expander_fault)
    );

    // Each value at the place that the decoder says, and none that changes before it is taken.
    reg [BITS-1:0] expected [0:ROWS*COLUMNS-1];
    initial if (EXPECTED_FILE != "") $readmemh(EXPECTED_FILE, expected);
    wire [31:0] place = {{(32 - ROW_BITS){1'b0}}, row} * COLUMNS + {{(32 - COLUMN_BITS){1'b0}}, column};
    wire [ROW_BITS+2*COLUMN_BITS+BITS+1:0] pair = {row, column, run, value, pair_has_value, pair_last};
    reg [ROW_BITS+2*COLUMN_BITS+BITS+1:0] waiting;
    reg waited, misplaced;
    always @(posedge clk) begin
        waited <= !rst && pair_valid && !pair_ready;
        waiting <= pair;
        if (rst) misplaced <= 1'b0;
        else if (waited && (!pair_valid || pair !== waiting)) misplaced <= 1'b1;
        else if (pair_valid && pair_has_value && value !== expected[place]) misplaced <= 1'b1;
    end
    wire left_over = done && (entry_valid || end_valid);

    wire [31:0] wrong;
    edgeq_stream_check #(
        .WIDTH(BITS), .ELEMENTS(ROWS * COLUMNS), .SEGMENT(COLUMNS), .FILE(EXPECTED_FILE), .NAME(NAME)
    ) u_check (
        .clk(clk), .rst(rst), .seed(seed), .stall(out_stall), .reverse(1'b0),
        .fault(decoder_fault || expander_fault || misplaced),
        .valid(dense_valid), .ready(dense_ready), .data(dense), .last(dense_last),
        .done(done), .errors(wrong), .clocks(clocks)
    );
    assign errors = wrong + (left_over ? 32'd1 : 32'd0);

    wire unused = &{1'b0, end_last, entry_last, reverse, place};
endmodule

`default_nettype wire
