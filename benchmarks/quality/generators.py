"""What features made of two columns are worth, to a model alone and to an ensemble; on the same rows and folds.

    python benchmarks/quality/generators.py --data DATA --to OUT --only diamonds,adult

Sets are those of the part ``develop``, thinned to ``--rows``. Every fold fits LightGBM and CatBoost with and without
the features, XGBoost and extra trees; 15 % of its training rows stop the boosting. Ensembles are chosen on one half of
the out-of-fold predictions and judged on the other, three times over. OUT/<set>.json keeps what was measured, and a
rerun takes it from there. Seconds are those of the processor.
"""

from __future__ import annotations

import argparse
import csv
import json
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from metrics import score
from sets import Set, choose, read_sets
from split import load

MEMBERS = {
    "lightgbm": ("lightgbm", "trees"),
    "lightgbm crossed": ("lightgbm", "crossed"),
    "catboost": ("catboost", "native"),
    "catboost crossed": ("catboost", "native_crossed"),
    "xgboost": ("xgboost", "trees"),
    "extra_trees": ("extra_trees", "trees"),
}
PLAIN = ("lightgbm", "catboost", "xgboost", "extra_trees")
ENSEMBLES = {
    "+ lightgbm crossed": (*PLAIN, "lightgbm crossed"),
    "+ catboost crossed": (*PLAIN, "catboost crossed"),
    "+ both": (*PLAIN, "lightgbm crossed", "catboost crossed"),
}
STOP_SHARE = 0.15
PACE = 2.0
"""CatBoost is asked for half of its usual time, as it is when the budget is short."""
HALVINGS = 3
LEAST_OF_CLASS = 8


def main(words: Sequence[str] | None = None) -> None:
    """Measure the sets that are not there yet, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--to", type=Path, required=True)
    parser.add_argument("--only", default="", help="names of sets, separated by commas")
    parser.add_argument("--rows", type=int, default=3_000)
    parser.add_argument("--folds", type=int, default=3)
    asked = parser.parse_args(words)
    asked.to.mkdir(parents=True, exist_ok=True)
    import catboost  # noqa: F401  first, so that nobody's seconds hold it

    from modelwright.train.work import preload

    preload()
    with open(asked.data / "INDEX.csv", newline="") as handle:
        files = {row["name"]: asked.data / row["dir"] / row["main_file"] for row in csv.DictReader(handle)}
    told = {}
    for one in choose(read_sets(), names=asked.only, part="develop"):
        place = asked.to / f"{one.name}.json"
        if not place.is_file():
            place.write_text(json.dumps(_measured(one, files[one.name], asked.rows, asked.folds)))
        told[one.name] = json.loads(place.read_text())
    crossed = [name for name in MEMBERS if name.endswith(" crossed")]
    _show("change of the loss, per cent, and of seconds", crossed, told, lambda t, m: t["alone"][m])
    _show("change of the ensemble's loss, per cent", list(ENSEMBLES), told, lambda t, m: t["ensembles"][m])


def _show(title: str, names: list[str], told: dict[str, Any], find: Callable[[Any, str], list[float]]) -> None:
    print(f"\n| {title} | " + " | ".join(names) + " |\n|---|" + "---|" * len(names))
    for name, table in told.items():
        cells = [f"{find(table, m)[0]:+.2f}" + "".join(f" (x {f:.1f})" for f in find(table, m)[1:]) for m in names]
        print(f"| {name} | " + " | ".join(cells) + " |")
    values = np.array([[find(table, m)[0] for m in names] for table in told.values()])
    error = values.std(axis=0, ddof=1) / np.sqrt(len(values)) if len(values) > 1 else np.full(len(names), np.nan)
    print("| mean | " + " | ".join(f"{m:+.2f} ± {e:.2f}" for m, e in zip(values.mean(axis=0), error)) + " |")
    print("| better / worse | " + " | ".join(f"{(v < 0).sum()} / {(v > 0).sum()}" for v in values.T) + " |", flush=True)


def _measured(one: Set, path: Path, most_rows: int, folds: int) -> dict[str, Any]:
    from modelwright.data.columns import take

    columns, contract, y, n_classes = _table(one, path, most_rows)
    outputs = {name: np.zeros((len(y), max(1, n_classes))) for name in MEMBERS}
    losses: dict[str, list[float]] = {name: [] for name in MEMBERS}
    seconds = dict.fromkeys(MEMBERS, 0.0)
    fold_of = _folds(y, n_classes, folds)
    for fold in range(folds):
        train, valid = np.flatnonzero(fold_of != fold), np.flatnonzero(fold_of == fold)
        for name, (learner, view) in MEMBERS.items():
            started = time.process_time()
            predict = _fitted(learner, view, take(columns, train), contract, y[train], n_classes, fold)
            seconds[name] += time.process_time() - started
            outputs[name][valid] = predict(take(columns, valid))
            losses[name].append(_loss(one.objective, y[valid], outputs[name][valid]))
    plain = {name: name.removesuffix(" crossed") for name in MEMBERS}
    alone = {
        name: [
            100.0 * (np.mean(losses[name]) / np.mean(losses[plain[name]]) - 1.0),
            seconds[name] / seconds[plain[name]],
        ]
        for name in MEMBERS
    }
    chosen = partial(_ensemble, one.objective, y, outputs)
    base = chosen(PLAIN)
    ensembles = {name: [100.0 * float(np.mean(chosen(of) / base - 1.0))] for name, of in ENSEMBLES.items()}
    return {"alone": alone, "ensembles": ensembles, "losses": losses, "seconds": seconds}


def _table(one: Set, path: Path, most_rows: int) -> tuple[Any, Any, np.ndarray, int]:
    """Return columns, contract, target and the number of classes, rare ones left out."""
    import pyarrow as pa

    from modelwright.data.canonical import canonicalise
    from modelwright.data.kinds import infer_contract

    frame = load(one, path)
    if one.objective != "regression":
        counts = frame[one.target].value_counts()
        frame = frame[frame[one.target].isin(counts[counts >= LEAST_OF_CLASS].index)]
    frame = frame.iloc[np.random.default_rng(0).permutation(len(frame))[:most_rows]]
    answer, features = frame[one.target].to_numpy(), frame.drop(columns=one.target)
    table = pa.Table.from_pandas(features, preserve_index=False)
    contract = infer_contract(table)
    columns, _ = canonicalise(table, contract)
    if one.objective == "regression":
        return columns, contract, answer.astype(np.float64), 0
    levels, codes = np.unique(answer.astype(str), return_inverse=True)
    return columns, contract, codes.astype(np.float64), len(levels)


def _folds(y: np.ndarray, n_classes: int, folds: int) -> np.ndarray:
    """Return the fold of each row, at random, with equal shares of each class."""
    order = np.random.default_rng(1).permutation(len(y))
    if n_classes:
        order = order[np.argsort(y[order], kind="stable")]
    fold_of = np.empty(len(y), dtype=int)
    fold_of[order] = np.arange(len(y)) % folds
    return fold_of


def _fitted(
    name: str, view: str, columns: Any, contract: Any, y: np.ndarray, n_classes: int, fold: int
) -> Callable[[Any], np.ndarray]:
    from modelwright import learners
    from modelwright.features.views import fit_view
    from modelwright.learners.base import Deadline, FitContext

    objective = "classify" if n_classes else "regress"
    plan, train = fit_view(view, columns, contract, y, objective=objective, n_classes=n_classes, seed=fold)
    context = FitContext(
        objective=objective,
        n_classes=n_classes,
        metric="log_loss" if n_classes else "rmse",
        seed=1000 * fold,
        threads=1,
        deadline=Deadline(),
    )
    learner = learners.get(name)
    settings = learner.portfolio(n_rows=len(y), n_features=len(plan.names), n_classes=n_classes)[0]
    if name == "catboost":
        settings = learner.quicker(settings, PACE)
    stop, rest = np.split(np.random.default_rng(fold).permutation(len(y)), [round(STOP_SHARE * len(y))])
    stop, rest = np.sort(stop), np.sort(rest)
    if learner.card.watches:
        made = learner.fit(train.take(rest), y[rest], settings, context, valid=(train.take(stop), y[stop]))
    else:
        made = learner.fit(train, y, settings, context)
    return lambda rows: made.scorer.predict(plan(rows).matrix)


def _loss(objective: Any, y: np.ndarray, table: np.ndarray) -> float:
    classes = [str(i) for i in range(table.shape[1])] if objective != "regression" else []
    truth = np.array(classes, dtype=object)[y.astype(int)] if classes else y
    return score(objective, truth, table, classes)


def _ensemble(objective: Any, y: np.ndarray, outputs: dict[str, np.ndarray], names: Sequence[str]) -> np.ndarray:
    """Return losses of ensembles of these members on the halves of the rows that they were not chosen on."""
    from modelwright.train.ensemble import greedy_weights

    predictions = np.stack([outputs[name] for name in names])
    losses = []
    for seed in range(HALVINGS):
        halves = np.array_split(np.random.default_rng(seed).permutation(len(y)), 2)
        for chosen, judged in (halves, halves[::-1]):
            weights = greedy_weights(partial(_loss, _smooth(objective)), y[chosen], predictions[:, chosen])
            losses.append(_loss(objective, y[judged], np.tensordot(weights, predictions[:, judged], 1)))
    return np.array(losses)


def _smooth(objective: str) -> str:
    """Return by what members are chosen: of two classes by the log loss too."""
    return "multiclass" if objective == "binary" else objective


if __name__ == "__main__":
    main()
