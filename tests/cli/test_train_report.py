"""``edgeq train-report``: the table and the page it makes of logs, and logs that strangers wrote."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import pytest

PRUNE = """edgeq_run: 1
command: prune
versions: {edgeq: 0.1.0, torch: 2.13.0, numpy: 2.4.6}
options: {model: dense.pt, sparsity: 0.5}
recipe: {epochs: 2, lr: 0.001, seed: 0, devices: [cpu]}
validation: 200
accuracy:
- {when: before, right: 190, of: 200}
- {when: pruned and fine-tuned, right: 181, of: 200}
epochs:
- {loss: 0.5, right: 170}
- {loss: 0.25, right: 181}
before:
- {name: fc.weight, shape: [10, 20], parameters: 200, nonzero: 200, macs: 200, macs_left: 200}
after:
- {name: fc.weight, shape: [10, 20], parameters: 200, nonzero: 50, macs: 200, macs_left: 50}
"""
QUANTIZE = """edgeq_run: 1
command: quantize
versions: {edgeq: 0.1.0}
options: {}
recipe: null
validation: null
accuracy: []
epochs: []
before: []
after:
- {name: x, result_method: uniform, result_bits: 8, result_scale: 0.00392156, zero_point: -128}
- {name: conv, shape: [3, 3], parameters: 9, nonzero: 9, method: lsq, bits: 4, scale: [0.25, 0.5], codes: 7}
- {name: fc, shape: [100], parameters: 100, nonzero: 91, method: uniform, bits: 8, scale: [0.125, 0.125], codes: 99}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch) -> Path:
    """Give a folder with two logs, and work in it."""
    (tmp_path / "p.yaml").write_text(PRUNE)
    (tmp_path / "q.yaml").write_text(QUANTIZE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


class Reader(HTMLParser):
    """Collect tags that are open, attributes and texts."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.values: list[str] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.values += [value or "" for _, value in attrs]
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.append(data)


def read(path: Path) -> Reader:
    """Return what a page holds; every tag that opens closes."""
    reader = Reader()
    reader.feed(path.read_text())
    assert reader.open == []
    return reader


def test_the_table_of_runs(run, folder: Path) -> None:
    done = run("train-report", "p.yaml", "q.yaml")
    assert (done.code, done.err) == (0, "")
    assert [line.split() for line in done.out.splitlines()] == [
        ["run", "command", "epochs", "loss", "right", "accuracy", "%", "sparsity", "%", "bits", "parameters", "bytes"],
        ["p", "prune", "2", "0.25", "181", "of", "200", "90.50", "75.00", "32", "200", "800"],
        # 9 weights of 4 bits are 36 bits, 5 bytes; 100 of 8 bits; 9 of 109 are zero
        ["q", "quantize", "0", "-", "-", "-", "8.26", "4..8", "109", "105"],
    ]
    assert sorted(p.name for p in folder.iterdir()) == ["p.yaml", "q.yaml"]


def test_the_page(run, folder: Path) -> None:
    done = run("train-report", "p.yaml", "q.yaml", "p.yaml", "-o", "r.html")
    assert done.code == 0, done.err
    page = read(folder / "r.html")
    assert {"p", "q", "p (2)", "loss (cross entropy, nats)", "validation accuracy (%)", "epoch", "MACs per example",
            "scale (real per code)", "0.25..0.5", "pruned and fine-tuned", "90.50"} <= set(page.texts)
    assert not {"script", "link", "img", "iframe", "a"} & page.seen
    assert not [value for value in page.values if "http:" in value or "https:" in value or "//" in value]
    assert "width:75.0%" in page.values
    assert "width:5.0%" in page.values  # 5 bytes of 100
    first = (folder / "r.html").read_bytes()
    assert run("train-report", "p.yaml", "q.yaml", "p.yaml", "-o", "r.html").code == 0
    assert (folder / "r.html").read_bytes() == first


def test_every_text_is_escaped(run, folder: Path) -> None:
    evil = "<script>alert(1)</script>--><b a='\\\"'>&amp;"
    text = QUANTIZE.replace("name: conv", f'name: "{evil}"').replace("options: {}", f'options: {{"{evil}": "{evil}"}}')
    text = text.replace("method: lsq", f'method: "{evil}"').replace("command: quantize", f'command: "{evil}"')
    text = text.replace("0.1.0", f'"{evil}"').replace(
        "accuracy: []", f'accuracy: [{{when: "{evil}", right: 1, of: 2}}]').replace(
        "epochs: []", "epochs: [{loss: 1}, {loss: 0x1000000000}]")
    name = "<i>&\".yaml"
    (folder / name).write_text(text)
    done = run("train-report", name, "-o", "r.html")
    assert done.code == 0, done.err
    page = read(folder / "r.html")
    assert not {"script", "b"} & page.seen
    assert page.texts.count(evil.replace('\\"', '"')) == 8
    assert '<i>&"' in page.texts
    assert (folder / "r.html").read_text().count("-->") == 1


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("edgeq_run: 1", "run: 1", "is no log of a run; edgeq prune and edgeq quantize write one with --log"),
        ("edgeq_run: 1", "edgeq_run: 2", "version 2 is unknown; this edgeq reads version 1"),
        (PRUNE, "", "is no log of a run"),
        (PRUNE, "[1, 2]", "is no log of a run"),
        (PRUNE, "edgeq_run: 1", "command is None, expected one line of text"),
        ("command: prune", "", "command is None, expected one line of text"),
        ("command: prune", 'command: "a\\e[31m"', "command is 'a\\x1b[31m', expected one line of text"),
        ("command: prune", "more: 1\ncommand: prune", "unknown field 'more'"),
        ("versions: {", "versions: {1: 2, ", "versions is {1: 2"),
        ("torch: 2.13.0", "torch: 2", "versions: torch is 2, expected one line of text"),
        ("validation: 200", "validation: -1", "validation is -1, expected an integer from 0 on"),
        ("validation: 200", "validation: true", "validation is True, expected an integer of at most 62 bits"),
        ("validation: 200", f"validation: 0x{'f' * 9000}", "validation is "),
        ("right: 181, of: 200", "right: 201, of: 200", "accuracy[1]: 201 right of 200"),
        ("loss: 0.25", "loss: .nan", "epochs[1]: loss is nan, expected a finite number"),
        ("loss: 0.25", "loss: 1.0e+31", "epochs[1]: loss is 1e+31, expected at most 1e+30"),
        ("loss: 0.25", "loss: low", "epochs[1]: loss is 'low', expected a finite number"),
        ("- {loss: 0.25, right: 181}", "- 3", "epochs[1] is 3, expected fields by name"),
        ("nonzero: 50", "nonzero: 201", "after[0]: more numbers are not zero than there are"),
        ("shape: [10, 20], parameters: 200, nonzero: 50", "shape: 3, parameters: 200, nonzero: 50",
         "after[0]: shape is 3, expected a list of finite numbers"),
        ("macs_left: 50", "scale: [1]", "after[0]: scale must be the least and the largest, two numbers"),
        ("macs_left: 50", "width: 3", "after[0]: unknown field 'width'"),
        ("accuracy:\n", "accuracy: 3\nepochs2:\n", "unknown field 'epochs2'"),
        ("options: {", "options: [", "not valid YAML at line"),
        ("options: {", f"options: {{a: {'[' * 200}{']' * 200}, ", "at line 4 (nested more than 100 deep)"),
        ("options: {", "options: {a: &b 1, c: *b, ", "not valid YAML at line 4 (anchors and aliases are not read"),
        ("options: {", "options: {a: !!python/object:os.system 1, ", "not valid YAML at line 4 (tags are not read"),
        ("loss: 0.25, right: 181}\nbefore", "loss: 0.2", "not valid YAML at line"),
    ],
)
def test_logs_of_strangers(run, folder: Path, old: str, new: str, message: str) -> None:
    assert old in PRUNE
    (folder / "bad.yaml").write_text(PRUNE.replace(old, new))
    done = run("train-report", "p.yaml", "bad.yaml", "-o", "r.html")
    assert done.code == 2
    assert done.error.startswith("bad.yaml: ")
    assert message in done.error
    assert len(done.error) < 400
    assert not (folder / "r.html").exists()


def test_files_that_are_none(run, folder: Path) -> None:
    (folder / "bytes.yaml").write_bytes(bytes(range(256)))
    (folder / "large.yaml").write_bytes(b"a" * ((1 << 24) + 1))
    (folder / "link.yaml").symlink_to("p.yaml")
    for name, message in (("bytes.yaml", "not valid YAML"), ("large.yaml", "has 16,777,217 bytes, a log at most"),
                          ("none.yaml", "missing, or not a regular file"), (".", "missing, or not a regular file"),
                          ("link.yaml", "missing, or not a regular file")):
        done = run("train-report", name)
        assert (done.code, message in done.error) == (2, True), done.error
    assert run("train-report").code == 2


def test_what_is_not_overwritten(run, folder: Path) -> None:
    done = run("train-report", "p.yaml", "-o", "p.yaml")
    assert (done.code, done.error) == (2, "-o p.yaml: is an input of this command; choose another name")
    done = run("train-report", "p.yaml", "-o", "q.yaml")
    assert done.error == "-o q.yaml: exists and is no report of edgeq; it is left as it is. Choose another name"
    assert (folder / "q.yaml").read_text() == QUANTIZE
    assert [run("train-report", "p.yaml", "-o", "r.html").code for _ in range(2)] == [0, 0]
