// SPDX-License-Identifier: MIT
//
// Decoder of the blob codec `huffman` (edgeq/codecs/README.md): words in, pairs of a run and a value out, one
// code a clock. A segment begins with a command that gives its number of stored values (MODE 0: of elements);
// its bits begin at a word, and the words may follow those of any segment before it. A pair stands for
// `m_run` elements of the fill value, then `m_value` unless `m_has_value` is 0 (an escape, or a segment
// without stored values); `m_last` goes with the last pair of a segment: what the segment still lacks is
// fill. `edgeq_run_expander` makes the dense stream of it.
//
//   MODE           0 values (runs are 0), 1 runs and values by two tables, 2 joint
//   WORD_BITS      bits of a word: 8, 16, 32, 64; bit 0 of the stream is the most significant of a word
//   LOW_BITS       bits of a value that follow its code as they are, 0 .. 15
//   BITS           bits of a value
//   RUN_BITS       bits of a run
//   COUNT_BITS     bits of the number of values of a segment
//   ESCAPE_LENGTH  bits of the escape's code, 0 for none; in the run table, in MODE 2 in the value table
//   ESCAPE_CODE    the escape's code
//   VALUE_*, RUN_* tables as `edgeq_huffman_table` has them; RUN_* matters in MODE 1 alone
//   VALUE_FILE     entries of BITS bits, the value with low part 0: fill + (symbol << LOW_BITS), modulo
//                  2^BITS, or the codebook's value; in MODE 2 with the run in the RUN_BITS above
//   RUN_FILE       entries of RUN_BITS bits, the run; that of an escape is the largest run
//
// `s_ready` and `m_valid` come from registers alone. `fault` rises, and stays until `rst`, for bits that are
// no code; nothing is decoded after it. Padding bits are not looked at.

`default_nettype none

module edgeq_huffman_decoder #(
    parameter integer MODE = 0,
    parameter integer WORD_BITS = 8,
    parameter integer LOW_BITS = 0,
    parameter integer BITS = 8,
    parameter integer RUN_BITS = 4,
    parameter integer COUNT_BITS = 32,
    parameter integer ESCAPE_LENGTH = 0,
    parameter [14:0] ESCAPE_CODE = 15'd0,
    parameter integer VALUE_LONGEST = 1,
    parameter integer VALUE_ENTRIES = 1,
    parameter [194:0] VALUE_COUNTS = 195'd1,
    parameter VALUE_FILE = "",
    parameter integer RUN_LONGEST = 1,
    parameter integer RUN_ENTRIES = 1,
    parameter [194:0] RUN_COUNTS = 195'd1,
    parameter RUN_FILE = ""
) (
    input  wire                  clk,
    input  wire                  rst,
    input  wire                  c_valid,
    output wire                  c_ready,
    input  wire [COUNT_BITS-1:0] c_count,
    input  wire                  s_valid,
    output wire                  s_ready,
    input  wire [WORD_BITS-1:0]  s_data,
    output wire                  m_valid,
    input  wire                  m_ready,
    output wire [RUN_BITS-1:0]   m_run,
    output wire [BITS-1:0]       m_value,
    output wire                  m_has_value,
    output wire                  m_last,
    output reg                   fault
);
    localparam integer VALUE_REACH = VALUE_LONGEST + LOW_BITS;
    localparam integer REACH = (MODE == 1 && RUN_LONGEST > VALUE_REACH) ? RUN_LONGEST : VALUE_REACH;
    localparam integer OFFSET_BITS = $clog2(WORD_BITS);
    // Enough words for a code a clock although `s_ready` does not look at what this clock takes away.
    localparam integer WORDS = 1 + (2 * REACH - 1 + WORD_BITS - 1) / WORD_BITS;
    localparam integer WINDOW = WORDS * WORD_BITS;
    localparam [7:0] FULL = WINDOW[7:0];
    localparam [7:0] WORD = WORD_BITS[7:0];
    localparam [7:0] LOW = LOW_BITS[7:0];
    localparam [COUNT_BITS-1:0] ONE = 1;
    localparam [COUNT_BITS-1:0] NONE = 0;

    // The window: words in the order of the stream from the most significant bit, zeros behind them.
    reg [WINDOW-1:0]      window;
    reg [7:0]             held;    // bits of the window that words fill, a multiple of WORD_BITS
    reg [OFFSET_BITS-1:0] offset;  // bits of the first word that are used up

    // The segment.
    reg                  active;
    reg                  empty;       // it has no stored values
    reg                  value_next;  // MODE 1: its run is known
    reg [COUNT_BITS-1:0] left;

    // Stage 0: how long is the code at the offset?
    wire [WINDOW-1:0] aligned = window << offset;
    wire [REACH-1:0]  bits = aligned[WINDOW-1 -: REACH];
    wire [3:0]        value_length;
    wire [3:0]        run_length;
    wire              value_unknown;
    wire              run_unknown;
    wire              by_run = MODE == 1 && !value_next;
    wire [3:0]        length = by_run ? run_length : value_length;
    wire              unknown = !empty && (by_run ? run_unknown : value_unknown);
    wire              escape;
    wire              stored = !by_run && !escape && !empty;
    wire [7:0]        taken = (empty ? 8'd0 : {4'd0, length}) + (stored ? LOW : 8'd0);
    wire [7:0]        reached = {{(8 - OFFSET_BITS){1'b0}}, offset} + taken;
    wire              last = empty || (stored && left == ONE);

    // Stages 1 and 2: which entry is it?
    reg         shown_1, valued_1, last_1, busy_1;
    reg         shown_2, valued_2, last_2, busy_2;
    wire        free_2 = !busy_2 || !shown_2 || m_ready;
    wire        free_1 = !busy_1 || free_2;
    wire        step = active && free_1 && reached <= held && !fault;
    wire        take = step && !unknown;
    wire        read = busy_1 && free_2;

    // A segment's end takes the rest of its word along.
    wire [7:0]  used = last ? reached + WORD - 8'd1 : reached;
    wire [7:0]  gone = step ? {used[7:OFFSET_BITS], {OFFSET_BITS{1'b0}}} : 8'd0;
    wire        load = s_valid && s_ready;
    wire [7:0]  kept = held - gone;
    wire [WINDOW-1:0] word_first;
    generate
        if (WINDOW > WORD_BITS) begin : g_place
            assign word_first = {s_data, {(WINDOW - WORD_BITS){1'b0}}};
        end else begin : g_whole
            assign word_first = s_data;
        end
    endgenerate

    assign s_ready = held != FULL;
    assign c_ready = !active;

    always @(posedge clk) begin
        if (rst) begin
            window <= {WINDOW{1'b0}};
            held <= 8'd0;
            offset <= {OFFSET_BITS{1'b0}};
            active <= 1'b0;
            empty <= 1'b0;
            value_next <= 1'b0;
            left <= NONE;
            busy_1 <= 1'b0;
            busy_2 <= 1'b0;
            fault <= 1'b0;
        end else begin
            window <= (window << gone) | (load ? word_first >> kept : {WINDOW{1'b0}});
            held <= load ? kept + WORD : kept;
            if (step) offset <= last ? {OFFSET_BITS{1'b0}} : reached[OFFSET_BITS-1:0];
            if (c_valid && c_ready) begin
                active <= 1'b1;
                empty <= c_count == NONE;
                value_next <= 1'b0;
                left <= c_count;
            end else if (step) begin
                if (last) active <= 1'b0;
                if (stored) left <= left - ONE;
                value_next <= by_run && !escape;
            end
            if (step && unknown) fault <= 1'b1;
            if (free_1) busy_1 <= take;
            if (free_2) busy_2 <= busy_1;
        end
        if (take) begin
            shown_1 <= !by_run || escape || empty;
            valued_1 <= stored;
            last_1 <= last;
        end
        if (read) begin
            shown_2 <= shown_1;
            valued_2 <= valued_1;
            last_2 <= last_1;
        end
    end

    generate
        if (ESCAPE_LENGTH > 0 && MODE != 0) begin : g_escape
            wire found = bits[REACH-1 -: ESCAPE_LENGTH] == ESCAPE_CODE[ESCAPE_LENGTH-1:0];
            assign escape = found && (MODE == 2 || by_run);
        end else begin : g_no_escape
            assign escape = 1'b0;
        end
    endgenerate

    localparam integer ENTRY_BITS = (MODE == 2) ? RUN_BITS + BITS : BITS;
    wire [ENTRY_BITS-1:0] entry;
    edgeq_huffman_table #(
        .LONGEST(VALUE_LONGEST), .ENTRIES(VALUE_ENTRIES), .COUNTS(VALUE_COUNTS), .WIDTH(ENTRY_BITS),
        .FILE(VALUE_FILE)
    ) u_values (
        .clk(clk), .take(take), .read(read), .bits(bits[REACH-1 -: VALUE_LONGEST]),
        .length(value_length), .unknown(value_unknown), .entry(entry)
    );

    generate
        if (MODE == 1) begin : g_runs
            wire [RUN_BITS-1:0] run_entry;
            reg  [RUN_BITS-1:0] run;
            edgeq_huffman_table #(
                .LONGEST(RUN_LONGEST), .ENTRIES(RUN_ENTRIES), .COUNTS(RUN_COUNTS), .WIDTH(RUN_BITS),
                .FILE(RUN_FILE)
            ) u_runs (
                .clk(clk), .take(take), .read(read), .bits(bits[REACH-1 -: RUN_LONGEST]),
                .length(run_length), .unknown(run_unknown), .entry(run_entry)
            );
            always @(posedge clk) if (busy_2 && !shown_2) run <= run_entry;
            assign m_run = valued_2 ? run : last_2 ? {RUN_BITS{1'b0}} : run_entry;
        end else begin : g_no_runs
            assign run_length = 4'd0;
            assign run_unknown = 1'b0;
            if (MODE == 2) begin : g_joint
                assign m_run = valued_2 || !last_2 ? entry[BITS +: RUN_BITS] : {RUN_BITS{1'b0}};
            end else begin : g_dense
                assign m_run = {RUN_BITS{1'b0}};
            end
        end

        if (LOW_BITS > 0) begin : g_low
            reg  [REACH-1:0]    held_bits;
            reg  [3:0]          held_length;
            reg  [LOW_BITS-1:0] low;
            wire [REACH-1:0]    behind = held_bits << held_length;
            wire [BITS+LOW_BITS-1:0] sum = {{LOW_BITS{1'b0}}, entry[BITS-1:0]} + {{BITS{1'b0}}, low};
            always @(posedge clk) begin
                if (take) begin
                    held_bits <= bits;
                    held_length <= value_length;
                end
                if (read) low <= behind[REACH-1 -: LOW_BITS];
            end
            assign m_value = sum[BITS-1:0];
            wire unused = &{1'b0, sum[BITS+LOW_BITS-1:BITS], behind};
        end else begin : g_whole_values
            assign m_value = entry[BITS-1:0];
        end
    endgenerate

    assign m_valid = busy_2 && shown_2;
    assign m_has_value = valued_2;
    assign m_last = last_2;

    wire unused = &{1'b0, aligned, used};

    // No such module: elaboration stops and names this instance.
    generate
        if (MODE < 0 || MODE > 2 || LOW_BITS < 0 || LOW_BITS > 15 || BITS < 1 || RUN_BITS < 1 ||
            (WORD_BITS != 8 && WORD_BITS != 16 && WORD_BITS != 32 && WORD_BITS != 64) ||
            ESCAPE_LENGTH > (MODE == 1 ? RUN_LONGEST : VALUE_LONGEST)) begin : g_illegal
            illegal_parameters_of_edgeq_huffman_decoder u_illegal ();
        end
    endgenerate
endmodule

`default_nettype wire
