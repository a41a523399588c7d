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

Each run is a line of OUT/coverage-quick.jsonl (or coverage-job.jsonl): broken off, the same command goes on.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import tempfile
import time
import zlib
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from asking import share_with_interval, write_results
from tables import BASES, Entry, load, read_index

MOST_TRUTH = 10_000
CLASSES = (
    "adult,bank_marketing,credit_card_default,give_me_some_credit,hr_left,magic_gamma,spambase,telco_churn,phoneme"
)
MANY = "covertype_20k,letter_recognition,nursery,pendigits,satimage"
VALUES = (
    "abalone,bike_sharing_hourly,california_housing,cps_wages_1988,cpu_activity,diamonds,fried,kin8nm,"
    "melbourne_housing,power_plant_ccpp,wine_quality"
)
GROUPS = {"turbofan_fd001": "unit", "school_star": "schidkn", "movielens_100k": "user", "livestock_australia": "State"}
LEFT_OUT = {
    "school_star": ("rownames", "treadssk"),
    "turbofan_fd001": (),
    "livestock_australia": ("rownames",),
    "movielens_100k": ("ts",),
}


@dataclass(frozen=True)
class Plan:
    """A class of problems: sets, rows given to the job (or share of the groups), share of the event (0: as it is)."""

    name: str
    sets: str
    rows: int
    event: float = 0.0
    groups: float = 0.0


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


@dataclass(frozen=True)
class Task:
    """One run."""

    plan: Plan
    entry: Entry
    seed: int
    quick: bool
    budget: str

    @property
    def key(self) -> str:
        return f"{self.plan.name} | {self.entry.name} | {self.seed}"


def drawn(task: Task) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows for the job, in random order, and those held out."""
    rng = np.random.default_rng([task.seed, zlib.crc32(task.key.encode())])
    name, target = task.entry.name, task.entry.target
    frame = load(task.entry, most_rows=60_000, without=BASES.get(name, LEFT_OUT.get(name, ())))
    frame = frame[frame[target].str.strip() != ""].reset_index(drop=True)
    frame = frame.iloc[rng.permutation(len(frame))].reset_index(drop=True)
    plan = task.plan
    if plan.groups:
        unit = frame[GROUPS[name]]
        ids = rng.permutation(np.unique(unit))
        mine = unit.isin(ids[: max(10, int(plan.groups * len(ids)))])
        if mine.sum() > plan.rows:  # fewer groups, not fewer rows of each
            sizes = unit[mine].value_counts().sample(frac=1, random_state=task.seed)
            mine = unit.isin(sizes.index[: max(10, int((sizes.cumsum() <= plan.rows).sum()))])
        return frame[mine].reset_index(drop=True), frame[~mine].reset_index(drop=True).iloc[:MOST_TRUTH]
    if plan.event:
        rare = frame[target] == frame[target].value_counts().index[-1]
        keep = rare & (rng.random(len(frame)) < plan.event / (1 - plan.event) * (~rare).sum() / max(1, rare.sum()))
        frame = frame[keep | ~rare].reset_index(drop=True)
    return frame.iloc[: plan.rows], frame.iloc[plan.rows : plan.rows + MOST_TRUTH]


def as_numbers(frame: pd.DataFrame, names: list[str]) -> np.ndarray:
    """Return columns as numbers, words by the rank of how often they occur; nothing missing."""
    columns = []
    for name in names:
        values = pd.to_numeric(frame[name], errors="coerce")
        if values.isna().mean() > 0.5:
            codes = frame[name].map({v: i for i, v in enumerate(frame[name].value_counts().index)})
            values = codes.clip(upper=50)
        columns.append(values.fillna(values.median()).fillna(0).to_numpy(float))
    return np.column_stack(columns)


def candidates(k: int, seed: int) -> list[Any]:
    """Return three cheap models."""
    from lightgbm import LGBMClassifier, LGBMRegressor
    from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    boosted = {
        "n_estimators": 40 if k < 5 else 15,
        "num_leaves": 15,
        "min_child_samples": 5,
        "n_jobs": 1,
        "verbosity": -1,
    }
    if k:
        linear: Any = LogisticRegression(max_iter=200)
        trees = ExtraTreesClassifier(40, min_samples_leaf=2, random_state=seed, n_jobs=1)
        return [LGBMClassifier(**boosted), trees, make_pipeline(StandardScaler(), linear)]
    trees = ExtraTreesRegressor(40, min_samples_leaf=2, random_state=seed, n_jobs=1)
    return [LGBMRegressor(**boosted), trees, make_pipeline(StandardScaler(), Ridge())]


def fitted(model: Any, x: np.ndarray, y: np.ndarray, new: np.ndarray, k: int) -> np.ndarray:
    """Return predictions, shape (n_new, n_outputs), for rows that the model was not fitted on."""
    if not k:
        return model.fit(x, y).predict(new).reshape(-1, 1)
    found = np.full((len(new), k), 1e-4)
    if len(np.unique(y)) > 1:
        model.fit(x, y.astype(int))
        found[:, model.classes_.astype(int)] = np.maximum(model.predict_proba(new), 1e-4)
    else:
        found[:, int(y[0])] = 1.0
    return found / found.sum(axis=1, keepdims=True)


def quick(task: Task) -> dict:
    """Run what decides the interval, with cheap candidates."""
    from modelwright import objectives
    from modelwright.brief import Brief
    from modelwright.data.columns import Strings
    from modelwright.evaluate.intervals import measure
    from modelwright.evaluate.metrics import get
    from modelwright.evaluate.optimism import corrected, reselect
    from modelwright.frame.metric import choose_metric
    from modelwright.frame.problem import Problem, SplitKind
    from modelwright.frame.sizes import choose_folds, choose_holdout
    from modelwright.frame.split import make_folds
    from modelwright.frame.splitting import Split
    from modelwright.train.ensemble import greedy_weights

    given, held = drawn(task)
    together = pd.concat([given, held], ignore_index=True)
    target, n = task.entry.target, len(given)
    group = GROUPS.get(task.entry.name) if task.plan.groups else None
    is_values = task.plan.name.startswith(("values", "groups"))
    classes: tuple[str, ...] = ()
    if is_values:
        y_all = pd.to_numeric(together[target], errors="coerce").to_numpy(float)
    else:
        classes = tuple(given[target].value_counts().index)
        y_all = together[target].map({c: i for i, c in enumerate(classes)}).to_numpy(float)
    kept = np.isfinite(y_all)
    together, y_all, n = together[kept].reset_index(drop=True), y_all[kept], int(kept[:n].sum())
    x_all = as_numbers(together, [c for c in together if c not in (target, group)])
    x, y, k = x_all[:n], y_all[:n], len(classes)

    objective = objectives.get("regress" if is_values else "classify")
    metric = get(choose_metric(objective, y, classes, Brief(target=target)).value)
    column = None if group is None else Strings.from_values(together[group].tolist()[:n])
    kind = SplitKind.GROUP if group else SplitKind(objective.default_split()[0])
    split = Split(kind=kind, group=group, n_groups=None if column is None else int(column.codes.max()) + 1)
    holdout, _ = choose_holdout(objective, y, classes, split)
    n_folds, n_repeats, _ = choose_folds(objective, y, classes, split, holdout)
    problem = Problem(
        objective=objective.name, target=target, classes=classes, metric=metric.name, split=kind, group=group,
        time=None, n_folds=n_folds, n_repeats=n_repeats, holdout=holdout, features=(), n_rows=n, choices=(),
    )  # fmt: skip
    folds = make_folds(problem, y, {} if column is None else {str(group): column}, task.seed)
    rest = np.setdiff1d(np.arange(n), folds.holdout)
    models = candidates(k, task.seed)

    oof = np.zeros((len(models), n, max(1, k)))
    times = np.zeros(n)
    for train, valid in folds.folds:
        times[valid] += 1
        for i, model in enumerate(models):
            oof[i, valid] += fitted(model, x[train], y[train], x[valid], k)
    oof = oof[:, rest] / times[rest][:, None]
    weights = greedy_weights(metric.loss, y[rest], oof, seed=task.seed)

    def ensemble(rows: np.ndarray, new: np.ndarray) -> np.ndarray:
        return sum(w * fitted(m, x[rows], y[rows], new, k) for m, w in zip(models, weights) if w)  # type: ignore

    groups = folds.groups
    if len(folds.holdout):
        boxed = None if groups is None else groups[folds.holdout]
        found = measure(metric, y[folds.holdout], ensemble(rest, x[folds.holdout]), groups=boxed, seed=task.seed)
    else:
        own = None if groups is None else groups[rest]
        plain = measure(metric, y[rest], np.tensordot(weights, oof, axes=1), groups=own, seed=task.seed)

        def select(rows: np.ndarray) -> np.ndarray:
            return greedy_weights(metric.loss, y[rest][rows], oof[:, rows], seed=task.seed)

        found = corrected(plain, y[rest], reselect(oof, select, groups=own, seed=task.seed))
    truth_groups = None
    if group is not None:
        truth_groups = np.unique(together[group].to_numpy(str)[n:], return_inverse=True)[1]
    truth = measure(metric, y_all[n:], ensemble(np.arange(n), x_all[n:]), groups=truth_groups, seed=task.seed)
    return scored(task, metric.name, found, truth, n, "lockbox" if len(folds.holdout) else "cross-validation")


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
        return {**told, "covered": None}
    better = (truth.value > found.value) == found.greater_is_better
    up = truth.value > found.value
    reach = found.high - found.value if up else found.value - found.low
    own = truth.value - truth.low if up else truth.high - truth.value
    told["plain"] = bool(found.low <= truth.value <= found.high)
    told["covered"] = bool(abs(truth.value - found.value) <= math.hypot(reach, own))
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
    for seed in range(asked.seeds):
        for plan in PLANS:
            for name in plan.sets.split(","):
                if name in index and (not asked.only or asked.only in plan.name):
                    yield Task(plan, index[name], seed, asked.quick, asked.budget)


def summary(results: list[dict], quick_: bool) -> list[str]:
    """Return coverage by class of problem."""
    good = [r for r in results if r["covered"] is not None]
    lines = [
        f"# Coverage of the 95 % interval of the headline score ({'quick' if quick_ else 'whole job'})",
        "",
        "| problems | runs | covered | plain | low | high | of lockboxes | of cross-validation |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name in (*(p.name for p in PLANS), "all"):
        rows = [r for r in good if name in (r["plan"], "all")]
        if not rows:
            continue

        def share(part: list[dict], what: str = "covered") -> str:
            return share_with_interval(sum(r[what] for r in part), len(part))

        by = [[r for r in rows if r["where"] == w] for w in ("lockbox", "cross-validation")]
        low, high = (sum(r["side"] == s for r in rows) for s in ("low", "high"))
        lines.append(
            f"| {name} | {len(rows)} | {share(rows)} | {share(rows, 'plain')} | {low} | {high} | "
            f"{share(by[0])} | {share(by[1])} |"
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
