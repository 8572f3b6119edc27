"""The page beside the code: its example prints what it says, its configuration loads, its fields are all there."""

from __future__ import annotations

import re
import sys
from dataclasses import fields
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from edgeq.compress import QuantConfig, load_config, quantization, quantize  # noqa: E402
from tests.compress.quantization.nets import images  # noqa: E402
from tests.examples import EXAMPLES, digits, example  # noqa: E402

PAGE = (Path(quantization.__file__).parent / "README.md").read_text()


def test_the_example_prints_what_the_page_says(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, printed = re.search(r"```python\n(.*?)```\n\n```\n(.*?)```", PAGE, re.DOTALL).groups()
    monkeypatch.chdir(EXAMPLES.parent)
    monkeypatch.setattr(sys, "path", [*sys.path])
    exec(code, {})
    assert capsys.readouterr().out == printed


def test_the_configuration_loads(tmp_path: Path) -> None:
    (tmp_path / "q.yaml").write_text(re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[1])
    config = load_config(tmp_path / "q.yaml")
    assert set(re.findall(r"^(\w+):", (tmp_path / "q.yaml").read_text(), re.MULTILINE)) == {
        field.name for field in fields(QuantConfig)}
    made = quantize(example("digits/model.py").DigitsNet(), config, images(2, 1, 8, 8), digits("calib"))
    assert made.get_submodule("block.conv1.0").weight_quantizer.bits == 4
    assert made.classifier.weight_quantizer.per == "tensor"
