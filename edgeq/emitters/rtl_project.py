"""A Verilog project around decoders: templates copied byte for byte, constants per tensor, testbench and Makefile.

Source: design page "Hardware templates", "Testbench contract".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgeq.artefacts.templates import template_folder
from edgeq.emitters.glue import comment, render
from edgeq.emitters.registry import EmittedFile

MARK = "EDGEQ_RTL"
"""How the last line of a simulation begins."""
SIMULATOR = ("iverilog", "vvp")
"""What `make check` runs."""
TESTBENCH = "testbench.v"
_INSTANCE = re.compile(r"^ +(edgeq_\w+) (?:#\(|u_)", re.MULTILINE)


@dataclass(frozen=True)
class Checked:
    """A tensor of the testbench: its checking module, and the constants that this gets, by name and in Verilog."""

    module: str
    stem: str
    about: str
    constants: Mapping[str, str]
    elements: int

    @property
    def header(self) -> str:
        """Path of the file of constants."""
        return f"{self.stem}.vh"

    @property
    def names(self) -> list[str]:
        """Names of the constants without their ranges."""
        return [name.split()[-1] for name in self.constants]


def project_files(tensors: Sequence[Checked], provenance: str) -> Iterator[EmittedFile]:
    """Yield constants, library, testbench and Makefile."""
    said = comment(provenance)
    for tensor in tensors:
        text = render("rtl/glue/tensor.vh.j2", provenance=said, about=comment(tensor.about),
                      constants=list(tensor.constants.items()))
        yield EmittedFile(tensor.header, text, {"content": "constants"})
    library = library_files({t.module for t in tensors})
    for path in library:
        yield EmittedFile(path.name, path.read_bytes(), {"content": "library"})
    values = sum(t.elements for t in tensors)
    bench: dict[str, Any] = {"tensors": tensors, "mark": MARK, "values": values}
    yield EmittedFile(TESTBENCH, render("rtl/glue/testbench.v.j2", provenance=said, **bench), {"content": "check"})
    makefile = render("rtl/glue/Makefile.j2", provenance=said, mark=MARK,
                      sources=[TESTBENCH, *(p.name for p in library)])
    yield EmittedFile("Makefile", makefile, {"content": "build"})


def placed(files: Iterable[EmittedFile], folder: str) -> Iterator[EmittedFile]:
    """Yield files of a project in a folder of their own, so that projects may share what is around them."""
    for file in files:
        yield EmittedFile(f"{folder}/{file.path}", file.data, file.holds)


def unplaced(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return a project's files by the names that they have in their folder."""
    return {path.rpartition("/")[2]: data for path, data in files.items()}


def library_files(modules: Iterable[str]) -> list[Path]:
    """Return the files of these modules and of all that they instantiate."""
    wanted, found = list(modules), set[Path]()
    while wanted:
        path = template_folder() / "rtl" / f"{wanted.pop()}.v"
        if path not in found:
            found.add(path)
            wanted += _INSTANCE.findall(path.read_text(encoding="ascii"))
    return sorted(found)
