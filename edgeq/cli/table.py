"""The tables that commands print."""

from edgeq.table import table as table
