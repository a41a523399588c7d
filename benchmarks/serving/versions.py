"""The data of the benchmark, and a project with three versions of it: boosted trees, linear, an ensemble of five.

    python benchmarks/serving/versions.py --data DATA --set adult --to FOLDER

The versions are fitted by Modelwright's own encoders and learners and packaged by its own writer; the search for the
best settings is left out, since nobody's speed depends on it.
"""

from __future__ import annotations

import argparse
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

SEED = 0
TEST_SHARE = 0.2
TREES = 200
"""Rounds of every booster, ours and the peers'."""

VERSIONS: dict[str, tuple[str, ...]] = {
    "trees": ("lightgbm",),
    "linear": ("linear",),
    "ensemble": ("lightgbm", "xgboost", "catboost", "mlp", "linear"),
}
"""Learners by name of the version; they are versions 1, 2 and 3 of the project."""


@dataclass(frozen=True)
class DataSet:
    """A set: file below the data folder, target, objective, columns that are no features."""

    file: str
    target: str
    objective: str
    dropped: tuple[str, ...] = ()
    transform: str = "identity"


SETS: dict[str, DataSet] = {
    "adult": DataSet("adult/data.csv.gz", "income", "classify", ("part",)),
    "ames_housing": DataSet(
        "ames_housing/ames.csv", "price", "regress", ("rownames", "Order", "PID"), transform="log1p"
    ),
}


def read_set(data: Path, name: str) -> tuple[dict[str, list[Any]], list[Any], np.ndarray]:
    """Return columns without the target, the target, and which rows are for testing.

    Numbers are numbers, as in a request, and not the texts of the file: so it is for everybody.
    """
    from modelwright.data.kinds import infer_contract
    from modelwright.data.reading import read_table

    about = SETS[name]
    table, _ = read_table(data / about.file)
    contract = infer_contract(table)
    columns = {s.name: _typed(table.column(s.name), s) for s in contract.columns if s.name not in about.dropped}
    target = columns.pop(about.target)
    order = np.random.default_rng(SEED).permutation(len(target))
    held = np.zeros(len(target), dtype=bool)
    held[order[: round(TEST_SHARE * len(target))]] = True
    return columns, target, held


def _typed(column: Any, spec: Any) -> list[Any]:
    """Return a column of a file as a client would send it: whole numbers, numbers, texts, None."""
    from modelwright.data.canonical import read_column
    from modelwright.data.contract import Kind

    if spec.kind is not Kind.NUMBER:
        return [v if v != "" else None for v in column.to_pylist()]
    read = read_column(column, spec).column
    values = [None if v != v else v for v in read.tolist()]
    whole = all(v is None or v.is_integer() for v in values)
    return [None if v is None else int(v) for v in values] if whole else values


def write_rows(data: Path, name: str, folder: Path) -> None:
    """Write what the peers learn from and are asked: ``train.json`` and ``test.json``, by column, the target beside."""
    columns, target, held = read_set(data, name)
    for part, mask in (("train", ~held), ("test", held)):
        chosen = np.flatnonzero(mask).tolist()
        rows = {n: [values[i] for i in chosen] for n, values in columns.items()}
        document = {"columns": rows, "target": [target[i] for i in chosen], "objective": SETS[name].objective}
        (folder / f"{part}.json").write_text(json.dumps(document))


def project_of(data: Path, name: str, folder: Path) -> tuple[Path, dict[str, int]]:
    """Return the project of a set below a folder, made where it is not there yet, and the number of each version."""
    project = (folder / name).resolve()
    if not (project / "champion.json").is_file():
        return project, build(data, name, project)
    return project, {kind: number for number, kind in enumerate(VERSIONS, start=1)}


def build(data: Path, name: str, project: Path) -> dict[str, int]:
    """Make the project anew; return the number of each version."""
    from modelwright.project import Project

    shutil.rmtree(project, ignore_errors=True)
    made = Project.create(project)
    parts = _prepared(data, name)
    numbers = {}
    for number, (kind, learners) in enumerate(VERSIONS.items(), start=1):
        _write(project / "versions" / str(number), number, name, learners, parts)
        numbers[kind] = number
    made.promote(1, by="benchmark")
    return numbers


def _prepared(data: Path, name: str) -> dict[str, Any]:
    import pyarrow as pa

    from modelwright.data.canonical import canonicalise
    from modelwright.data.columns import take
    from modelwright.data.kinds import infer_contract
    from modelwright.data.profiling import make_profile

    columns, target, held = read_set(data, name)
    table = pa.table(columns)
    contract = infer_contract(table)
    canonical, _ = canonicalise(table, contract)
    classes: tuple[str, ...] = ()
    if SETS[name].objective == "classify":
        classes = tuple(sorted(set(target)))
        y = np.array([classes.index(v) for v in target], dtype=np.float64)
    else:
        y = np.array(target, dtype=np.float64)
    train = take(canonical, np.flatnonzero(~held))
    return {
        "contract": contract,
        "train": train,
        "y": y[~held],
        "classes": classes,
        "profile": make_profile(train, contract),
    }


def _write(folder: Path, number: int, name: str, learners: tuple[str, ...], parts: dict[str, Any]) -> None:
    from modelwright.data.columns import take
    from modelwright.package.compiling import compile_plan
    from modelwright.package.parity import check_columns
    from modelwright.package.writing import Facts, write_version

    plan = _plan(name, learners, parts)
    facts = Facts(
        version=number,
        target=SETS[name].target,
        metric="roc_auc" if parts["classes"] else "rmse",
        documents={},
        rows={"used": len(parts["y"])},
    )
    checks = take(parts["train"], np.arange(min(len(parts["y"]), 500)))
    compiled = compile_plan(plan, check_columns(checks, plan.contract, seed=SEED))
    write_version(folder, compiled, facts=facts, profile=parts["profile"], seed=SEED)


def _plan(name: str, names: tuple[str, ...], parts: dict[str, Any]) -> Any:
    from modelwright import learners
    from modelwright.features.views import fit_view
    from modelwright.learners.base import Deadline, FitContext
    from modelwright.runtime import Plan, PlanMember, TargetTransform

    about, n_classes = SETS[name], len(parts["classes"])
    transform = TargetTransform(name=about.transform, low=0.0 if about.transform == "log1p" else None)
    y = transform.forward(parts["y"])
    metric = "roc_auc" if n_classes else "rmse"
    context = FitContext(
        objective=about.objective, n_classes=n_classes, metric=metric, seed=SEED, threads=2, deadline=Deadline()
    )
    views: dict[str, Any] = {}
    fitted: dict[str, Any] = {}
    members = []
    for learner_name in names:
        learner = learners.get(learner_name)
        key = learner.card.view
        if key not in views:
            views[key], fitted[key] = fit_view(
                key, parts["train"], parts["contract"], y, objective=about.objective, n_classes=n_classes, seed=SEED
            )
        settings = learner.portfolio(n_rows=len(y), n_features=len(fitted[key].names), n_classes=n_classes)[0]
        iterations = TREES if learner_name in ("lightgbm", "xgboost", "catboost") else None
        made = learner.fit(fitted[key], y, settings, context, iterations=iterations)
        members.append(PlanMember(name=learner_name, view=key, scorer=made.scorer, weight=1 / len(names)))
    used = {n for view in views.values() for n in view.inputs}
    return Plan(
        contract=parts["contract"].only(used),
        objective=about.objective,
        classes=parts["classes"],
        views=views,
        members=tuple(members),
        transform=transform,
        threshold=0.5 if n_classes == 2 else None,
    )


def main() -> None:
    """Make the project of a set."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--set", choices=sorted(SETS), required=True)
    parser.add_argument("--to", type=Path, required=True)
    asked = parser.parse_args()
    print(json.dumps(build(asked.data, asked.set, asked.to)))


if __name__ == "__main__":
    main()
