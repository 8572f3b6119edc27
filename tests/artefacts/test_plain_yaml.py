"""The YAML that is read: plain data; every trick is one line of error, at once."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import yaml

from edgeq.artefacts.manifest import dump_yaml, parse_yaml
from edgeq.codecs.cnn_compress import parse
from edgeq.errors import CalibrationError
from tests.data import need_data

BOMB = "a0: &a0 [x]\n" + "".join(f"a{k}: &a{k} [{','.join([f'*a{k - 1}'] * 9)}]\n" for k in range(1, 12))
ALIAS = "anchors and aliases are not read; write the value out"
TAG = "tags are not read; write plain data"


@pytest.mark.parametrize(("text", "said"), [
    (BOMB.encode(), f"line 1 ({ALIAS})"),
    (b"a: &a 1\nb: *a\n", f"line 1 ({ALIAS})"),
    (b"a: 1\nb: {<<: *a}\n", f"line 2 ({ALIAS})"),
    *((b"a: 1\nb: " + t, f"line 2 ({TAG})") for t in (
        b"!!bool x", b"!!timestamp x", b"!!timestamp 2020-01-01", b'!!int ""', b'!!float ""', b"!!binary aGk=",
        b"!!set {a, b}", b"!mine 1", b"! 1", b"!!str 5", b"!!python/object/apply:os.system ['true']",
        b"!!python/name:os.system", b"!!map {}", b"!!omap [a: 1]")),
    (b"a: 1\nb: 2\na: 3\n", "line 3 (the key 'a' is given twice)"),
    (b"l:\n  a: {w: 4}\n  'a': {w: 5}\n", "line 3 (the key 'a' is given twice)"),
    (b"- {a: [a, a], b: {a: a, a: b}}\n", "line 1 (the key 'a' is given twice)"),
    (b"[" * 100_000, "line 1 (nested more than 100 deep)"),
    (b"{a: " * 100_000, "line 1 (nested more than 100 deep)"),
    (b"- " * 100_000, "line 1 (nested more than 100 deep)"),
])
def test_tricks_are_refused_with_their_line(text: bytes, said: str) -> None:
    start = time.monotonic()
    with pytest.raises(CalibrationError) as caught:
        parse_yaml(text, "r.yaml", CalibrationError)
    assert str(caught.value) == f"r.yaml: not valid YAML at {said}"
    assert time.monotonic() - start < 5


@pytest.mark.parametrize("text", [
    b"0b_", b"2001-99-99", b"{[1]: 2}", b"{{a: 1}: 2}", b"<<: 5", b"=", b"a: b: c", b"--- 1\n--- 2\n", b"\xff\xfe\xfa",
    b"9" * 5000, b"\x00",
])
def test_values_that_no_reader_makes(text: bytes) -> None:
    with pytest.raises(CalibrationError, match=r"\Ar.yaml: not valid YAML( at line \d+)? \(.+\)\Z"):
        parse_yaml(text, "r.yaml", CalibrationError)


def test_plain_data_are_read() -> None:
    text = '# of ours\na: [1, -2.5, null, true, "&x", "*y", "!z"]\n"1": {b: e é, c: 0.1}\n'
    assert parse_yaml(text.encode(), "r.yaml") == {
        "a": [1, -2.5, None, True, "&x", "*y", "!z"], "1": {"b": "e é", "c": 0.1}}
    assert parse_yaml(b"", "r.yaml") is None


def test_a_list_that_occurs_twice_is_written_twice() -> None:
    shared = [1, 2]
    assert dump_yaml({"a": shared, "b": {"c": shared}}) == b"a: [1, 2]\nb:\n  c: [1, 2]\n"
    assert yaml.safe_load(dump_yaml([shared, shared])) == [[1, 2], [1, 2]]


def test_the_third_party_s_files_need_no_alias() -> None:
    path: Path = need_data("lenet5_reference/lenet5_sparse_quantized_int_coo.yml")
    assert len(parse(path.read_bytes(), path.name).layers) == 5
