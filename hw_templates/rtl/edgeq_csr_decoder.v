// SPDX-License-Identifier: MIT
//
// Rows in compressed sparse row form as a stream of their values with row and column, one a clock. Two
// streams come in: per row the number of values up to its end (`indptr` without its first entry, `p_*`), and
// the values with their columns (`s_*`). A row without values gives one item with `m_has_value` 0. `m_last`
// goes with the last item of a row. `m_run` is the number of fill values between this value and the one
// before it in its row, so that `edgeq_run_expander`, told COLUMNS elements per row, makes the dense rows.
//
//   ROWS         rows; after the last one the next tensor, or the same again, begins
//   COLUMNS      columns
//   BITS         bits of a value
//   ROW_BITS     bits of a row's number
//   COLUMN_BITS  bits of a column's number, and of a run
//   COUNT_BITS   bits of an entry of indptr
//
// `fault` rises, and stays until `rst`, for an indptr that descends and for columns that do not ascend within
// their row or are not below COLUMNS; nothing comes after it.

`default_nettype none

module edgeq_csr_decoder #(
    parameter integer ROWS = 2,
    parameter integer COLUMNS = 2,
    parameter integer BITS = 8,
    parameter integer ROW_BITS = 1,
    parameter integer COLUMN_BITS = 1,
    parameter integer COUNT_BITS = 16
) (
    input  wire                   clk,
    input  wire                   rst,
    input  wire                   p_valid,
    output wire                   p_ready,
    input  wire [COUNT_BITS-1:0]  p_end,
    input  wire                   s_valid,
    output wire                   s_ready,
    input  wire [COLUMN_BITS-1:0] s_column,
    input  wire [BITS-1:0]        s_value,
    output reg                    m_valid,
    input  wire                   m_ready,
    output reg  [ROW_BITS-1:0]    m_row,
    output reg  [COLUMN_BITS-1:0] m_column,
    output reg  [COLUMN_BITS-1:0] m_run,
    output reg  [BITS-1:0]        m_value,
    output reg                    m_has_value,
    output reg                    m_last,
    output reg                    fault
);
    localparam integer LAST = ROWS - 1;
    localparam [ROW_BITS-1:0] LAST_ROW = LAST[ROW_BITS-1:0];
    localparam [ROW_BITS-1:0] NEXT_ROW = 1;
    localparam [COLUMN_BITS:0] WIDTH = COLUMNS[COLUMN_BITS:0];
    localparam [COLUMN_BITS:0] NEXT_COLUMN = 1;
    localparam [COUNT_BITS-1:0] ONE = 1;

    reg [ROW_BITS-1:0]   row;
    reg [COUNT_BITS-1:0] count;   // values before this one
    reg [COLUMN_BITS:0]  column;  // the first column that may still come in this row

    wire free = !m_valid || m_ready;
    wire has_value = count != p_end;
    wire [COUNT_BITS-1:0] next = count + ONE;
    wire last = !has_value || next == p_end;
    wire [COLUMN_BITS:0] given = {1'b0, s_column};
    wire wrong = has_value && (p_end < count || (s_valid && (given < column || given >= WIDTH)));
    wire item = p_valid && (s_valid || !has_value);
    wire step = item && free && !wrong;
    wire ends_row = step && last;
    wire [COLUMN_BITS:0] gap = given - column;

    assign s_ready = step && has_value;
    assign p_ready = ends_row;

    always @(posedge clk) begin
        if (rst) begin
            row <= {ROW_BITS{1'b0}};
            count <= {COUNT_BITS{1'b0}};
            column <= {(COLUMN_BITS + 1){1'b0}};
            m_valid <= 1'b0;
            fault <= 1'b0;
        end else begin
            if (ends_row) row <= row == LAST_ROW ? {ROW_BITS{1'b0}} : row + NEXT_ROW;
            if (ends_row) column <= {(COLUMN_BITS + 1){1'b0}};
            else if (step) column <= given + NEXT_COLUMN;
            if (ends_row && row == LAST_ROW) count <= {COUNT_BITS{1'b0}};
            else if (s_ready) count <= next;
            if (p_valid && wrong) fault <= 1'b1;
            if (step) m_valid <= 1'b1;
            else if (m_ready) m_valid <= 1'b0;
        end
        if (step) begin
            m_row <= row;
            m_column <= has_value ? s_column : {COLUMN_BITS{1'b0}};
            m_run <= has_value ? gap[COLUMN_BITS-1:0] : {COLUMN_BITS{1'b0}};
            m_value <= has_value ? s_value : {BITS{1'b0}};
            m_has_value <= has_value;
            m_last <= last;
        end
    end

    wire unused = &{1'b0, gap};

    // No such module: elaboration stops and names this instance.
    generate
        if (ROWS < 1 || COLUMNS < 1 || BITS < 1 ||
            ROWS - 1 >> ROW_BITS != 0 || COLUMNS - 1 >> COLUMN_BITS != 0) begin : g_illegal
            illegal_parameters_of_edgeq_csr_decoder u_illegal ();
        end
    endgenerate
endmodule

`default_nettype wire
