"""The public names of edgeq.compress are what they say, whatever was imported before."""

from __future__ import annotations

import pkgutil
import subprocess
import sys

import edgeq.compress


def test_no_module_stands_in_the_place_of_a_public_name() -> None:
    modules = {each.name for each in pkgutil.iter_modules(edgeq.compress.__path__)}
    assert modules >= {"costs", "pruning", "training"}
    assert modules & set(edgeq.compress.__all__) == set()


def test_every_name_is_there_after_every_module_was_imported() -> None:
    code = (
        "import edgeq.compress as c, importlib, pkgutil\n"
        "for m in pkgutil.walk_packages(c.__path__, 'edgeq.compress.'): importlib.import_module(m.name)\n"
        "print(sorted(n for n in c.__all__ if not callable(getattr(c, n))), set(c.__all__) <= set(dir(c)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[] True\n"
