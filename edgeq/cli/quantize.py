"""``edgeq quantize``."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgeq.artefacts.files import write_file
from edgeq.cli.run_log import Progress, layer_rows, weight_rows
from edgeq.cli.training_files import Output, check_outputs, load_model, load_state
from edgeq.cli.training_options import make_recipe, training_options
from edgeq.errors import InputError, MissingToolError
from edgeq.report.run import Layer, run_bytes

if TYPE_CHECKING:
    from edgeq.compress.quantization.config import QuantConfig
    from edgeq.compress.quantization.job import Material, Outcome
    from edgeq.compress.quantization.stored import Stored

_PATH = click.Path(path_type=Path)
_FREEZE_AFTER = 0.75
_EXAMPLE = """
\b
Example, a LeNet-5 whose class is in model.py, its fully connected layers in 4 bits:
  cat > quant.yaml <<END
  preset: edgeq
  weights: {method: uniform, bits: 8, per: channel}
  activations: {method: uniform, bits: 8, observer: moving_average}
  layers:
    "fc*": {weights: {method: lsq, bits: 4}}
  END
  edgeq quantize sparse.pt --arch model.py:LeNet5 --config quant.yaml \\
      --train train.npz --val val.npz --epochs 4 --lr 0.001 -o q.pt2
  edgeq lower q.pt2 -o q.edgeq

\b
Without training, on one GPU, on several:
  edgeq quantize dense.pt --arch model.py:LeNet5 --calib x.npy -o q.pt2
  edgeq quantize ... --device cuda
  edgeq quantize ... --device cuda:0,cuda:1
"""


@click.command(epilog=_EXAMPLE)
@click.argument("model", type=_PATH)
@click.option("-o", "--output", type=_PATH, required=True, metavar="Q.pt2", help="What edgeq lower reads.")
@click.option("--arch", metavar="FILE.py:NAME", help="MODEL is a state dict; FILE.py is yours and is imported.")
@click.option("--allow-code", is_flag=True, help="MODEL is a pickled module; loading it runs code.")
@click.option("--config", type=_PATH, metavar="quant.yaml",
              help="Methods, bits and their options, for all layers and by layer.")
@click.option("--wbits", type=int, metavar="N", help="In place of --config: bits of weights.  [default: 8]")
@click.option("--abits", type=int, metavar="N", help="In place of --config: bits of activations.  [default: 8]")
@click.option("--method", metavar="NAME", help="In place of --config: method of weights.  [default: uniform]")
@click.option("--amethod", metavar="NAME", help="In place of --config: method of activations.  [default: uniform]")
@click.option("--preset", metavar="NAME", help="In place of --config: rules of a system, see edgeq presets.  "
              "[default: edgeq]")
@click.option("--mode", metavar="ptq|qat", help="In place of --config: calibrate alone, or train too.  "
              "[default: qat with --train]")
@click.option("--calib", type=_PATH, metavar="X.npy", help="Calibration inputs, float, N first.  "
              "[default: the first 512 of --train]")
@click.option("--freeze-after", type=float, metavar="R", help="Part of the epochs after which ranges and batch norm "
              "stay as they are.  [default: 0.75]")
@click.option("--state", type=_PATH, metavar="S.pt", help="Write the model that trains, after every epoch.")
@click.option("--resume", type=_PATH, metavar="S.pt", help="Go on from what --state wrote; finished: train again.")
@training_options
def command(
    model: Path, output: Path, arch: str | None, allow_code: bool, config: Path | None, wbits: int | None,
    abits: int | None, method: str | None, amethod: str | None, preset: str | None, mode: str | None,
    calib: Path | None, freeze_after: float | None, state: Path | None, resume: Path | None, train_file: Path | None,
    val_file: Path | None, log: Path | None, recipe_options: dict[str, Any],
) -> None:
    """Quantize MODEL, calibrate it, train it with --train, and write the program that edgeq lower reads.

    MODEL is a state dict (--arch), or a pickled module (--allow-code). Weights that are zero stay zero. With --val
    prints the accuracy before, calibrated, trained, and that of the integers, which the simulator counts.
    """
    if find_spec("torch") is None:
        raise MissingToolError("edgeq quantize needs PyTorch; install it with: pip install torch")
    from edgeq.compress.quantization.job import Listener, run

    files = {"model": model, "config": config, "calib": calib, "train": train_file, "val": val_file, "resume": resume}
    check_outputs([Output("-o", output, "torch.export archive"), Output("--state", state, "state of edgeq quantize"),
                   Output("--log", log, "log of a run")], [*files.values()])
    short = {"wbits": wbits, "abits": abits, "method": method, "amethod": amethod, "preset": preset, "mode": mode}
    recipe = make_recipe(recipe_options, train_file, {"freeze_after": freeze_after})
    resumed = None if resume is None else load_state(resume)
    chosen = _config(config, short, resumed, trains=train_file is not None)
    module, _ = load_model(model, arch, allow_code)
    material = _material(calib, train_file, val_file)
    progress = Progress(recipe.epochs, None if material.validation is None else len(material.validation))

    def keep(stored: Stored) -> None:
        if state is not None:
            write_file(state, stored.as_bytes())

    listener = Listener(_say_masked, progress.took_up, progress.done, keep)
    outcome = run(module, chosen, recipe, material, resumed=resumed, listener=listener,
                  freeze_after=_FREEZE_AFTER if freeze_after is None else freeze_after)
    layers = _finish(outcome, chosen, material, output, progress, "calibrated" if resumed is None else "resumed")
    if log is not None:
        options = {**files, "arch": arch, "allow_code": allow_code, **short, "freeze_after": freeze_after}
        before = weight_rows(outcome.before.weights)
        write_file(log, run_bytes(progress.run("quantize", options, recipe, before, layers)))


def _say_masked(count: int) -> None:
    if count:
        click.echo(f"note: the model is pruned: {count:,} weights stay zero", err=True)


def _config(file: Path | None, short: dict[str, Any], resumed: Stored | None, *, trains: bool) -> QuantConfig:
    """Return the configuration of the options, in mode ptq where nothing trains."""
    from edgeq.compress.quantization.config import load_config, make_config

    given = {name: value for name, value in short.items() if value is not None}
    if file is not None and given:
        raise InputError(f"--{next(iter(given))} is in place of --config; write it in {file}")
    fields: dict[str, Any] = {"mode": given.get("mode", "qat" if trains else "ptq")}
    fields |= {"preset": given["preset"]} if "preset" in given else {}
    for kind, bits, method in (("weights", "wbits", "method"), ("activations", "abits", "amethod")):
        fields[kind] = {name: given[option] for name, option in (("method", method), ("bits", bits)) if option in given}
    chosen = make_config(fields) if file is None else load_config(file)
    if file is not None and chosen.mode == "qat" and not trains:
        click.echo("note: no --train: the model is calibrated alone (mode ptq)", err=True)
        chosen = replace(chosen, mode="ptq")
    if resumed is None:
        return chosen
    mode = "qat" if trains else "ptq"
    if (file is not None or given) and replace(chosen, mode=mode) != replace(resumed.config, mode=mode):
        raise InputError(f"{resumed.where}: was quantized in another way; leave out --config and what is in its place")
    return replace(resumed.config, mode=mode)


def _material(calib: Path | None, train_file: Path | None, val_file: Path | None) -> Material:
    from edgeq.artefacts.npy import load_npy
    from edgeq.compress.quantization.job import Material, as_calibration
    from edgeq.compress.training import load_examples

    shown = None if calib is None else as_calibration(load_npy(calib), f"--calib {calib}")
    train, val = (None if path is None else load_examples(path) for path in (train_file, val_file))
    return Material(shown, train, val)


def _finish(
    outcome: Outcome, config: QuantConfig, material: Material, output: Path, progress: Progress, first: str
) -> list[Layer]:
    """Write the program, print what came of it, and return its layers as a log has them."""
    from edgeq.compress.files import program_bytes
    from edgeq.compress.quantization.program import convert
    from edgeq.compress.quantization.summary import shown, summarize

    program, layers = convert(outcome.model), summarize(outcome.model)
    write_file(output, program_bytes(program, config.preset))
    progress.right("before", outcome.right_before)
    progress.right(first, outcome.right_calibrated)
    if config.mode == "qat" and material.examples is not None:
        progress.right("trained", outcome.right_after)
    if material.validation is not None:
        progress.right("integers", _count_integers(program, config.preset, material.validation))
    click.echo(shown(layers))
    rows = layer_rows(layers, outcome.before.weights)
    weights = sum(row.parameters or 0 for row in rows)
    preset = "" if config.preset == "edgeq" else f" --preset {config.preset}"
    click.echo(f"{output}: {weights:,} weights, {sum(row.stored_bytes for row in rows):,} bytes at their bits; "
               f"next: edgeq lower {output}{preset} -o NAME.edgeq")
    return rows


def _count_integers(program: Any, preset: str, validation: Any) -> int:
    """Lower a program and return how many examples the simulator gives their label."""
    from edgeq.frontend.lower import lower
    from edgeq.simulator import simulate

    graph = lower(program, preset=preset)
    run = simulate(graph, {graph.inputs[0].name: validation.x.numpy()}, keep="outputs")
    (scores,) = run.outputs.values()
    return int((scores.reshape(len(scores), -1).argmax(axis=1) == validation.y.numpy()).sum())
