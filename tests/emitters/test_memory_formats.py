"""Every format of memory files: literal files of a graph, every constant back, options and manifests that are wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from edgeq import Graph, GraphBuilder, IntType
from edgeq.emission import formats
from edgeq.emitters.parameters import parameters
from edgeq.emitters.registry import EMITTERS, EmittedFile
from edgeq.errors import ArtefactError, CodecError, InputError
from tests.emitters.graphs import GRAPHS
from tests.emitters.test_readmemh import graph
from tests.oracles.memories import read_coe, read_intel_hex, read_lines, read_mif, words_of

FORMATS = ("readmemh", "readmemb", "banks", "coe", "mif", "intel_hex")
OPTIONS: list[dict[str, Any]] = [
    {}, {"layout": "OIhw4i2o", "lanes": 3, "lane0": "msb", "pad_value": -1}, {"word_bits": 100, "lanes": 3}]
CONV = [1, 3, 2, 4, -1, -3, -2, -4, 5, 7, 6, -8]  # o, kh, kw, i


def files(kind: str, net: Graph | None = None, **options: Any) -> dict[str, EmittedFile]:
    formats()
    return {f.path: f for f in EMITTERS[kind].write(net or graph(), {}, **options)}


def read_back(kind: str, made: dict[str, EmittedFile]) -> dict[str, Any]:
    held = {path: f.data for path, f in made.items()}
    got: dict[str, Any] = {}
    for path, file in made.items():
        read = EMITTERS[kind].read
        assert read is not None
        got |= read(held, {"path": path, **file.holds})
    return got


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("name", ["small", "every_op", "thresholds", "widths"])
def test_every_constant_comes_back(name: str, kind: str, options: dict[str, Any]) -> None:
    net, _ = GRAPHS[name]()
    if options.get("pad_value") and any(not p.type.signed for p in parameters(net) if p.tensor == "weight"):
        options = options | {"pad_value": 0}
    got = read_back(kind, files(kind, net, **options))
    expected = {p.name: p.array for p in parameters(net)}
    assert sorted(got) == sorted(expected)
    for tensor, array in expected.items():
        assert got[tensor].shape == array.shape
        assert np.array_equal(got[tensor], array), tensor


@pytest.mark.parametrize(("kind", "ending", "first"), [
    ("readmemh", "hex", "31"), ("readmemb", "bits", "00110001"), ("coe", "coe", "31,"), ("mif", "mif", "0 : 31;"),
    ("intel_hex", "ihex", ":060000003142DFCE7586DF"),  # 6 + 31h + 42h + dfh + ceh + 75h + 86h = 321h
])
def test_literal_files_of_two_lanes(kind: str, ending: str, first: str) -> None:
    made = files(kind, lanes=2)[f"01_a_conv.weight.{ending}"]
    assert first in made.data.decode().split("\n")
    assert made.holds["packing"] == {"word_bits": 8, "lanes": 2, "lane0": "lsb", "pad_value": 0}
    assert made.holds["depth"] == 6
    readers: dict[str, Callable[[bytes], list[int]]] = {
        "readmemh": lambda data: read_lines(data, 16), "readmemb": lambda data: read_lines(data, 2), "coe": read_coe,
        "mif": lambda data: read_mif(data)[1], "intel_hex": lambda data: list(read_intel_hex(data)[0][1]),
    }
    assert readers[kind](made.data) == words_of(CONV, 4, 2, "lsb", 0)


def test_a_comment_says_who_wrote_the_file_where_the_format_has_comments() -> None:
    for kind, path, start in (("coe", "01_a_conv.shift.coe", b"; "), ("mif", "01_a_conv.shift.mif", b"-- ")):
        assert files(kind)[path].data.startswith(start + b"Written by edgeq ")
    simulated = files("readmemh", profile="simulation")["01_a_conv.shift.hex"]
    assert simulated.data.startswith(b"// Written by edgeq ")
    assert simulated.data.endswith(b"\n@0\n11\n")
    assert simulated.holds["profile"] == "simulation"
    assert "profile" not in files("readmemh")["01_a_conv.shift.hex"].holds


def test_profiles_of_intel_hex_have_their_endings_and_byte_orders() -> None:
    standard = files("intel_hex", lanes=4)["01_a_conv.weight.ihex"]
    quartus = files("intel_hex", lanes=4, profile="quartus")["01_a_conv.weight.hex"]
    assert (standard.holds["endian"], quartus.holds["endian"]) == ("little", "big")
    assert standard.data.split(b"\n")[0] == b":060000003142DFCE7586DF"
    assert quartus.data.split(b"\n")[0] == b":0200000042318B"  # 2 + 42h + 31h = 75h
    assert read_back("intel_hex", {quartus.path: quartus})["a/conv.weight"].shape == (3, 2, 1, 2)


def test_literal_tiles_with_their_pad_value() -> None:
    made = files("readmemh", layout="OIhw2o4i", pad_value=-8)["01_a_conv.weight.hex"]
    assert made.data.decode().split() == list("1388fd88" "24" "88ec88" "5788" "8888" "6888" "8888")
    assert made.holds["layout"] == "OIhw2o4i"
    assert files("readmemh", layout="OIhw2o4i")["03_fc.weight.hex"].holds["layout"] == "OI2o4i"
    assert files("readmemh", layout="OIhw2o4i")["01_a_conv.bias.hex"].holds["layout"] == "o"


def test_words_wider_than_their_lanes() -> None:
    made = files("readmemh", lanes=5, word_bits=40)["01_a_conv.weight.hex"]
    assert made.data.decode().split() == ["00000f4231", "0000075ced", "0000000086"]
    assert made.holds["packing"]["word_bits"] == 40


OPTIONS_THAT_DO_NOT_EXIST: list[tuple[str, dict[str, Any], str]] = [
    ("coe", {"layout": "iohw"}, "layout 'iohw' does not exist; weights are written as one of ohwi, oihw, hwio, ihwo"),
    ("mif", {"lanes": 0}, "a/conv.weight: lanes 0 is not a number from 1 to 4096"),
    ("mif", {"lane0": "top"}, "a/conv.weight: lane0 'top' does not exist; use lsb or msb"),
    ("coe", {"word_bits": "wide"}, "word_bits 'wide' is not auto or a number from 1 to 1024"),
    ("coe", {"word_bits": 2000}, "a/conv.weight: word_bits 2000 is not a number from 1 to 1024"),
    ("coe", {"word_bits": 7, "lanes": 2}, "a/conv.weight: word_bits 7 is too few for 2 lanes of 4 bits; use 8 or more"),
    ("coe", {"pad_value": "x"}, "a/conv.weight: pad_value 'x' is not an integer"),
    ("coe", {"flatten": "whc"}, "flatten 'whc' does not exist; use one of chw, hwc"),
    ("readmemh", {"profile": "loose"}, "profile 'loose' does not exist; use one of strict, simulation"),
    ("readmemb", {"profile": 3}, "profile 3 does not exist; use one of strict, simulation"),
    ("intel_hex", {"profile": "intel"}, "profile 'intel' does not exist; use one of standard, quartus"),
    ("intel_hex", {"lanes": 1024}, "a/conv.weight: a record of Intel HEX holds at most 2040 bits, a word has 4096"),
    ("banks", {"banks": 0}, "banks 0 is not a number from 1 to 4096"),
    ("banks", {"banking": "rows"}, "banking 'rows' does not exist; use one of interleaved, blocked, channels"),
    ("banks", {"banking": "channels", "layout": "hwio"}, "layout 'hwio': banking by channels needs ohwi or oihw"),
    ("banks", {"banking": "channels", "layout": "Oihw2o"}, "layout 'Oihw2o': banking by channels needs ohwi or oihw"),
]


@pytest.mark.parametrize(("kind", "options", "said"), OPTIONS_THAT_DO_NOT_EXIST)
def test_options_that_do_not_exist(kind: str, options: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError) as caught:
        files(kind, **options)
    assert said in str(caught.value)


@pytest.mark.parametrize("kind", FORMATS)
def test_a_pad_value_outside_the_weights_type(kind: str) -> None:
    with pytest.raises(CodecError, match="pad value: value 9 at 0 does not fit s4"):
        files(kind, layout="OIhw4o4i", pad_value=9)


@pytest.mark.parametrize(("change", "said"), [
    ({"depth": 7}, "manifest says depth 7, not 12"),
    ({"depth": 10**15}, "manifest says depth 1000000000000000, not 12"),
    ({"shape": [10**6, 10**6, 10**6, 1], "depth": 10**18}, "has 12 words, expected 1000000000000000000"),
    ({"shape": [3, 2, 2]}, "manifest says shape [3, 2, 2] of axes 'oihw'"),
    ({"shape": [3, 2, -1, -2]}, "manifest says shape [3, 2, -1, -2] of axes 'oihw'"),
    ({"layout": "ohwx"}, "manifest: layout 'ohwx' does not exist"),
    ({"layout": "Oihw2000o"}, "a tile of 2000 along o is more than 1024"),
    ({"packing": {"word_bits": 3, "lanes": 1, "lane0": "lsb", "pad_value": 0}}, "manifest says 3 bits a word, not 4"),
    ({"packing": {"word_bits": 8, "lanes": 1, "lane0": "lsb", "pad_value": 0}}, "expected 2 (8 bits)"),
    ({"type": {"bits": 5, "signed": True}}, "manifest says 4 bits a word, not 5"),
])
def test_manifest_lines_that_contradict_the_file(change: dict[str, Any], said: str) -> None:
    path = "01_a_conv.weight.coe"
    file = files("coe")[path]
    read = EMITTERS["coe"].read
    assert read is not None
    with pytest.raises(ArtefactError) as caught:
        read({path: file.data}, {"path": path, **file.holds, **change})
    assert said in str(caught.value)
    assert path in str(caught.value)


def flattened(order: str = "chw", between: str = "requantize") -> Graph:
    b = GraphBuilder("net")
    x = b.input("x", (2, 2, 3), IntType(8))
    y = b.flatten(b.clamp(x, -100, 100), order=order)
    if between == "requantize":
        y = b.clamp(b.requantize(y, 3, 1, name="half"), -128, 127)
    elif between == "channels":
        y = b.requantize(y, np.arange(1, 13), 3, name="half")
    elif between == "add":
        y = b.requantize(b.add(y, y, name="twice"), 1, 1)
    elif between == "reshape":
        y = b.reshape(y, (1, 12), name="row")
    b.output(b.linear(y, np.arange(24).reshape(2, 12), name="fc"))
    b.output(b.linear(b.reshape(x, (6, 2)), [[1, 2]], name="rows"))
    return b.build()


CHW = np.array([[[111, 112, 113], [121, 122, 123]], [[211, 212, 213], [221, 222, 223]]])
PLACES = [111, 112, 113, 121, 122, 123, 211, 212, 213, 221, 222, 223]
HWC_COLUMNS = [0, 6, 1, 7, 2, 8, 3, 9, 4, 10, 5, 11]


@pytest.mark.parametrize("kind", FORMATS)
def test_columns_that_follow_a_flatten_fit_values_channel_fastest(kind: str) -> None:
    assert CHW.reshape(-1).tolist() == PLACES
    assert CHW.transpose(1, 2, 0).reshape(-1).tolist() == [PLACES[k] for k in HWC_COLUMNS]
    made = files(kind, flattened(), flatten="hwc")
    moved = next(f for path, f in sorted(made.items()) if "_fc.weight." in path)
    assert moved.holds["columns"] == {"shape": [2, 2, 3], "axes": "chw", "order": "hwc"}
    assert np.array_equal(read_back(kind, made)["fc.weight"], np.arange(24).reshape(2, 12))
    if kind == "readmemh":
        assert [int(v, 16) for v in moved.data.split()[:12]] == HWC_COLUMNS
    assert not any("columns" in f.holds for path, f in made.items() if "rows" in path)
    assert not any("columns" in f.holds for f in files(kind, flattened()).values())
    assert not any("columns" in f.holds for f in files(kind, flattened("hwc"), flatten="hwc").values())


def test_columns_without_their_permutation_are_another_tensor() -> None:
    """The mistake of hand-made exporters: weights in c, h, w order fed with h, w, c values."""
    made = files("readmemh", flattened(), flatten="hwc")
    plain = {p: EmittedFile(p, f.data, {k: v for k, v in f.holds.items() if k != "columns"}) for p, f in made.items()}
    assert not np.array_equal(read_back("readmemh", plain)["fc.weight"], np.arange(24).reshape(2, 12))


@pytest.mark.parametrize(("between", "through"), [("channels", "requantize 'half'"), ("add", "add 'twice'"),
                                                  ("reshape", "reshape 'row'")])
def test_columns_whose_places_are_not_followed_are_refused(between: str, through: str) -> None:
    assert files("coe", flattened(between=between))
    with pytest.raises(InputError) as caught:
        files("coe", flattened(between=between), flatten="hwc")
    assert str(caught.value) == (f"flatten hwc: columns of linear 'fc' follow a flatten through {through}, where their "
                                 "places are not followed; use flatten=chw")


def test_mistakes_of_hand_made_exporters() -> None:
    """Weights read unsigned, OIHW read as OHWI, lanes the other way round: each gives other numbers."""
    weight = next(p.array for p in parameters(graph()) if p.name == "a/conv.weight")
    for change in ({"type": {"bits": 4, "signed": False}}, {"layout": "oihw"},
                   {"packing": {"word_bits": 8, "lanes": 2, "lane0": "msb", "pad_value": 0}}):
        made = files("mif", lanes=2)
        path = "01_a_conv.weight.mif"
        wrong = {path: EmittedFile(path, made[path].data, {**made[path].holds, **change})}
        assert not np.array_equal(read_back("mif", wrong)["a/conv.weight"], weight)
    assert np.array_equal(read_back("mif", files("mif", lanes=2))["a/conv.weight"], weight)
