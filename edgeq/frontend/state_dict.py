"""Load a module from the user's own source file and a file of weights, and what ``--allow-code`` permits."""

from __future__ import annotations

import importlib.util
import pickle
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch.export import ExportedProgram

from edgeq.errors import ModelError, UnsafeModelError
from edgeq.frontend.container import first_foreign_global, kind_of

_PICKLE_START = b"\x80"


@dataclass(frozen=True)
class LoadedModel:
    """Hold a module with its weights loaded, in evaluation mode.

    ``unexpected``: names in the weights file that the module does not have, sorted.
    """

    model: torch.nn.Module
    unexpected: tuple[str, ...]


def load_state_dict_model(weights_path: str | Path, arch: str) -> LoadedModel:
    """Load a ``state_dict`` into the module that ``arch`` names.

    ``arch``: ``FILE.py:NAME``; NAME is a class or function called without arguments, or a module object. The
    file is the user's own code and is executed; the weights are loaded as tensors alone.

    Raises :class:`UnsafeModelError` if the weights file holds anything but tensors, :class:`ModelError` if a
    file or name is missing, names of the module are absent from the weights, or shapes differ.
    """
    path = Path(weights_path)
    weights = _weights(path)
    model = _module(arch)
    expected = model.state_dict()
    missing = sorted(set(expected) - set(weights))
    if missing:
        raise ModelError(f"{path}: {len(missing)} tensors of {arch} are missing: {', '.join(missing)}")
    wrong = [
        f"{name} is {list(weights[name].shape)}, expected {list(tensor.shape)}"
        for name, tensor in expected.items()
        if weights[name].shape != tensor.shape
    ]
    if wrong:
        raise ModelError(f"{path}: shapes differ from those of {arch}: {'; '.join(wrong)}")
    try:
        model.load_state_dict({name: weights[name] for name in expected})
    except RuntimeError as error:
        reason = " ".join(str(error).split())
        raise ModelError(f"{path}: the weights do not fit {arch}: {reason}") from error
    return LoadedModel(model.eval(), tuple(sorted(set(weights) - set(expected))))


def _weights(path: Path) -> dict[str, torch.Tensor]:
    if not path.is_file():
        raise ModelError(f"{path}: no such weights file")
    _check_kind(path)
    try:
        loaded = torch.load(path, weights_only=True, map_location="cpu")
    except pickle.UnpicklingError as error:
        raise _unsafe(path) from error
    except (RuntimeError, EOFError, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise ModelError(f"{path}: cannot be read as torch weights: {reason}") from error
    if isinstance(loaded, Mapping) and isinstance(loaded.get("state_dict"), Mapping):
        loaded = loaded["state_dict"]
    if not isinstance(loaded, Mapping) or not all(isinstance(value, torch.Tensor) for value in loaded.values()):
        raise ModelError(
            f"{path}: holds {type(loaded).__name__}, expected a state dict (names to tensors); "
            "save it with torch.save(model.state_dict(), path)"
        )
    return {str(name): value for name, value in loaded.items()}


def _check_kind(path: Path) -> None:
    """Refuse archives that are no ``torch.save`` file, lest torch choose another loader for them."""
    if not zipfile.is_zipfile(path):
        with path.open("rb") as file:
            if file.read(1) != _PICKLE_START and path.suffix != ".safetensors":
                raise ModelError(f"{path}: is not a file of weights; save model.state_dict() with torch.save")
        return
    kind = kind_of(path)
    if kind == "torchscript":
        raise UnsafeModelError(
            f"{path}: is a TorchScript archive, which runs code when loaded; save model.state_dict() with torch.save"
        )
    if kind == "export":
        raise ModelError(f"{path}: is a torch.export archive, which holds its own graph; pass it without --arch")
    if kind not in ("weights", "pickle"):
        raise ModelError(f"{path}: is not a file of weights; save model.state_dict() with torch.save")


def _unsafe(path: Path) -> UnsafeModelError:
    foreign = None
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            pickles = [name for name in archive.namelist() if name.endswith("data.pkl")]
            foreign = first_foreign_global(archive.read(pickles[0])) if pickles else None
    else:
        foreign = first_foreign_global(path.read_bytes())
    return UnsafeModelError(
        f"{path}: is a pickle that names {foreign or 'code'}, which runs code when loaded; "
        "save model.state_dict() alone, or load it with --allow-code"
    )


def _module(arch: str) -> torch.nn.Module:
    file, colon, name = arch.rpartition(":")
    if not colon or not file or not name:
        raise ModelError(f"--arch {arch}: expected FILE.py:NAME")
    source = _import(Path(file), arch)
    made = getattr(source, name, None)
    if made is None:
        raise ModelError(f"--arch {arch}: {file} defines no '{name}'")
    if not isinstance(made, torch.nn.Module):
        if not callable(made):
            raise ModelError(f"--arch {arch}: '{name}' is {type(made).__name__}, expected a class, function or module")
        try:
            made = made()
        except Exception as error:
            raise ModelError(f"--arch {arch}: {name}() failed: {type(error).__name__}: {error}") from error
    if not isinstance(made, torch.nn.Module):
        raise ModelError(f"--arch {arch}: {name}() gives {type(made).__name__}, expected a torch.nn.Module")
    return made


def _import(file: Path, arch: str) -> ModuleType:
    """Execute the user's file as a module of its own, with its folder importable meanwhile."""
    if not file.is_file():
        raise ModelError(f"--arch {arch}: no such file {file}")
    spec = importlib.util.spec_from_file_location(f"edgeq_arch_{file.stem}", file)
    if spec is None or spec.loader is None:
        raise ModelError(f"--arch {arch}: {file} is not a Python file")
    source = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = source
    sys.path.insert(0, str(file.resolve().parent))
    try:
        spec.loader.exec_module(source)
    except (Exception, SystemExit) as error:
        raise ModelError(f"--arch {arch}: importing {file} failed: {type(error).__name__}: {error}") from error
    finally:
        sys.path.remove(str(file.resolve().parent))
    return source


def load_with_code(path: str | Path) -> torch.nn.Module | ExportedProgram:
    """Load a model file with torch's own loaders, **running any code it holds**; for ``--allow-code`` alone.

    Returns the exported program of a torch.export archive or a pickled ``nn.Module``. Raises
    :class:`ModelError` for a TorchScript or compiled archive, a state dict, and a file that torch cannot
    load.
    """
    path = Path(path)
    kind = "pickle" if path.is_file() and not zipfile.is_zipfile(path) else kind_of(path)
    if kind == "torchscript":
        raise ModelError(
            f"{path}: TorchScript archives are not lowered; export the original module with "
            "torch.export.export "
            "and torch.export.save"
        )
    if kind in ("compiled", "other"):
        raise ModelError(f"{path}: holds no model graph; save the model with torch.export.save")
    if kind == "weights":
        raise ModelError(f"{path}: holds tensors alone; pass --arch FILE.py:NAME for the module they belong to")
    if kind in ("export", "legacy-export"):
        importlib.import_module("torch.ao.quantization.fx._decomposed")  # defines quantize operators for torch
    try:
        loaded: Any = torch.export.load(path) if kind in ("export", "legacy-export") else _unpickle(path)
    except Exception as error:
        reason = next(iter(str(error).splitlines()), "")
        advice = "; set PYTHONPATH to the folder of its modules" if isinstance(error, ModuleNotFoundError) else ""
        raise ModelError(f"{path}: torch cannot load it: {type(error).__name__}: {reason}{advice}") from error
    if not isinstance(loaded, torch.nn.Module | ExportedProgram):
        raise ModelError(f"{path}: holds {type(loaded).__name__}, expected a torch.nn.Module")
    return loaded


def _unpickle(path: Path) -> Any:
    return torch.load(path, weights_only=False, map_location="cpu")
