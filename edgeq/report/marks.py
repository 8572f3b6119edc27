"""How the files of this room begin: by it a command knows what it may overwrite."""

LOG_MARK = b"edgeq_run:"
REPORT_MARK = b"<!doctype html>\n<!-- edgeq train-report"
