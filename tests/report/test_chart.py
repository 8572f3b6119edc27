"""Curves as SVG."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import pytest

from edgeq.report.chart import Curve, chart, ticks


@pytest.mark.parametrize(
    ("lo", "hi", "expected"),
    [
        (0.13, 0.92, (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)),
        (91.2, 99, (90.0, 92.0, 94.0, 96.0, 98.0, 100.0)),
        (1, 100, (0.0, 20.0, 40.0, 60.0, 80.0, 100.0)),
        (5, 5, (4.4, 4.6, 4.8, 5.0, 5.2, 5.4, 5.6)),
        (0, 0, (-0.001, -0.0005, 0.0, 0.0005, 0.001)),
        (-1e30, 1e30, (-1e30, -5e29, 0.0, 5e29, 1e30)),
        (5e-324, 1e-300, (-0.001, -0.0005, 0.0, 0.0005, 0.001)),
    ],
)
def test_ticks_are_round_and_enclose_the_range(lo: float, hi: float, expected: tuple[float, ...]) -> None:
    assert ticks(lo, hi) == expected


@pytest.mark.parametrize(("hi", "expected"), [(2, (1, 2)), (5, (1, 2, 3, 4, 5)), (12, (0, 2, 4, 6, 8, 10, 12)),
                                              (1, (0, 1, 2))])
def test_epochs_are_whole(hi: int, expected: tuple[int, ...]) -> None:
    assert ticks(1, hi, whole=True) == expected


def test_points_lie_where_the_axes_say() -> None:
    drawn = chart([Curve("a & <b>", [(1, 0.0), (2, 1.0), (3, 0.5)]), Curve("one", [(2, 0.25)])], "epoch", "loss (nats)")
    found = ElementTree.fromstring(drawn)
    texts = [element.text for element in found.iter("text")]
    assert {"epoch", "loss (nats)", "a & <b>", "one"} <= set(texts)
    lines = [e.get("d") for e in found.iter("path") if e.get("class") == "curve"]
    # x: 1..3 on 64..624, y: 0..1 on 256..12
    assert lines[1] == "M64.0 256.0L344.0 12.0L624.0 134.0"
    dots = [(e.get("cx"), e.get("cy")) for e in found.iter("circle")]
    assert dots == [("64.0", "256.0"), ("344.0", "12.0"), ("624.0", "134.0"), ("344.0", "195.0")]
    labels = {e.text: e.get("y") for e in found.iter("text") if e.get("class") == "end"}
    assert labels == {"0": "260.0", "0.2": "211.2", "0.4": "162.4", "0.6": "113.6", "0.8": "64.8", "1": "16.0"}


def test_curves_differ_and_none_is_no_chart() -> None:
    assert chart([], "epoch", "loss") == chart([Curve("a", [])], "epoch", "loss") == ""
    found = ElementTree.fromstring(chart([Curve(str(k), [(1, k)]) for k in range(20)], "epoch", "loss"))
    looks = [(e.get("stroke"), e.get("stroke-dasharray")) for e in found.iter("path") if e.get("class") == "curve"]
    assert len(set(looks)) == len(looks) == 20
