"""Does monitoring cry wolf, and does it see one? On generated streams whose truth is known.

    python benchmarks/maintenance/detection.py [--seeds 10] [--rows 1000] [--trials 2] [--out results.json] [--speed]

One model per task is trained on the first seed's rows; streams of every kind are then watched window by window, with
labels of each window and without. Printed, beside what is to be reached:

- windows without drift with any alarm (at most 1 in 100);
- harmless drift: windows in which it was told, and not judged harmful (at least 90 %);
- columns that go together the other way round, each as before: streams in which it was told within two windows;
- harmful drift, with labels: streams in which a window was judged harmful within two windows (at least 95 %);
- broken feeds: windows judged broken (all of them);
- the loss without labels: windows whose interval held the real loss, where the relation has not changed (at least
  90 %); and, from the second window after such a change, how often it says "cannot tell" and how often it is wrong;
- ``--speed``: seconds of a drift check of 50,000 rows and 50 columns, canonical and answered (at most 0.1).
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from streams import BROKEN, KINDS, make_stream

import modelwright as mw
from modelwright.monitor import History, Judgement, Monitoring, watch
from modelwright.monitor.watching import watch_window
from modelwright.monitor.windows import Window


def watched(version: Any, kind: str, classify: bool, seed: int, rows: int, *, labels: bool) -> list[dict[str, Any]]:
    """Return what was told of each window of a stream, beside the truth."""
    stream, history, found = make_stream(kind, classify=classify, seed=10 * seed, window_rows=rows), History(), []
    for frame, truth in zip(stream.windows, stream.truth, strict=True):
        table = {name: frame[name].to_numpy() for name in frame.columns if name != stream.target}
        known = frame[stream.target].tolist()
        with_labels = watch(version, table, labels=known) if not labels else None
        told = watch(version, table, labels=known if labels else None, history=history)
        found.append({"truth": truth, **_short(told), "real": (with_labels or told).real})
    return found


def _short(told: Monitoring) -> dict[str, Any]:
    return {
        "judgement": told.judgement,
        "alarms": [(a.check, a.column, str(a.judgement)) for a in told.alarms],
        "estimated": told.estimated,
    }


def summed(results: dict[tuple[str, bool, int, bool], list[dict[str, Any]]]) -> dict[str, Any]:
    """Return the figures over all streams."""
    windows = [(key, w) for key, found in results.items() for w in found]
    quiet = [w for (kind, *_), w in windows if w["truth"] == "quiet" and kind in ("none", *BROKEN)]
    harmless = [w for _, w in windows if w["truth"] == "harmless"]
    broken = [w for _, w in windows if w["truth"] == "broken"]
    joint = [found for (kind, *_), found in results.items() if kind == "joint"]
    harmful = [found for (kind, _, _, labels), found in results.items() if kind in ("sudden", "recurring") and labels]
    gradual = [found for (kind, _, _, labels), found in results.items() if kind == "gradual" and labels]
    stable = [w for (kind, *_), w in windows if kind in ("none", "harmless") and w["estimated"] and w["real"]]
    return {
        "windows without drift": len(quiet),
        "false alarms": sum(bool(w["alarms"]) for w in quiet),
        "false alarms by check": dict(Counter(c for w in quiet for c, _, _ in w["alarms"])),
        "harmless told": _share([bool(w["alarms"]) for w in harmless]),
        "harmless not judged harmful": _share([w["judgement"] is not Judgement.HARMFUL for w in harmless]),
        "joint drift told in two windows": _share([_told_joint(f) for f in joint]),
        "harmful found in two windows": _share([_found(f) for f in harmful]),
        "gradual found before its end": _share([_found(f, 99) for f in gradual]),
        "broken recognised": _share([w["judgement"] is Judgement.BROKEN for w in broken]),
        "broken missed": dict(Counter(kind for (kind, *_), w in windows
                                      if w["truth"] == "broken" and w["judgement"] is not Judgement.BROKEN)),
        "estimate holds": _share([m["estimated"].low <= m["real"].value <= m["estimated"].high for m in stable]),
        "estimates": len(stable),
        **_after_change(results),
    }  # fmt: skip


def _after_change(results: dict[tuple[str, bool, int, bool], list[dict[str, Any]]]) -> dict[str, Any]:
    """Return how estimates fare once labels of the first changed window are known."""
    later = []
    for (kind, _, _, labels), found in results.items():
        if kind == "sudden" and labels:
            start = next(i for i, w in enumerate(found) if w["truth"] == "harmful")
            later += found[start + 1 :]
    wrong = [w for w in later if w["estimated"] and not w["estimated"].low <= w["real"].value <= w["estimated"].high]
    return {
        "after a change: cannot tell": _share([w["estimated"] is None for w in later]),
        "after a change: wrong": len(wrong) / max(len(later), 1),
    }


def _share(hits: list[bool]) -> str:
    return f"{sum(hits)} of {len(hits)} ({100 * sum(hits) / max(len(hits), 1):.1f} %)"


def _found(found: list[dict[str, Any]], within: int = 2) -> bool:
    start = next(i for i, w in enumerate(found) if w["truth"] == "harmful")
    return any(w["judgement"] is Judgement.HARMFUL for w in found[start : start + within])


def _told_joint(found: list[dict[str, Any]]) -> bool:
    start = next(i for i, w in enumerate(found) if w["truth"] == "joint")
    return any(check == "joint" for w in found[start : start + 2] for check, _, _ in w["alarms"])


def speed(rows: int = 50_000, columns: int = 50) -> dict[str, float]:
    """Return the seconds of a check of canonical rows that were answered already: the median of seven."""
    from types import SimpleNamespace

    from modelwright.data.columns import Strings
    from modelwright.data.contract import ColumnSpec, Contract, Kind
    from modelwright.package.reference.fitting import Judged, fit_reference

    rng = np.random.default_rng(0)
    levels = np.array([f"level {i}" for i in range(12)], dtype=object)
    numbers = {f"x{i}": rng.normal(size=rows) for i in range(columns - 10)}
    texts = {f"c{i}": Strings(rng.integers(0, 12, rows).astype(np.int32), levels) for i in range(10)}
    specs = [ColumnSpec(name=n, kind=Kind.NUMBER) for n in numbers]
    specs += [ColumnSpec(name=n, kind=Kind.CATEGORY, levels=tuple(levels), n_levels=12) for n in texts]
    contract = Contract(columns=tuple(specs), rows_seen=rows)
    chance = rng.random(rows)
    prediction = np.column_stack([1 - chance, chance])
    judged = Judged(rows=np.arange(rows), y=(rng.random(rows) < chance) * 1.0, prediction=prediction)
    reference = fit_reference({**numbers, **texts}, contract, judged=judged, metric="roc_auc", classes=("a", "b"))
    version: Any = SimpleNamespace(
        reference=reference,
        contract=contract,
        digest="sha256:0",
        manifest=SimpleNamespace(version=1, metric="roc_auc"),
        plan=SimpleNamespace(classes=("a", "b"), threshold=None),
    )
    window = Window(columns={**numbers, **texts}, n_rows=rows, prediction=prediction, unreadable={})
    wall, used = [], []
    for _ in range(7):
        began, began_cpu = time.perf_counter(), time.process_time()
        watch_window(version, window, history=History())
        wall.append(time.perf_counter() - began)
        used.append(time.process_time() - began_cpu)
    return {"seconds": float(np.median(wall)), "processor seconds": float(np.median(used))}


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--trials", type=int, default=2)
    parser.add_argument("--tasks", default="classify,regress")
    parser.add_argument("--projects", type=Path, help="Keep the trained projects here, and use those that are there.")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--speed", action="store_true", help="Measure the speed alone.")
    options = parser.parse_args()
    if options.speed:
        print(json.dumps(speed(), indent=1))
        return
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        for task in options.tasks.split(","):
            version = trained(task, options.projects or Path(folder), options.trials)
            for kind in KINDS:
                for seed in range(options.seeds):
                    for labels in (True, False):
                        key = (kind, task == "classify", seed, labels)
                        results[key] = watched(version, kind, task == "classify", seed, options.rows, labels=labels)
    figures = summed(results)
    print(json.dumps(figures, indent=1))
    if options.out:
        options.out.write_text(json.dumps(figures, indent=1) + "\n")


def trained(task: str, folder: Path, trials: int) -> Any:
    """Return the version that a run leaves, trained once."""
    place = folder / task
    if not (place / "ledger.jsonl").is_file():
        stream = make_stream("none", classify=task == "classify")
        mw.run(stream.train, target=stream.target, time=stream.time, trials=trials, members=1, project=str(place))
    return mw.Project(place).version(1)


if __name__ == "__main__":
    main()
