"""``edgeq prune``."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgeq.artefacts.files import write_file
from edgeq.cli.run_log import Progress, weight_rows
from edgeq.cli.training_files import Output, check_outputs, load_model
from edgeq.cli.training_options import make_recipe, training_options
from edgeq.errors import InputError, MissingToolError
from edgeq.report.run import run_bytes

if TYPE_CHECKING:
    from edgeq.compress.pruning.rules import Rule

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
    train_file: Path | None, val_file: Path | None, log: Path | None, recipe_options: dict[str, Any],
) -> None:
    """Prune MODEL by rules, fine-tune it with the zeros kept, and write its state dict.

    MODEL is a state dict (--arch), or a pickled module (--allow-code). With --train, rules with stages prune epoch by
    epoch; without, the last stage is taken at once. Prints what is left of each weight.
    """
    if find_spec("torch") is None:
        raise MissingToolError("edgeq prune needs PyTorch; install it with: pip install torch")
    from edgeq.compress.costs import compared
    from edgeq.compress.files import state_bytes
    from edgeq.compress.pruning.job import run
    from edgeq.compress.training import load_examples

    check_outputs([Output("-o", output, "state dict"), Output("--log", log, "log of a run")],
                  [model, rules_file, train_file, val_file])
    single = {"pattern": pattern, "granularity": granularity, "importance": importance, "scope": scope}
    rules = _rules(rules_file, sparsity, single, recipe_options.get("seed", 0))
    recipe = make_recipe(recipe_options, train_file)
    module, example_inputs = load_model(model, arch, allow_code)
    train, val = (None if path is None else load_examples(path) for path in (train_file, val_file))
    progress = Progress(recipe.epochs, None if val is None else len(val))
    outcome = run(module, rules, recipe, train, val, example_inputs, progress.done)
    write_file(output, state_bytes(module))
    progress.right("before", outcome.right_before)
    progress.right("pruned" if train is None else "pruned and fine-tuned", outcome.right_after)
    if log is not None:
        options = {"model": model, "arch": arch, "allow_code": allow_code, "rules": rules_file, "sparsity": sparsity,
                   **single, "train": train_file, "val": val_file, "output": output}
        tables = [weight_rows(report.weights) for report in (outcome.before, outcome.after)]
        write_file(log, run_bytes(progress.run("prune", options, recipe, *tables)))
    click.echo(compared(outcome.before, outcome.after))
    total = outcome.after.total
    click.echo(f"{output}: {total.parameters - total.nonzero:,} of {total.parameters:,} weights are zero")


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

