"""Charts: round ticks, escaped text, positions inside the drawing."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwright.data.profile import ColumnProfile
from modelwright.explain.reasons import Effect
from modelwright.frame.problem import SplitKind
from modelwright.report import charts
from modelwright.report.charts import Frame, Mark, RowPlot, Series, counts_of_two, line_chart, sparkline
from modelwright.report.charts.svg import extent, nice_ticks, tick_labels
from tests.report import samples


@given(st.floats(-1e12, 1e12), st.floats(1e-6, 1e12))
def test_ticks_are_round_few_and_inside(low, width):
    high = low + width
    low, high = extent((low, high))
    ticks = nice_ticks(low, high, 5)
    assert 1 <= len(ticks) <= 12 or high - low < abs(high) * 1e-9
    assert all(low - (high - low) * 1e-6 <= t <= high + (high - low) * 1e-6 for t in ticks)


@pytest.mark.parametrize(
    ("ticks", "labels"),
    [
        ((0.0, 0.25, 0.5), ("0.00", "0.25", "0.50")),
        ((-50_000.0, 0.0, 50_000.0), ("−50k", "0", "50k")),
        ((1e6, 1.5e6), ("1.0M", "1.5M")),
        ((0.0, 0.0001), ("0", "0.0001")),
        ((0.0, 500.0, 1000.0), ("0", "500", "1,000")),
        ((), ()),
    ],
)
def test_tick_labels(ticks, labels):
    assert tick_labels(ticks) == labels


def test_row_plot_keeps_marks_inside_the_cell():
    plot = RowPlot.over([0.2, 0.9], reference=0.5)
    row = plot.interval(0.95, -3.0, 7.0, "wild", "bad")
    ElementTree.fromstring(str(row))
    assert all(0 <= float(p) <= 100 for p in re.findall(r'x[12]?="([\d.]+)%"', row))
    assert "<title>wild</title>" in row


def test_text_is_escaped():
    row = RowPlot.over([0.0, 1.0]).bar(0.5, None, None, '<b>"&')
    assert "&lt;b&gt;" in row and "<b>" not in row
    ElementTree.fromstring(str(row))


@pytest.mark.parametrize("n", [1, 2, 150])
def test_line_charts_are_drawings(n):
    x = tuple(i / n for i in range(n))
    series = Series(x=x, y=x, low=x, high=x, tips=tuple("t" for _ in x), name="line")
    frame = Frame(label="l", x_label="x", y_label="y", diagonal="guessing")
    marks = [Mark(x=0.5, y=0.5, words="here"), Mark(x=None, y=0.2, words="level"), Mark(x=0.1, y=None, words="upright")]
    drawing = charts.line_chart(frame, [series], marks)
    assert ElementTree.fromstring(str(drawing)).get("role") == "img"
    assert drawing.count("<circle") == (n + 1 if n <= 24 else 1)


@pytest.mark.parametrize("edges", [(-1.0, 0.0, 30.0), (-30.0, 0.0, 1.0), (-5.0, 0.0, 5.0)])
def test_what_names_the_line_at_zero_lies_beside_the_label_of_the_axis_and_within_the_chart(edges):
    frame = charts.Frame(label="", x_label="off", y_label="rows")
    drawing = str(charts.histogram(frame, edges, (10, 10), zero="exactly right"))
    middle = float(re.search(r'<text x="([\d.]+)"[^>]*>exactly right<', drawing)[1])
    half = 6.6 * len("exactly right") / 2
    assert 6 + 6.6 * len("rows") < middle - half and middle + half <= 440


def test_histogram_bars_keep_their_area():
    frame = Frame(label="l", x_label="x", y_label="y")
    drawing = charts.histogram(frame, (0.0, 1.0, 3.0), (10, 10))
    bars = re.findall(r'y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"', drawing)
    (_, narrow, tall), (_, broad, low) = [tuple(map(float, b)) for b in bars]
    assert tall == pytest.approx(2 * low, rel=0.01) and broad > narrow


@pytest.mark.parametrize("kind", list(SplitKind))
@pytest.mark.parametrize(("folds", "holdout"), [(2, 0.0), (5, 0.2), (30, 0.01)])
def test_split_diagram_shows_one_validation_block_per_fold(kind, folds, holdout):
    problem = replace(samples.bank().problem, split=kind, n_folds=folds, holdout=holdout)
    drawing = str(charts.split_diagram(problem))
    ElementTree.fromstring(drawing)
    assert drawing.count('class="block chooses"') == min(folds, 8)
    assert drawing.count('class="lockbox"') == (1 if holdout else 0)
    assert ("later" in drawing) == (kind in (SplitKind.TIME, SplitKind.GROUP_TIME))
    assert all(float(x) <= 100 for x in re.findall(r'x="([\d.]+)%"', drawing))


def test_of_the_folds_those_are_drawn_that_were_used():
    drawing = str(charts.split_diagram(replace(samples.bank().problem, n_folds=5), 3))
    assert drawing.count('class="block chooses"') == 3 and "5 folds, of which 3 were used" in drawing
    assert drawing.count('class="block learns"') == 12


def test_effects_tell_levels_with_a_common_beginning_apart():
    effect = Effect(
        column="c",
        x=("Neighbourhood by the river 1", "Neighbourhood by the river 2", "missing"),
        y=(0.1, 0.2, 0.3),
        n=(3, 2, 1),
        words="",
    )
    drawing = str(charts.effect_chart(effect, (0.0, 0.4), ordered=False, outcome="chance"))
    labels = re.findall(r'class="tick tiny">([^<]+)<', drawing)
    assert labels == ["…1", "…2", "missing"]


def test_effects_of_numbers_leave_missing_out_of_the_line():
    effect = Effect(column="c", x=("1", "2", "3", "missing"), y=(0.1, 0.2, 0.3, 0.9), n=(1, 1, 1, 1), words="")
    drawing = str(charts.effect_chart(effect, (0.0, 1.0), ordered=True, outcome="chance"))
    assert len(re.search(r'd="M([^"]+)" class="line', drawing).group(1).split("L")) == 3
    assert drawing.count("<circle") == 4


def test_a_sparkline_of_two_values_shows_how_many_of_each_there_are():
    column = ColumnProfile(name="x", kind="boolean", n_missing=0, n_distinct=2, mean=0.25, minimum=0.0, maximum=1.0,
                           quantiles=(0.0, 0.0, 0.0, 0.0, 0.25, 1.0, 1.0), edges=(0.0, 1.0), counts=(200,))  # fmt: skip
    assert counts_of_two(column) == (150, 50)
    heights = [float(h) for h in re.findall(r"v-([\d.]+)h", sparkline(column))]
    assert len(heights) == 2 and heights[0] == pytest.approx(3 * heights[1], abs=0.2)
    assert counts_of_two(replace(column, n_distinct=3)) is None


def test_a_named_point_and_a_level_do_not_write_over_each_other():
    frame = Frame(label="l", x_label="x", y_label="y", x_domain=(0.0, 1.0), y_domain=(-30.0, 20.0))
    series = Series(x=(0.0, 0.15, 1.0), y=(0.0, 6.0, -20.0))
    marks = [Mark(x=0.15, y=6.0, words="decided: 14%"), Mark(x=None, y=0.0, words="nothing gained")]
    drawn = line_chart(frame, [series], marks)
    base = {words: float(y) for y, words in re.findall(r'<text[^>]* y="([\d.]+)"[^>]*>([a-z: \d%]+)</text>', drawn)}
    assert abs(base["decided: 14%"] - base["nothing gained"]) > 13


def test_sparklines_exist_for_shapes_only():
    profile = samples.bank().profile
    assert "<path" in charts.sparkline(profile["age"]) and "<path" in charts.sparkline(profile["job"])
    assert charts.sparkline(replace(profile["age"], edges=(), counts=(), top=())) == ""
    assert charts.sparkline(replace(profile["age"], edges=(1.0, 1.0), counts=(5,))) == ""
