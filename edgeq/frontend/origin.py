"""Say where in the user's program a call comes from: torch module path and source line."""

from __future__ import annotations

import re
from collections.abc import Iterable

_FRAME = re.compile(r'^\s*File "(?P<file>[^"\n]*)", line (?P<line>\d+), in (?P<function>\S+)')
_NOT_THE_USER = re.compile(r"^(?:torch|torchao)/|^<|[-]packages/(?:torch|torchao)/")
_ROOTS = re.compile(r"^L\['self'\]\.?|^L__self__\.?")


def module_path(paths: Iterable[str]) -> str:
    """Give the innermost torch module path of a module stack (outermost first), ``""`` for the model itself.

    >>> module_path(["", "layer1", "layer1.0@1"])
    'layer1.0'
    """
    path = ""
    for path in paths:  # noqa: B007 - the last one is wanted
        pass
    if path.startswith("_empty_nn_module_stack"):
        return ""
    return re.sub(r"@\d+", "", _ROOTS.sub("", path))


def module_path_from_text(text: str) -> str:
    """Give the innermost module path of a stack as an archive stores it: ``key,path,type;key,path,type``."""
    items = [item.split(",", 2) for item in text.split(";")]
    return module_path(item[1] for item in items if len(item) == 3)


def source_line(stack_trace: str) -> str:
    """Give the innermost frame of a stack trace that is not torch's own, on one line.

    >>> source_line('File "/home/me/net.py", line 12, in forward\\n    x = self.conv(x)')
    'net.py:12 in forward: x = self.conv(x)'
    """
    lines = stack_trace.splitlines()
    found = ""
    for number, line in enumerate(lines):
        match = _FRAME.match(line)
        if match is None or _NOT_THE_USER.search(match["file"].replace("\\", "/")):
            continue
        file = match["file"].replace("\\", "/").rpartition("/")[2]
        found = f"{file}:{match['line']} in {match['function']}"
        code = lines[number + 1].strip() if number + 1 < len(lines) else ""
        if code and not _FRAME.match(lines[number + 1]):
            found += f": {code}"
    return found
