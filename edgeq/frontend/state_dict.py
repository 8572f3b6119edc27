"""Load a module from the user's own source file and a file of weights, and what ``--allow-code`` permits."""

from __future__ import annotations

import importlib.util
import pickle
import sys
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch.export import ExportedProgram

from edgeq.errors import ModelError, UnsafeModelError
from edgeq.frontend.container import first_foreign_global, kind_of, names_global
from edgeq.frontend.quiet import quiet
from edgeq.frontend.saved import ForeignNameError, read_saved

_PICKLE_START = b"\x80"


@dataclass(frozen=True)
class LoadedModel:
    """Hold a module with its weights loaded, in evaluation mode.

    ``unexpected``: names in the weights file that the module does not have, sorted. ``example_inputs``: what the
    user's file calls so, a tuple with one array or tensor per input, None where it does not.
    """

    model: torch.nn.Module
    unexpected: tuple[str, ...]
    example_inputs: tuple[Any, ...] | None = None


def load_state_dict_model(weights_path: str | Path, arch: str) -> LoadedModel:
    """Load a ``state_dict`` into the module that ``arch`` names.

    ``arch``: ``FILE.py:NAME``; NAME is a class or function called without arguments, or a module object. For the
    weights of a quantized model it gives the converted one. The file is the user's own code and is executed; the
    weights are loaded as tensors alone.

    Raises :class:`UnsafeModelError` if the weights file holds anything but tensors, :class:`ModelError` if a
    file or name is missing, names of the module are absent from the weights, or shapes differ.
    """
    path = Path(weights_path)
    weights = _weights(path)
    with quiet():
        model, source = _module(arch)
    expected = model.state_dict()
    weights = _masked(weights, expected)
    missing = sorted(set(expected) - set(weights))
    hint = _kinds_differ(weights, expected, arch)
    if missing:
        raise ModelError(f"{path}: {len(missing)} tensors of {arch} are missing: {', '.join(missing)}{hint}")
    wrong = [
        f"{name} is {_shown(weights[name])}, expected {_shown(value)}"
        for name, value in expected.items()
        if _shown(weights[name]) != _shown(value)
    ]
    if wrong:
        raise ModelError(f"{path}: shapes differ from those of {arch}: {'; '.join(wrong)}{hint}")
    try:
        with quiet():
            model.load_state_dict(_with_versions(weights, expected))
    except Exception as error:  # torch's quantized modules raise many kinds
        reason = " ".join(str(error).split())
        raise ModelError(f"{path}: the weights do not fit {arch}: {reason}") from error
    unexpected = tuple(sorted(set(weights) - set(expected)))
    return LoadedModel(model.eval(), unexpected, _examples(source))


def _with_versions(weights: Mapping[str, Any], expected: Mapping[str, Any]) -> OrderedDict[str, Any]:
    """Return the weights that the model has, with the layout versions of its own state, which torch looks up."""
    chosen = OrderedDict((name, weights[name]) for name in expected)
    chosen._metadata = getattr(expected, "_metadata", OrderedDict())  # type: ignore[attr-defined]
    return chosen


def _masked(weights: dict[str, Any], expected: Mapping[str, Any]) -> dict[str, Any]:
    """Return the weights with the masks of ``torch.nn.utils.prune`` applied where the module has none itself."""
    baked = dict(weights)
    for name in expected:
        original, mask = (weights.get(f"{name}{suffix}") for suffix in ("_orig", "_mask"))
        if name in weights or not isinstance(original, torch.Tensor) or not isinstance(mask, torch.Tensor):
            continue
        if original.shape == mask.shape:
            baked[name] = original * mask
            del baked[f"{name}_orig"], baked[f"{name}_mask"]
    return baked


def _examples(source: ModuleType) -> tuple[Any, ...] | None:
    found = getattr(source, "example_inputs", None)
    return found if found is None or isinstance(found, tuple) else (found,)


def _shown(value: Any) -> str:
    """Describe the shape of a stored value, and whether it is quantized; two that fit read alike."""
    if isinstance(value, torch.Tensor):
        return f"{'quantized ' if value.is_quantized else ''}{list(value.shape)}"
    if isinstance(value, tuple):
        return f"({', '.join(map(_shown, value))})"
    return str(value)


def _kinds_differ(weights: Mapping[str, Any], expected: Mapping[str, Any], arch: str) -> str:
    """Say that one of file and module is quantized and the other is not, "" where they agree."""
    found, wanted = _has_codes(weights), _has_codes(expected)
    if found and not wanted:
        return f". The file is of a quantized model: {arch} must give the converted one (prepare_fx, then convert_fx)"
    return f". {arch} gives a quantized model, the file's weights are float" if wanted and not found else ""


def _has_codes(values: Mapping[str, Any]) -> bool:
    parts = [part for value in values.values() for part in (value if isinstance(value, tuple) else (value,))]
    return any(isinstance(part, torch.Tensor) and part.is_quantized for part in parts)


def _weights(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise ModelError(f"{path}: no such weights file")
    _check_kind(path)
    with quiet():
        loaded = _read(path)
    if isinstance(loaded, Mapping) and isinstance(loaded.get("state_dict"), Mapping):
        loaded = loaded["state_dict"]
    if not isinstance(loaded, Mapping) or not all(_is_stored(value) for value in loaded.values()):
        raise ModelError(
            f"{path}: holds {type(loaded).__name__.lstrip('_').lower()}, expected a state dict (names to tensors); "
            "save it with torch.save(model.state_dict(), path)"
        )
    return {str(name): value for name, value in loaded.items()}


def _is_stored(value: object) -> bool:
    """Tell whether a value may stand in a state dict; quantized layers store pairs, types and no bias."""
    if isinstance(value, tuple):
        return all(part is None or isinstance(part, torch.Tensor) for part in value)
    return value is None or isinstance(value, torch.Tensor | torch.dtype)


def _read(path: Path) -> Any:
    if zipfile.is_zipfile(path):
        try:
            return read_saved(path)
        except ForeignNameError as error:
            raise _unsafe(path, str(error)) from error
    data = path.read_bytes()
    if names_global(data, "torch._utils", "_rebuild_qtensor"):
        raise ModelError(f"{path}: holds quantized tensors in torch's old file format; save it again with torch.save")
    try:
        return torch.load(path, weights_only=True, map_location="cpu")
    except pickle.UnpicklingError as error:
        raise _unsafe(path, first_foreign_global(data)) from error
    except (RuntimeError, EOFError, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise ModelError(f"{path}: cannot be read as torch weights: {reason}") from error


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


def _unsafe(path: Path, foreign: str | None) -> UnsafeModelError:
    if foreign == "torch.ScriptObject":
        return UnsafeModelError(
            f"{path}: holds weights packed by a functional call (conv2d, linear) as an object of torch; call a module "
            "(nn.Conv2d, nn.Linear) in its place, or lower the model in memory with edgeq.lower"
        )
    return UnsafeModelError(
        f"{path}: is a pickle that names {foreign or 'code'}, which runs code when loaded; "
        "save model.state_dict() alone, or load it with --allow-code"
    )


def _module(arch: str) -> tuple[torch.nn.Module, ModuleType]:
    """Return the module that ``arch`` names and the user's file as a Python module."""
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
        except (Exception, SystemExit) as error:
            raise ModelError(f"--arch {arch}: {name}() failed: {type(error).__name__}: {error}") from error
    if not isinstance(made, torch.nn.Module):
        raise ModelError(f"--arch {arch}: {name}() gives {type(made).__name__}, expected a torch.nn.Module")
    return made, source


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

    Returns the exported program of a torch.export archive, the module of a TorchScript archive or a pickled
    ``nn.Module``. Raises :class:`ModelError` for a compiled archive, a state dict, and a file that torch cannot load.
    """
    path = Path(path)
    kind = "pickle" if path.is_file() and not zipfile.is_zipfile(path) else kind_of(path)
    if kind in ("compiled", "other"):
        raise ModelError(f"{path}: holds no model graph; save the model with torch.export.save")
    if kind == "weights":
        raise ModelError(f"{path}: holds tensors alone; pass --arch FILE.py:NAME for the module they belong to")
    if kind in ("export", "legacy-export"):
        importlib.import_module("torch.ao.quantization.fx._decomposed")  # defines quantize operators for torch
    try:
        with quiet():
            loaded: Any = _LOADERS.get(kind, _unpickle)(path)
    except Exception as error:
        reason = next(iter(str(error).splitlines()), "")
        advice = "; set PYTHONPATH to the folder of its modules" if isinstance(error, ModuleNotFoundError) else ""
        raise ModelError(f"{path}: torch cannot load it: {type(error).__name__}: {reason}{advice}") from error
    if not isinstance(loaded, torch.nn.Module | ExportedProgram):
        raise ModelError(f"{path}: holds {type(loaded).__name__}, expected a torch.nn.Module")
    return loaded


def _unpickle(path: Path) -> Any:
    """Load a pickled module; torch's quantized convolutions come without what ``nn.Module`` needs, which is added."""
    conv = importlib.import_module("torch.ao.nn.quantized.modules.conv")._ConvNd
    restore = conv.__setstate__

    def complete(module: torch.nn.Module, state: Any) -> None:
        if "_modules" not in vars(module):
            torch.nn.Module.__init__(module)
        restore(module, state)

    conv.__setstate__ = complete
    try:
        return torch.load(path, weights_only=False, map_location="cpu")
    finally:
        conv.__setstate__ = restore


_LOADERS: dict[str, Callable[[Path], Any]] = {
    "export": torch.export.load, "legacy-export": torch.export.load, "torchscript": torch.jit.load,
}  # fmt: skip
