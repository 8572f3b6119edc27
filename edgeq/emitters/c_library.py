"""The hand-written files of `hw_templates/c` that a project needs: named headers, and all that they include."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from edgeq.artefacts.templates import template_folder
from edgeq.errors import GraphError, InputError, shown

_INCLUDE = re.compile(r'^#include "(\w+\.h)"$', re.MULTILINE)
_ALWAYS = ("edgeq_arith.h", "edgeq_check.h", "edgeq_platform.h")
_READERS = {
    "packed": "plain", "fixed_point": "plain", "vanilla": "plain", "coo": "sparse", "csr": "sparse", "csc": "sparse",
    "bitmask": "sparse", "zero_runs": "zero_runs", "huffman": "huffman", "ans": "tans",
}


def library_files(kernels: Iterable[str]) -> list[Path]:
    """Return the hand-written files of these kernels, of parameters and of the self check, with all that they include.

    Raises GraphError for a kernel that is not written.
    """
    wanted = set(_ALWAYS)
    for kernel in kernels:
        if not (template_folder() / "c" / f"edgeq_{kernel}.c").is_file():
            raise GraphError(f"format c has no kernel for {kernel}; write hw_templates/c/edgeq_{kernel}.c")
        wanted.add(f"edgeq_{kernel}.h")
    return with_includes(wanted)


def reader_files(codec: str | None = None) -> list[Path]:
    """Return the files of the C reader of blobs of every codec, or of one.

    >>> "edgeq_blob.h" in [path.name for path in reader_files()]
    True
    >>> [path.name for path in reader_files("packed") if path.suffix == ".c"]
    ['edgeq_bits.c', 'edgeq_decoder.c', 'edgeq_decoder_checks.c', 'edgeq_header.c', 'edgeq_plain.c', 'edgeq_segments.c']

    Raises InputError for a codec that does not exist.
    """
    if codec is not None and codec not in tuple(_READERS):
        raise InputError(f"the C reader has no codec {shown(codec)}; it has {', '.join(_READERS)}")
    return with_includes([f"edgeq_{'blob' if codec is None else _READERS[codec]}.h"])


def with_includes(headers: Iterable[str]) -> list[Path]:
    """Return these headers of `hw_templates/c` and all that they include, each with the source of its name."""
    folder = template_folder() / "c"
    wanted = list(headers)
    found: set[Path] = set()
    while wanted:
        path = folder / wanted.pop()
        if path in found or not path.is_file():
            continue
        found.add(path)
        wanted += _INCLUDE.findall(path.read_text(encoding="ascii"))
        wanted += [f"{path.stem}.c"] if path.suffix == ".h" else []
    return sorted(found)


def reader_header(codec: str) -> str:
    """Return the header that declares a codec of the C reader.

    >>> reader_header("ans")
    'edgeq_tans.h'
    """
    return f"edgeq_{_READERS[codec]}.h"
