"""Metrics: read back by a strict reader of the exposition format, and summed over workers."""

from __future__ import annotations

import math
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwright.errors import ProjectError
from modelwright.serve.metrics import (
    EVERY,
    FEATURES,
    LOOKED,
    PROBABILITY_EDGES,
    WINDOW,
    Metrics,
    ModelMetrics,
    value_edges,
)
from modelwright.serve.series import Store, read_others

from .running import Wire, make_project, request, serving

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)')
SAMPLE = re.compile(rf"({NAME})(?:\{{(.*)\}})? (\S+)")
Labels = frozenset[tuple[str, str]]


@dataclass
class Told:
    """A family as it was read."""

    kind: str
    samples: dict[tuple[str, Labels], float] = field(default_factory=dict)


def read(raw: bytes) -> dict[str, Told]:
    """Read a page as strictly as the format and ``promtool check metrics`` have it."""
    text = raw.decode("utf-8")
    assert text.endswith("\n") and "\r" not in text
    families: dict[str, Told] = {}
    current = ""
    for line in text.split("\n")[:-1]:
        if line.startswith("# HELP "):
            current, _, told = line[7:].partition(" ")
            assert re.fullmatch(NAME, current) and current not in families and told.endswith(".")
        elif line.startswith("# TYPE "):
            name, kind = line[7:].split(" ")
            assert name == current and name not in families and kind in {"counter", "gauge", "histogram"}
            assert (kind == "counter") == name.endswith("_total")
            families[name] = Told(kind)
        else:
            _read_sample(line, families[current], current)
    for name, family in families.items():
        assert family.samples, f"{name} has no samples"
        if family.kind == "histogram":
            _check_histogram(name, family)
    return families


def _read_sample(line: str, family: Told, current: str) -> None:
    found = SAMPLE.fullmatch(line)
    assert found, line
    name, inside, number = found.groups()
    suffixes = ("_bucket", "_sum", "_count") if family.kind == "histogram" else ("",)
    assert name in {current + s for s in suffixes}
    labels, rest = {}, inside or ""
    while rest:
        one = LABEL.match(rest)
        assert one, rest
        assert one[1] not in labels
        labels[one[1]] = re.sub(r'\\(["\\n])', lambda m: "\n" if m[1] == "n" else m[1], one[2])
        rest = rest[one.end() :]
    key = (name, frozenset(labels.items()))
    assert key not in family.samples, f"{line} twice"
    family.samples[key] = float(number)
    assert family.kind == "gauge" or family.samples[key] >= 0 or name.endswith("_sum")


def _check_histogram(name: str, family: Told) -> None:
    buckets: dict[Labels, list[tuple[float, float]]] = {}
    for (sample, labels), value in family.samples.items():
        if sample == f"{name}_bucket":
            edge = dict(labels)["le"]
            own = frozenset(pair for pair in labels if pair[0] != "le")
            buckets.setdefault(own, []).append((float(edge), value))
    for own, found in buckets.items():
        edges, counts = [e for e, _ in found], [c for _, c in found]
        assert edges == sorted(set(edges)) and edges[-1] == math.inf and counts == sorted(counts)
        assert family.samples[f"{name}_count", own] == counts[-1] and (f"{name}_sum", own) in family.samples


def value(families: dict[str, Told], name: str, /, **labels: str) -> float:
    family = next(f for n, f in families.items() if name in {n, f"{n}_bucket", f"{n}_sum", f"{n}_count"})
    return family.samples[name, frozenset(labels.items())]


def bank(metrics: Metrics, version: str = "3", features: tuple[str, ...] = ("age", "job")) -> ModelMetrics:
    return metrics.model(
        "bank", version, watched=["probability_yes"], edges=PROBABILITY_EDGES, features=features, digest="sha256:ab"
    )


def test_what_is_counted_is_told() -> None:
    metrics = Metrics()
    model = bank(metrics)
    metrics.began()
    metrics.began()
    metrics.ended("/predict", 200)
    model.observe(0.0003, {"prediction": ["yes"], "probability_yes": [0.3]})
    model.observe(99.0, {"probability_yes": [0.31, None, float("nan"), 1.0]})
    model.observe(0.0, {"prediction": ["yes"]})
    model.observe(0.0, {"probability_yes": [None]})
    model.observe(0.0, {"probability_yes": []})
    model.failed("MW-S101")
    metrics.logged({"written": 5, "dropped": 0})
    metrics.logged({"written": 7, "dropped": 0})
    told = read(metrics.render())
    of = {"model": "bank", "version": "3"}
    assert value(told, "model_infer_request_success_total", **of) == 5
    assert value(told, "model_infer_request_failure_total", **of, reason="MW-S101") == 1
    assert value(told, "request_predict_seconds_bucket", model_name="bank", le="0.0005") == 4
    assert value(told, "request_predict_seconds_bucket", model_name="bank", le="10.0") == 4
    assert value(told, "request_predict_seconds_sum", model_name="bank") == pytest.approx(99.0003)
    assert value(told, "model_prediction_value_bucket", **of, le="0.3") == 1, "a value on a bound is below it"
    assert value(told, "model_prediction_value_bucket", **of, le="0.4") == 2
    assert value(told, "model_prediction_value_count", **of) == 3
    assert value(told, "model_prediction_value_sum", **of) == pytest.approx(1.61)
    assert value(told, "http_requests_in_progress") == 1
    assert value(told, "http_requests_total", route="/predict", status="200") == 1
    assert value(told, "modelwright_log_records_total", result="written") == 7
    assert value(told, "model_info", name="bank", version="3", digest="sha256:ab", signed="false") == 1
    assert value(told, "process_start_time_seconds") > 1.6e9
    assert sys.platform != "linux" or value(told, "process_resident_memory_bytes") > 1e6


@given(st.lists(st.lists(st.floats(-10, 10), max_size=5), max_size=10))
def test_one_at_a_time_and_all_at_once_count_the_same(batches: list[list[float]]) -> None:
    pages = []
    for split in (False, True):
        metrics = Metrics()
        model = metrics.model("m", "1", watched=["prediction"], edges=(-1.0, 0.0, 0.5, 7.0))
        for batch in batches:
            for part in [[v] for v in batch] if split else [batch]:
                model.observe(0.0, {"prediction": part})
        pages.append(read(metrics.render())["model_prediction_value"].samples)
    for key, number in pages[0].items():
        assert number == pytest.approx(pages[1][key], abs=1e-9)


def test_of_many_classes_the_likeliest_is_told() -> None:
    metrics = Metrics()
    model = metrics.model("m", "1", watched=["probability_a", "probability_b"], edges=(0.5, 0.9))
    model.observe(0.0, {"probability_a": [0.2, 0.6], "probability_b": [0.8, 0.4]})
    told = read(metrics.render())
    assert value(told, "model_prediction_value_sum", model="m", version="1") == pytest.approx(1.4)


@pytest.mark.parametrize("watched", [["prediction"], ["probability_a", "probability_b"], ["probability_c"]])
def test_one_answer_counts_as_an_answer_of_one_row(watched: list[str]) -> None:
    answer = {"prediction": 0.7, "probability_a": 0.2, "probability_b": 0.8}
    pages = []
    for many in (True, False):
        metrics = Metrics()
        model = metrics.model("m", "1", watched=watched, edges=(0.5, 0.75))
        if many:
            metrics.began()
            model.observe(0.0003, {name: [value] for name, value in answer.items()})
            metrics.ended("/predict", 200)
        else:
            model.observe_one(0.0003, answer)
            metrics.told("/predict", 200)
        pages.append({name: f.samples for name, f in read(metrics.render()).items() if not name.startswith("process")})
    assert pages[0] == pages[1]


def test_missing_values_of_the_first_features() -> None:
    metrics = Metrics()
    names = tuple(f"f{i}" for i in range(FEATURES + 5))
    model = bank(metrics, features=names)
    model.look([{"f0": None, "f1": 0, "f2": "", "f3": float("nan")}], None)
    model.look([{"f0": 1, "f1": False, "f2": "x", "f3": 1.0}] * 3, None)
    model.look(None, {"f0": [1, 2, 3, 4]})
    samples = read(metrics.render())["model_feature_null_ratio"].samples
    by_name = {dict(labels)["feature"]: v for (_, labels), v in samples.items()}
    assert len(by_name) == FEATURES
    assert (by_name["f0"], by_name["f1"], by_name["f2"], by_name["f3"], by_name["f4"]) == (1 / 8, 0, 1 / 4, 1 / 4, 1)


def ratios(metrics: Metrics) -> dict[str, float]:
    samples = read(metrics.render())["model_feature_null_ratio"].samples
    return {dict(labels)["feature"]: v for (_, labels), v in samples.items()}


def test_missing_values_of_tables_are_those_of_their_lists() -> None:
    """Values of Arrow are counted in Arrow; one by one they come to the same."""
    columns = {
        "number": [1.5, None, float("nan"), 2.0],
        "whole": [1, None, 2, 3],
        "text": ["a", None, "", ""],
        "yes": [True, None, None, False],
        "nothing": [None] * 4,
        "unknown": [1] * 4,
    }
    whole = pa.table(columns)
    parts = pa.concat_tables([whole.slice(0, 1), whole.slice(1)])
    told = []
    for table in (columns, whole, parts, whole.cast(whole.schema.set(2, pa.field("text", pa.large_string())))):
        metrics = Metrics()
        bank(metrics, features=("number", "whole", "text", "yes", "nothing", "absent")).look(None, table)
        told.append(ratios(metrics))
    assert told == [{"number": 0.5, "whole": 0.25, "text": 0.75, "yes": 0.5, "nothing": 1.0}] * 4


def test_no_more_than_the_first_rows_of_a_request_are_looked_at() -> None:
    values = [None] * LOOKED + [1.0] * (9 * LOOKED)
    for records, columns in (
        ([{"age": v} for v in values], None),
        (None, {"age": values}),
        (None, {"age": np.array(values, dtype=float)}),
        (None, pa.table({"age": values})),
    ):
        metrics = Metrics()
        bank(metrics, features=("age",)).look(records, columns)
        assert ratios(metrics) == {"age": 1.0}


def test_of_single_rows_one_in_eight_is_looked_at() -> None:
    metrics = Metrics()
    model = bank(metrics, features=("age",))
    for i in range(10 * EVERY):
        model.look([{"age": None if i % EVERY == 0 else 1}], None)
    assert value(read(metrics.render()), "model_feature_null_ratio", model="bank", version="3", feature="age") == 1.0


def test_missing_values_of_long_ago_are_forgotten() -> None:
    metrics = Metrics()
    model = bank(metrics, features=("age",))
    for missing in (True, False):
        for _ in range(20):
            model.look([{"age": None if missing else 1}] * (WINDOW // 2), None)
    assert value(read(metrics.render()), "model_feature_null_ratio", model="bank", version="3", feature="age") < 0.01


@given(st.text(max_size=300))
def test_no_label_breaks_the_page(text: str) -> None:
    metrics = Metrics()
    bank(metrics, version=text).failed(text)
    metrics.ended(text, 200)
    told = read(metrics.render())
    (labels,) = (labels for _, labels in told["http_requests_total"].samples)
    assert dict(labels)["route"] == "".join(c if c.isprintable() else "\ufffd" for c in text[:200])


def test_a_flood_of_series_is_bounded_and_told() -> None:
    metrics = Metrics()
    for i in range(40_000):
        metrics.ended(f"/{i}", 200)
    told = read(metrics.render())
    assert 1000 < len(told["http_requests_total"].samples) < 40_000
    assert value(told, "modelwright_metrics_series_lost") > 0
    bank(metrics).observe(0.1, {"probability_yes": [0.5]})
    read(metrics.render())


def test_a_version_that_retires_keeps_its_counts() -> None:
    metrics = Metrics()
    old = bank(metrics, "1")
    old.observe(0.1, {"probability_yes": [0.5]})
    old.look([{}], None)
    old.retire()
    bank(metrics, "2")
    told = read(metrics.render())
    assert [dict(labels)["version"] for _, labels in told["model_info"].samples] == ["2"]
    assert value(told, "model_infer_request_success_total", model="bank", version="1") == 1
    assert "model_feature_null_ratio" not in told


def test_workers_are_summed(tmp_path: Path) -> None:
    workers = [Metrics(tmp_path, i) for i in range(3)]
    for i, metrics in enumerate(workers):
        model = bank(metrics)
        for _ in range(i + 1):
            model.observe(0.01, {"probability_yes": [0.5]})
        metrics.began()
    workers[2].model("bank", "9", watched=["prediction"], edges=(1.0, 2.0)).observe(0.0, {"prediction": [1.5]})
    pages = [read(m.render()) for m in workers]
    for told in pages:
        assert value(told, "model_infer_request_success_total", model="bank", version="3") == 6
        assert value(told, "request_predict_seconds_count", model_name="bank") == 7
        assert value(told, "http_requests_in_progress") == 3 and value(told, "modelwright_workers") == 3
        assert value(told, "model_prediction_value_count", model="bank", version="9") == 1
        assert len(told["model_info"].samples) == 2


def test_other_bounds_for_the_same_labels_do_not_break_the_page(tmp_path: Path) -> None:
    one, two = Metrics(tmp_path, 0), Metrics(tmp_path, 1)
    one.model("m", "1", watched=["prediction"], edges=(1.0,)).observe(0.0, {"prediction": [0.5]})
    two.model("m", "1", watched=["prediction"], edges=(2.0, 3.0)).observe(0.0, {"prediction": [0.5]})
    told = read(one.render())
    assert value(told, "model_prediction_value_count", model="m", version="1") == 1


def test_a_server_of_two_workers_tells_the_sum(tmp_path: Path) -> None:
    body = b'{"age": 33, "balance": 410.5, "job": "student"}'
    with serving(make_project(tmp_path / "made"), "--workers", "2") as server:
        for _ in range(40):  # connections are shared out by the system
            with Wire(server.port) as wire:
                wire.send(request("POST", "/predict", body) + request("POST", "/predict", b"{"))
                assert [getattr(wire.answer(), "status", 0) for _ in range(2)] == [200, 400]
        for _ in range(100):
            with Wire(server.port) as wire:
                wire.send(request("GET", "/metrics"))
                page = wire.answer()
            assert page is not None and page.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
            told = read(page.body)
            if value(told, "http_requests_in_progress") == 1:  # a connection that closes may still count for a moment
                break
            time.sleep(0.05)
    of = {"model": "made", "version": "1"}
    assert value(told, "modelwright_workers") == 2
    assert value(told, "model_infer_request_success_total", **of) == 40
    assert sum(told["model_infer_request_failure_total"].samples.values()) == 40
    assert value(told, "model_prediction_value_count", **of) == 40
    assert value(told, "http_requests_in_progress") == 1, "the one that asks"
    assert value(told, "http_requests_total", route="/predict", status="200") == 40


WORKER = """
import sys, time
from pathlib import Path
from modelwright.serve.metrics import Metrics, PROBABILITY_EDGES
metrics = Metrics(Path(sys.argv[1]), 1)
model = metrics.model("bank", "3", watched=["probability_yes"], edges=PROBABILITY_EDGES, features=["age"])
metrics.began()
for _ in range(1000):
    model.observe(0.001, {"probability_yes": [0.5]})
model.look([{}], None)
print("counted", flush=True)
time.sleep(60)
"""


def killed_worker(folder: Path) -> None:
    """Run a worker that counts a thousand requests, and kill it."""
    child = subprocess.Popen([sys.executable, "-c", WORKER, str(folder)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None and child.stdout.readline() == "counted\n"
    looking = Metrics(folder, 0)
    living = read(looking.render())
    looking.close()
    assert value(living, "modelwright_workers") == 2 and value(living, "http_requests_in_progress") == 1
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    child.stdout.close()


def test_a_killed_worker_stays_counted_and_its_successor_goes_on(tmp_path: Path) -> None:
    killed_worker(tmp_path)
    of = {"model": "bank", "version": "3"}
    first = Metrics(tmp_path, 0)
    told = read(first.render())
    assert value(told, "model_infer_request_success_total", **of) == 1000
    assert value(told, "http_requests_in_progress") == 0 and value(told, "modelwright_workers") == 1
    assert "model_info" not in told and "model_feature_null_ratio" not in told
    successor = Metrics(tmp_path, 1)
    bank(successor).observe(0.001, {"probability_yes": [0.5]})
    told = read(first.render())
    assert value(told, "model_infer_request_success_total", **of) == 1001
    assert value(told, "http_requests_in_progress") == 0
    assert len(list(tmp_path.iterdir())) <= 3


def test_two_workers_of_one_number_do_not_share_a_file(tmp_path: Path) -> None:
    old, new = Metrics(tmp_path, 0), Metrics(tmp_path, 0)
    for metrics in (old, new):
        metrics.ended("/predict", 200)
    assert value(read(new.render()), "http_requests_total", route="/predict", status="200") == 2
    old.close()
    third = Metrics(tmp_path, 0)
    assert len(list(tmp_path.iterdir())) == 2, "the file that was let go is gone on with"
    third.ended("/predict", 200)
    assert value(read(third.render()), "http_requests_total", route="/predict", status="200") == 3


@pytest.mark.parametrize("raw", [b"", b"x", b"\0" * 4096, b"MWm1" + b"\xff" * 4096, b"MWm1" + b"\1\0\0\0" + b"\0" * 8])
def test_damaged_files_are_left_out_and_begun_anew(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "metrics-7-0.bin").write_bytes(raw)
    metrics = Metrics(tmp_path, 0)
    metrics.ended("/a", 200)
    assert value(read(metrics.render()), "http_requests_total", route="/a", status="200") == 1
    again = Metrics(tmp_path, 7)
    again.ended("/a", 200)
    assert value(read(metrics.render()), "http_requests_total", route="/a", status="200") == 2


@given(st.integers(0, 400), st.integers(0, 255))
def test_a_changed_byte_in_another_file_breaks_no_page(
    tmp_path_factory: pytest.TempPathFactory, at: int, byte: int
) -> None:
    folder = tmp_path_factory.mktemp("metrics")
    other = Metrics(folder, 1)
    bank(other).observe(0.1, {"probability_yes": [0.5]})
    other.close()
    path = folder / "metrics-1-0.bin"
    raw = bytearray(path.read_bytes())
    raw[at] = byte
    path.write_bytes(raw)
    metrics = Metrics(folder, 0)
    bank(metrics).observe(0.1, {"probability_yes": [0.5]})
    assert value(read(metrics.render()), "model_infer_request_success_total", model="bank", version="3") >= 1
    metrics.close()


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ProjectError) as told:
        Metrics(tmp_path / "file", 0)
    assert told.value.code == "MW-P044"


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("kept")
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "metrics-0-0.bin").symlink_to(victim)
    with pytest.raises(ProjectError):
        Metrics(folder, 0)
    assert victim.read_text() == "kept"


def test_the_store_survives_being_read_back(tmp_path: Path) -> None:
    store = Store(tmp_path, 0)
    places = [store.place(f"s{i}", {"a": "b" * i}, count=i % 4 + 1) for i in range(100)]
    for number, at in enumerate(places):
        store.numbers[at] = float(number)
    assert [store.place(f"s{i}", {"a": "b" * i}, count=i % 4 + 1) for i in range(100)] == places
    (seen,) = read_others(tmp_path, None)
    assert [s.numbers[0] for s in seen.series] == [float(i) for i in range(100)] and seen.alive
    store.close()
    again = Store(tmp_path, 0)
    assert [again.numbers[again.place(f"s{i}", {"a": "b" * i}, count=i % 4 + 1)] for i in range(100)] == list(
        range(100)
    )


@pytest.mark.parametrize(
    "quantiles, edges",
    [
        ((0.0, 10.0), (0.0, 5.0, 10.0)),
        ((1.0, 1.0, 1.0), (1.0,)),
        ((), (0.0,)),
        ((float("nan"), float("inf"), 2.0), (2.0,)),
        ((-1.7e308, 1.7e308), (-1.7e308, 1.7e308)),
    ],
)
def test_bounds_from_quantiles(quantiles: tuple[float, ...], edges: tuple[float, ...]) -> None:
    assert value_edges(quantiles) == edges
