"""``edgeq prune``."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgeq.artefacts.files import write_file
from edgeq.cli.training_options import make_recipe, training_options
from edgeq.errors import InputError, MissingToolError, ModelError

if TYPE_CHECKING:
    import torch

    from edgeq.compress.pruning.rules import Rule
    from edgeq.compress.training import Examples, Recipe

_PATH = click.Path(path_type=Path)
_EXAMPLE = """
\b
Example, a LeNet-5 whose class is in model.py:
  cat > rules.yaml <<END
  rules:
    - {pattern: "conv*.weight", stages: [0.5, 0.8, 0.9]}
    - {pattern: "fc1.weight", sparsity: 0.9, importance: l2}
  END
  edgeq prune dense.pt --arch model.py:LeNet5 --rules rules.yaml \\
      --train train.npz --val val.npz --epochs 6 --lr 0.001 -o sparse.pt
"""


@click.command(epilog=_EXAMPLE)
@click.argument("model", type=_PATH)
@click.option("-o", "--output", type=_PATH, required=True, metavar="OUT.pt", help="State dict to write.")
@click.option("--arch", metavar="FILE.py:NAME", help="MODEL is a state dict; FILE.py is yours and is imported.")
@click.option("--allow-code", is_flag=True, help="MODEL is a pickled module; loading it runs code.")
@click.option("--rules", "rules_file", type=_PATH, metavar="rules.yaml",
              help="Rules: pattern, granularity, sparsity or stages, importance, scope, seed.")
@click.option("--sparsity", type=float, metavar="R", help="One rule in place of --rules: the fraction to prune, 0..1.")
@click.option("--pattern", metavar="GLOB", help="With --sparsity: names of weights.  [default: *.weight]")
@click.option("--granularity", metavar="UNIT", help="With --sparsity: element, kernel, filter or channel.")
@click.option("--importance", metavar="NAME", help="With --sparsity: l1, l2 or random.")
@click.option("--scope", metavar="NAME", help="With --sparsity: local, or global (one threshold for all).")
@training_options
def command(
    model: Path, output: Path, arch: str | None, allow_code: bool, rules_file: Path | None, sparsity: float | None,
    pattern: str | None, granularity: str | None, importance: str | None, scope: str | None,
    train_file: Path | None, val_file: Path | None, recipe_options: dict[str, Any],
) -> None:
    """Prune MODEL by rules, fine-tune it with the zeros kept, and write its state dict.

    MODEL is a state dict (--arch), or a pickled module (--allow-code). With --train, rules with stages prune epoch by
    epoch; without, the last stage is taken at once. Prints what is left of each weight.
    """
    if find_spec("torch") is None:
        raise MissingToolError("edgeq prune needs PyTorch; install it with: pip install torch")
    from edgeq.compress.training import check_fit, load_examples

    _check_output(output, [model, rules_file, train_file, val_file])
    single = {"pattern": pattern, "granularity": granularity, "importance": importance, "scope": scope}
    rules = _rules(rules_file, sparsity, single, recipe_options.get("seed", 0))
    recipe = make_recipe(recipe_options, train_file)
    if train_file is not None:
        _check_stages(rules, recipe.epochs)
    loaded = _load(model, arch, allow_code)
    examples = {path: load_examples(path) for path in (train_file, val_file) if path is not None}
    for each in examples.values():
        check_fit(loaded.module, each)
    job = _Job(loaded, rules, recipe, examples.get(train_file), examples.get(val_file))  # type: ignore[arg-type]
    job.run()
    _write(loaded.module, output)
    click.echo(f"{output}: {job.zeros}")


def _check_output(output: Path, inputs: list[Path | None]) -> None:
    """Refuse what must not be overwritten, before the work is done."""
    if any(path is not None and path.exists() and output.resolve() == path.resolve() for path in inputs):
        raise InputError(f"-o {output}: is an input of this command; choose another name")
    if output.is_symlink() or (output.exists() and not _is_weights(output)):
        raise InputError(f"-o {output}: exists and is no state dict; it is left as it is. Choose another name")


def _is_weights(path: Path) -> bool:
    from edgeq.frontend.container import kind_of

    return path.is_file() and zipfile.is_zipfile(path) and kind_of(path) == "weights"


def _rules(file: Path | None, sparsity: float | None, single: dict[str, str | None], seed: int) -> tuple[Rule, ...]:
    from edgeq.compress.pruning.rules import Rule, load_rules

    given = {name: value for name, value in single.items() if value is not None}
    if (file is None) == (sparsity is None):
        raise InputError("give the rules: either --rules rules.yaml or --sparsity R")
    if file is not None:
        if given:
            raise InputError(f"--{next(iter(given))} is for --sparsity; write it in {file}")
        return load_rules(file)
    fields: dict[str, Any] = {"pattern": "*.weight", **given}
    return (Rule(sparsity=sparsity, seed=seed, **fields),)


def _check_stages(rules: tuple[Rule, ...], epochs: int) -> None:
    for rule in rules:
        if rule.stages is not None and len(rule.stages) > epochs:
            raise InputError(f"rule '{rule.pattern}' has {len(rule.stages)} stages, one for each epoch; "
                             f"--epochs is {epochs}: the last stage would not be reached")


@dataclass(frozen=True)
class _Loaded:
    """A module, and the inputs that the user's file calls ``example_inputs``."""

    module: torch.nn.Module
    example_inputs: tuple[Any, ...] | None


def _load(path: Path, arch: str | None, allow_code: bool) -> _Loaded:
    import torch

    from edgeq.compress.pruning.weights import bake
    from edgeq.frontend.state_dict import load_state_dict_model, load_with_code

    if arch is not None:
        found = load_state_dict_model(path, arch)
        if found.unexpected:
            click.echo(f"note: {path}: not in {arch}, left out: {', '.join(found.unexpected)}", err=True)
        loaded = _Loaded(found.model, found.example_inputs)
    elif allow_code:
        module = load_with_code(path)
        if not isinstance(module, torch.nn.Module) or isinstance(module, torch.jit.ScriptModule):
            raise ModelError(f"{path}: holds a captured program, which cannot be pruned; "
                             "give the state dict of the module with --arch FILE.py:NAME")
        loaded = _Loaded(module, None)
    else:
        raise ModelError(f"{path}: pass --arch FILE.py:NAME for the module that the state dict belongs to, "
                         "or --allow-code for a pickled module")
    bake(loaded.module)
    return loaded


@dataclass(frozen=True)
class _Job:
    """Prune and fine-tune one module."""

    loaded: _Loaded
    rules: tuple[Rule, ...]
    recipe: Recipe
    train: Examples | None
    val: Examples | None

    def run(self) -> None:
        """Do the work and print what comes of it."""
        from edgeq.compress.costs import compared, count_uses, make_report
        from edgeq.compress.pruning.prune import prune

        module, inputs = self.loaded.module, self._example_inputs()
        uses = None if inputs is None else count_uses(module, inputs)
        before = make_report(module, uses)
        self._score("before")
        if self.train is None:
            prune(module, self.rules)
            self._score("pruned")
        else:
            self._fine_tune(self.train)
            self._score("pruned and fine-tuned")
        click.echo(compared(before, make_report(module, uses)))

    @property
    def zeros(self) -> str:
        """How much is zero, in words."""
        from edgeq.compress.costs import make_report

        total = make_report(self.loaded.module, None).total
        return f"{total.parameters - total.nonzero:,} of {total.parameters:,} weights are zero"

    def _example_inputs(self) -> Any:
        given = self.train or self.val
        return self.loaded.example_inputs if given is None else given.x[:1]

    def _fine_tune(self, examples: Examples) -> None:
        from edgeq.compress.pruning.schedule import Schedule
        from edgeq.compress.training import train

        schedule = Schedule(self.loaded.module, self.rules)

        def done(epoch: int, loss: float) -> None:
            click.echo(f"epoch {epoch + 1}/{self.recipe.epochs}: loss {loss:.4f}", err=True)

        train(self.loaded.module, examples, self.recipe, made=schedule.keeper.attach, begin=schedule.begin, done=done)

    def _score(self, when: str) -> None:
        from edgeq.compress.training import count_correct

        if self.val is not None:
            correct, count = count_correct(self.loaded.module, self.val), len(self.val)
            click.echo(f"{when}: {correct} of {count} right, {100 * correct / count:.2f} %")


def _write(module: torch.nn.Module, output: Path) -> None:
    import torch

    stream = io.BytesIO()
    torch.save({name: value.cpu() for name, value in module.state_dict().items()}, stream)
    write_file(output, stream.getvalue())
