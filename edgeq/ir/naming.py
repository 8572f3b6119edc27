"""Turn layer names into file names and into identifiers of C and Verilog."""

from __future__ import annotations

import re
from collections.abc import Iterable

from edgeq.errors import GraphError

_KEYWORDS = frozenset(
    # C99
    "auto break case char const continue default do double else enum extern float for goto if inline int long "
    "register restrict return short signed sizeof static struct switch typedef union unsigned void volatile while "
    "main "
    # Verilog-2005 and SystemVerilog words that tools reserve in either mode
    "always and assign automatic begin bit buf bufif0 bufif1 byte case casex casez cell class cmos config "
    "deassign defparam design disable edge end endcase endconfig endfunction endgenerate endmodule endprimitive "
    "endspecify endtable endtask event force forever fork function generate genvar highz0 highz1 ifnone incdir "
    "include initial inout input instance integer join large liblist library localparam logic macromodule medium "
    "module nand negedge nmos nor noshowcancelled not notif0 notif1 or output parameter pmos posedge primitive "
    "pull0 pull1 pulldown pullup pulsestyle_ondetect pulsestyle_onevent rcmos real realtime reg release repeat "
    "rnmos rpmos rtran rtranif0 rtranif1 scalared showcancelled small specify specparam strong0 strong1 supply0 "
    "supply1 table task time tran tranif0 tranif1 tri tri0 tri1 triand trior trireg use uwire vectored wait wand "
    "weak0 weak1 wire wor xnor xor".split()
)


def file_name(name: str) -> str:
    """Return ``name`` with every character outside ``[A-Za-z0-9_.]`` as ``_``.

    >>> file_name("layer1/conv:0.weight")
    'layer1_conv_0.weight'
    """
    return re.sub(r"[^A-Za-z0-9_.]", "_", name)


def identifier(name: str) -> str:
    """Return ``name`` as an identifier of C and Verilog.

    >>> identifier("layer1.0.conv1"), identifier("0.weight"), identifier("case")
    ('layer1_0_conv1', 'edgeq_0_weight', 'edgeq_case')
    """
    text = file_name(name).replace(".", "_")
    return f"edgeq_{text}" if not text or text[0].isdigit() or text in _KEYWORDS else text


def refuse_collisions(names: Iterable[str], what: str = "identifier") -> None:
    """Raise GraphError when two different names become one identifier or one file name."""
    seen: dict[str, str] = {}
    for name in names:
        for made in {identifier(name), file_name(name).lower()}:
            other = seen.setdefault(made, name)
            if other != name:
                raise GraphError(f"names {other!r} and {name!r} both become the {what} {made!r}; rename one")
