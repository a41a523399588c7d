"""Do the 95 % intervals of the headline score contain the truth?

    python benchmarks/judgement/coverage.py --data DATA --to OUT --quick [--seeds 4] [--workers 2]

For every class of problem (`PLANS`), set and seed some rows of a set are given to the job and the others, at most
10,000, are held out as the truth. The score of the final model on these is compared with the interval that the job
states.

With --quick only what decides the interval is run: the split, the lockbox or the repeated cross-validation and its
numbers, greedy selection, the measurement and its correction for choosing are the product's own; the candidates are
three cheap models (boosted trees, extra trees, linear) on columns as numbers. Without it the whole job runs with
--budget for each.

The held-out score is an estimate, too: with t the held-out score and s half its own 95 % interval on the side of the
stated value h, the run counts as covered where |h − t| is at most √(r² + s²), r the reach of the stated interval on the
side of t. Both errors are independent, so that this holds in 95 % of the runs where both intervals are right. The
column "plain" counts where t lies in the stated interval, without that allowance. "low" are the misses where the model
turned out worse than the interval says, "high" where it turned out better.

"rows alone" and "width" (with --quick): what the interval of the rows and of the choice alone would have covered, and
how much wider the median interval is for what `evaluate/allowances.py` adds.

Each run is a line of OUT/coverage-quick.jsonl (or coverage-job.jsonl): broken off, the same command goes on. What the
cheap models predict is kept in OUT/fits: without the lines, the same command judges other intervals with the same fits.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from asking import share_with_interval, write_results
from coverage_fits import GROUPS, Plan, Task, drawn, fits_of
from tables import Entry, halves, read_index

CLASSES = (
    "adult,bank_marketing,credit_card_default,give_me_some_credit,hr_left,magic_gamma,spambase,telco_churn,phoneme"
)
MANY = "covertype_20k,letter_recognition,nursery,pendigits,satimage"
VALUES = (
    "abalone,bike_sharing_hourly,california_housing,cps_wages_1988,cpu_activity,diamonds,fried,kin8nm,"
    "melbourne_housing,power_plant_ccpp,wine_quality"
)
PLANS = (
    Plan("two classes, 200 rows", CLASSES, 200),
    Plan("two classes, 1,000 rows", CLASSES, 1_000),
    Plan("two classes, 2,500 rows", CLASSES, 2_500),
    Plan("5 % events, 1,000 rows", CLASSES, 1_000, event=0.05),
    Plan("5 % events, 4,000 rows", "adult,bank_marketing,credit_card_default,magic_gamma", 4_000, event=0.05),
    Plan("many classes, 600 rows", MANY, 600),
    Plan("many classes, 3,000 rows", MANY, 3_000),
    Plan("values, 150 rows", VALUES, 150),
    Plan("values, 800 rows", VALUES, 800),
    Plan("values, 3,000 rows", VALUES, 3_000),
    Plan("groups, a third of them", "turbofan_fd001,school_star,movielens_100k", 4_000, groups=0.33),
)


def quick(task: Task) -> dict:
    """Run what decides the interval, with cheap candidates."""
    from modelwright.data.contract import Contract
    from modelwright.evaluate.allowances import Unseen, shared_training
    from modelwright.evaluate.evaluating import scores
    from modelwright.evaluate.evidence import Evidence
    from modelwright.evaluate.intervals import measure
    from modelwright.evaluate.metrics import get
    from modelwright.train.ensemble import greedy_weights

    fits = fits_of(task)
    metric, oof, boxed = get(fits.metric), fits.oof.mean(axis=0).astype(float), len(fits.box_y) > 0
    weights = greedy_weights(metric.loss, fits.y, oof, seed=task.seed)
    best = int(np.argmax(weights))

    def ensemble(predictions: np.ndarray) -> np.ndarray:
        return np.tensordot(weights, predictions.astype(float), axes=1)

    def select(rows: np.ndarray) -> np.ndarray:
        return greedy_weights(metric.loss, fits.y[rows], oof[:, rows], seed=task.seed)

    def groups(numbers: np.ndarray) -> np.ndarray | None:
        return numbers if len(numbers) else None

    # As `steps/learning.py` gathers it.
    n, size = len(fits.y), float(fits.sizes[-1])
    full = fits.box[0][best] if boxed else fits.oof[0][best]
    evidence = Evidence(
        y=fits.box_y if boxed else fits.y,
        prediction=ensemble(fits.box.mean(axis=0) if boxed else oof),
        groups=groups(fits.box_groups if boxed else fits.groups),
        columns={},
        contract=Contract(columns=(), rows_seen=len(fits.y)),
        measured_on="",
        candidates=None if boxed else oof,
        select=None if boxed else select,
        learning=tuple(zip(fits.sizes.tolist(), (*(c[best].astype(float) for c in fits.curve), full.astype(float)))),
        n_all=len(fits.y) + len(fits.box_y),
        inflation=1.0 if boxed else shared_training(n, size, n - size),
        unseen=Unseen(fits.y, ensemble(oof), groups(fits.groups)) if boxed else None,
    )
    found = scores((metric,), evidence, seed=task.seed)[metric.name][1]
    truth_groups = groups(fits.truth_groups)
    truth = measure(metric, fits.truth_y, ensemble(fits.truth), groups=truth_groups, seed=task.seed)
    where = "lockbox" if boxed else "cross-validation"
    told = scored(task, metric.name, found, truth, evidence.n_all, where)
    bare = scores((metric,), replace(evidence, learning=(), inflation=1.0, unseen=None), seed=task.seed)
    rows = scored(task, metric.name, bare[metric.name][1], truth, evidence.n_all, where)
    return told | {"rows_covered": rows["covered"], "rows_width": rows.get("width")}


def job(task: Task) -> dict:
    """Run the whole job, and let the version it leaves answer for the rows held out."""
    import modelwright as mw
    from modelwright.documents import load as load_document
    from modelwright.evaluate.intervals import measure
    from modelwright.evaluate.measurements import Evaluation

    given, held = drawn(task)
    target = task.entry.target
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        given.to_csv(path, index=False)
        held.to_csv(Path(folder) / "held.csv", index=False)
        brief: dict[str, Any] = {"group": GROUPS[task.entry.name]} if task.plan.groups else {}
        project = mw.run(
            str(path), target=target, budget=task.budget, project=Path(folder) / "p", seed=task.seed, **brief
        )
        evaluation = load_document(project.run_folder(project.runs()[-1]) / "evaluation.json", Evaluation)
        found, version = evaluation.headline, project.versions()[-1]
        answers = project.predict(str(Path(folder) / "held.csv"), version=version)
        classes = project.version(version).plan.classes
    if classes:
        y = held[target].str.strip().map({c: i for i, c in enumerate(classes)}).to_numpy(float)
        prediction = np.column_stack([np.asarray(answers[f"probability_{c}"], dtype=float) for c in classes])
    else:
        y = pd.to_numeric(held[target], errors="coerce").to_numpy(float)
        prediction = np.asarray(answers["prediction"], dtype=float).reshape(-1, 1)
    kept = np.isfinite(y)
    groups = None
    if task.plan.groups:
        groups = np.unique(held[GROUPS[task.entry.name]].to_numpy(str)[kept], return_inverse=True)[1]
    threshold = evaluation.threshold
    truth = measure(found.name, y[kept], prediction[kept], groups=groups, threshold=threshold, seed=task.seed)
    where = "lockbox" if "lockbox" in evaluation.measured_on else "cross-validation"
    return scored(task, found.name, found, truth, len(given), where)


def scored(task: Task, metric: str, found: Any, truth: Any, n: int, where: str) -> dict:
    """Return a run as a line."""
    told = {"key": task.key, "plan": task.plan.name, "set": task.entry.name, "seed": task.seed, "metric": metric}
    told |= {"n": n, "where": where, "value": found.value, "low": found.low, "high": found.high}
    told |= {"truth": truth.value, "truth_low": truth.low, "truth_high": truth.high, "n_truth": truth.n}
    told["method"] = found.method
    if None in (found.value, found.low, found.high, truth.value, truth.low, truth.high):
        return {**told, "covered": None, "rows_covered": None}
    better = (truth.value > found.value) == found.greater_is_better
    up = truth.value > found.value
    reach = found.high - found.value if up else found.value - found.low
    own = truth.value - truth.low if up else truth.high - truth.value
    told["plain"] = bool(found.low <= truth.value <= found.high)
    told["covered"] = bool(abs(truth.value - found.value) <= math.hypot(reach, own))
    told["width"] = found.high - found.low
    told["side"] = "" if told["covered"] else "high" if better else "low"
    return told


def run(task: Task) -> dict:
    """Run one task; what goes wrong with it becomes its line."""
    import warnings

    started = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            told = quick(task) if task.quick else job(task)
        except Exception as error:  # noqa: BLE001 - a run that fails is a line of the results
            told = {
                "key": task.key,
                "plan": task.plan.name,
                "covered": None,
                "error": f"{type(error).__name__}: {error}",
            }
    return {**told, "seconds": round(time.perf_counter() - started, 2)}


def tasks(index: dict[str, Entry], asked: argparse.Namespace) -> Iterator[Task]:
    """Yield the runs, seed by seed, so that a run broken off has something of everything."""
    for seed in range(asked.first_seed, asked.first_seed + asked.seeds):
        for plan in PLANS:
            for name in halves(plan.sets.split(","), asked.half):
                if name in index and (not asked.only or asked.only in plan.name):
                    yield Task(plan, index[name], seed, asked.quick, asked.budget, asked.to / "fits")


def summary(results: list[dict], quick_: bool) -> list[str]:
    """Return coverage by class of problem."""
    good = [r for r in results if r["covered"] is not None]
    lines = [
        f"# Coverage of the 95 % interval of the headline score ({'quick' if quick_ else 'whole job'})",
        "",
        "| problems | runs | covered | low | high | of lockboxes | of cross-validation | plain | rows alone | width |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name in (*(p.name for p in PLANS), "all"):
        rows = [r for r in good if name in (r["plan"], "all")]
        if not rows:
            continue

        def share(part: list[dict], what: str = "covered") -> str:
            return share_with_interval(sum(r[what] for r in part), len(part))

        by = [[r for r in rows if r["where"] == w] for w in ("lockbox", "cross-validation")]
        known = [r for r in rows if r.get("rows_covered") is not None and r["rows_width"] > 0]
        alone = share(known, "rows_covered")
        width = f"{np.median([r['width'] / r['rows_width'] for r in known]):.2f}" if known else "–"
        low, high = (sum(r["side"] == s for r in rows) for s in ("low", "high"))
        lines.append(
            f"| {name} | {len(rows)} | {share(rows)} | {low} | {high} | {share(by[0])} | {share(by[1])} | "
            f"{share(rows, 'plain')} | {alone} | {width} |"
        )
    lines += ["", f"Without an interval or failed: {len(results) - len(good)}."]
    errors = sorted({r["error"][:100] for r in results if r.get("error")})
    return [*lines, *(f"- {e}" for e in errors)]


def main() -> None:
    """Run what is not yet in the file, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--to", type=Path, required=True, help="folder for coverage.jsonl and coverage.md")
    parser.add_argument("--quick", action="store_true", help="the evaluation alone, with cheap models")
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--half", choices=("tune", "report", "all"), default="all", help="of the sets, by a hash")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--budget", default="20s", help="of each whole job")
    parser.add_argument("--only", default="", help="classes of problems with this in their name")
    asked = parser.parse_args()
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    asked.to.mkdir(parents=True, exist_ok=True)
    stem = f"coverage-{'quick' if asked.quick else 'job'}"
    path = asked.to / f"{stem}.jsonl"
    results = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    done = {r["key"] for r in results}
    todo = [t for t in tasks(read_index(asked.data), asked) if t.key not in done]
    with ProcessPoolExecutor(asked.workers) as pool, open(path, "a") as handle:
        for i, future in enumerate(as_completed([pool.submit(run, t) for t in todo])):
            results.append(future.result())
            handle.write(json.dumps(results[-1]) + "\n")
            handle.flush()
            print(f"{i + 1}/{len(todo)} {results[-1]['key']} {results[-1]['seconds']} s", flush=True)
    write_results(asked.to, stem, results, summary(results, asked.quick))


if __name__ == "__main__":
    main()
