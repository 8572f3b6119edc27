"""best: every codec's counted bytes are those it writes, the smallest is written, ties go to the lowest id."""

from __future__ import annotations

import numpy as np
import pytest

from edgeq import IntType
from edgeq.codecs import get, names, read_header
from edgeq.codecs.best import Best
from edgeq.errors import InputError
from tests.codecs.corpus import SHAPES, sparse

TYPES = (IntType(8), IntType(3, signed=False), IntType(13))


@pytest.mark.parametrize("options", [{}, {"word_bits": 32}, {"restart": "channel"},
                                     {"restart": "bank", "banks": 2, "word_bits": 16}], ids=str)
def test_counted_bytes_are_written_bytes(options: dict[str, object]) -> None:
    rng = np.random.default_rng(0)
    best = Best(**options)
    for shape, types in (*((shape, TYPES[k % 3 :: 3]) for k, shape in enumerate(SHAPES)), ((40, 90), TYPES)):
        for type in types:
            array = sparse(rng, shape, type, 1)
            found = best.candidates(array, type=type, fill_value=1)
            expected = [n for n in names() if options.keys() <= get(n).options().keys()]
            assert [c.codec for c in found] == (expected if "restart" in options else list(names()))
            for codec, taken, size in found:
                blob = get(codec, **taken).encode(array, type=type, fill_value=1)
                # given back as options, the choices leave ans less to try: never fewer bytes are found
                assert len(blob) == size or (codec in ("huffman", "ans") and len(blob) > size), (codec, taken)
            blob = best.encode(array, type=type, fill_value=1)
            smallest = min(size for _, _, size in found)
            assert len(blob) == smallest
            assert read_header(blob).codec == next(c.codec for c in found if c.bytes == smallest)
            assert np.array_equal(best.decode(blob), array)
            assert best.parts(blob)


@pytest.mark.parametrize("name", ["zero_runs", "huffman", "ans"])
def test_a_codec_alone_counts_what_it_writes(name: str) -> None:
    rng = np.random.default_rng(1)
    for share in (0.1, 0.8, 0.99):
        array = np.where(rng.random((50, 200)) < share, 0, np.rint(rng.normal(0, 30, (50, 200)))).astype(int)
        found = Best(among=(name,))
        size = found.candidates(array, type=IntType(9))[0].bytes
        assert len(found.encode(array, type=IntType(9))) == size
        if name != "zero_runs":
            assert len(get(name).encode(array, type=IntType(9))) == size
        else:
            sizes = [len(get(name, run_bits=r, style=s).encode(array, type=IntType(9)))
                     for r in range(2, 17) for s in ("escape", "padding")]
            assert min(sizes) == size


def test_winners() -> None:
    rng = np.random.default_rng(2)
    winners = {
        "packed": rng.integers(-128, 128, 60), "bitmask": np.array([0] * 15 + [5]),
        "vanilla": np.array([-100, 90])[rng.integers(2, size=100)],
        "ans": np.rint(rng.normal(0, 9, 4000)).astype(int),
    }
    for codec, array in winners.items():
        assert read_header(get("best").encode(array, type=IntType(8))).codec == codec


def test_wide_values_and_scalars() -> None:
    wide = np.array([2**40, -(2**62), 0])
    found = get("best").candidates(wide, type=IntType(64))
    assert [c.codec for c in found] == ["packed", "fixed_point", "vanilla"]
    assert np.array_equal(get("best").decode(get("best").encode(wide, type=IntType(64))), wide)
    many = np.arange(70000)
    assert [c.codec for c in get("best").candidates(many, type=IntType(40))] == ["packed", "fixed_point"]


@pytest.mark.parametrize(("options", "fault"), [
    ({"among": []}, r"among \[\] must name some of"), ({"among": 5}, "among 5 must name some of"),
    ({"among": "coo"}, "among 'coo' must name some of"), ({"among": [["coo"]]}, "must name some of"),
    ({"among": ()}, "must name some of"), ({"among": ("zip",)}, "must name some of packed"),
    ({"word_bits": 5}, "word_bits 5"), ({"restart": "row"}, "restart 'row'"),
])
def test_options_that_do_not_exist(options: dict[str, object], fault: str) -> None:
    with pytest.raises(InputError, match=fault):
        get("best", **options)


def test_nothing_holds_it() -> None:
    with pytest.raises(InputError, match=r"w: no codec of \('coo',\) holds s20"):
        get("best", among=("coo",)).encode(np.array([1]), type=IntType(20), where="w")
