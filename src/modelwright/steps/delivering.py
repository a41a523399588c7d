"""From a measured model to something that can be used: package, judge, report."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from modelwright import __version__
from modelwright.brief.money import Money
from modelwright.data.columns import Column, Strings, take
from modelwright.documents import load, save, to_builtins
from modelwright.frame.problem import Problem
from modelwright.govern.verdict import Verdict
from modelwright.ledger import now
from modelwright.package.packaging import Packaged
from modelwright.running import Run
from modelwright.steps.explaining import simple_told
from modelwright.steps.learning import check_rows
from modelwright.steps.opening import plan_facts
from modelwright.steps.pacing import rows_for
from modelwright.steps.settling import final

if TYPE_CHECKING:
    from modelwright.evaluate.measurements import Evaluation
    from modelwright.package.reference.documents import Reference

__all__ = ["judge", "package", "report"]

LEAST_ROWS = 10_000
"""That monitoring is given to compare with, where there are so many and time is short: a share is known to a point."""


def software() -> dict[str, str]:
    """Return the versions of what made the model."""
    import platform
    from importlib.metadata import PackageNotFoundError, version

    found = {"modelwright": __version__, "python": platform.python_version()}
    for name in ("numpy", "scikit-learn", "lightgbm", "xgboost-cpu", "catboost"):
        with contextlib.suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def package(run: Run) -> Any:
    """Compile the scoring plan, compare it with the libraries, write the version."""
    from modelwright.package.abstaining import ABSTAINING
    from modelwright.package.assembling import assemble
    from modelwright.package.packaging import package as packaging
    from modelwright.package.unusual.documents import UNUSUAL_FILE
    from modelwright.steps.abstaining import abstaining
    from modelwright.steps.sureness import uncertainty, unusual

    written = _already_packaged(run)
    if written is not None:
        run.version = run.project.version(written.version)
        run.plan = run.version.plan
        return written
    run.fold_plans.clear()  # nobody asks them any more, and they take memory
    run.plan = assemble(run.outcome.members, plan_facts(run))
    sure = uncertainty(run)
    leaving, odd = abstaining(run, sure), unusual(run)
    packaged, run.version = packaging(
        run.project.path,
        run.plan,
        documents=dict(run.documents),
        digests=dict(run.digests),
        profile=run.documents["profile"],
        checks=check_rows(run),
        native={m.key: m.native for m in run.outcome.members if m.native is not None},
        limits=run.brief.limits,
        n_rows=len(run.rows),
        seed=run.brief.seed,
        uncertainty=sure,
        reference=_reference(run),
        parts={
            **({} if leaving is None else {ABSTAINING: leaving.document()}),
            **({} if odd is None else {UNUSUAL_FILE: odd.document()}),
        },
    )
    run.decide(
        "package",
        "parity",
        "plan and libraries agree",
        f"largest difference {packaged.parity.max_difference:.1e} on {packaged.parity.n_rows} rows",
        decided_by="measurement",
    )
    return packaged


def _reference(run: Run) -> Reference:
    """Return what monitoring will compare with: the training rows, and what the models erred by on rows not theirs."""
    from modelwright.package.reference.fitting import ROWS, Judged, fit_reference

    outcome, problem, names = run.outcome, run.documents["problem"], run.plan.contract.names
    importances = run.documents["explanation"].importances
    return fit_reference(
        run.used(names),
        run.plan.contract,
        judged=Judged(
            rows=outcome.rows, y=run.y[run.rows][outcome.rows], prediction=final(run, outcome.oof, outcome.rows)
        ),
        metric=problem.metric,
        classes=problem.classes,
        use={i.column: i.drop.value or 0.0 for i in importances} if importances else None,
        order=run.folds.order,
        protected=run.brief.protected,
        most_rows=rows_for(run, "package", ROWS, least=LEAST_ROWS),
    )


def _already_packaged(run: Run) -> Packaged | None:
    """Return what this run packaged before it was broken off, so that going on makes no second version."""
    path = run.folder / "packaged.json"
    if not (run.resumed and path.is_file()):
        return None
    packaged = load(path, Packaged)
    return packaged if packaged.version in run.project.versions() else None


def judge(run: Run) -> Verdict:
    """Hold the version against the gates, and make it the champion when it may ship and there is none."""
    from modelwright.govern.fixing import eased_since
    from modelwright.govern.gates import judge as judging
    from modelwright.steps.abstaining import at_risk

    packaged = run.documents["packaged"]
    verdict = judging(
        run.documents["problem"],
        run.documents["audit"],
        run.documents["evaluation"],
        {
            "limits": run.brief.limits,
            "size_bytes": packaged.size_bytes,
            "latency_ms": packaged.latency_ms,
            "seconds": run.budget.spent,
            "peak_memory_bytes": run.guard.peak,
            "stood_in": run.documents["training"].stood_in,
            "training": run.documents["training"],
            "stress": run.documents["stress"],
            "left": at_risk(run.brief, run.version.abstaining),
            "parity_difference": packaged.parity.max_difference,
            "gates": run.brief.gates,
            "brief": run.digests["brief"],
            "changed": eased_since(run.project.ledger.entries(), run.name, run.brief),
        },
    )
    for note in verdict.notes:
        run.decide("judge", "thresholds", "changed after a verdict was known", note, decided_by="user")
    run.decide("judge", "verdict", verdict.answer, verdict.summary, decided_by="measurement")
    champion = run.project.champion
    if verdict.ships and champion is None:
        run.project.promote(packaged.version, by="modelwright", why="the first version that passed the gates")
    elif champion is not None:
        run.listener.note(
            f"version {champion.version} stays champion; 'modelwright promote' makes it {packaged.version}"
        )
    return verdict


def report(run: Run) -> dict[str, Any]:
    """Write the report, the model card and the other documents; return the summary that ``--json`` prints."""
    from modelwright.package.sureness import sureness_of
    from modelwright.report.gathering import TESTED, entries_of
    from modelwright.report.inputs import FILES, RECORDED, ReportInput, VersionFacts
    from modelwright.report.papers.writing import write_all
    from modelwright.steps.abstaining import abstain_told

    documents = run.documents
    packaged, head = documents["packaged"], documents["evaluation"].headline
    version = run.version
    tested = _score_test(run)
    note, evaluation = _test_note(tested), tested.pop("evaluation", None)
    if evaluation is not None:
        save(evaluation, run.folder / f"{TESTED}.json", {"evaluation": run.digests["evaluation"]})
    inputs = ReportInput(
        **{name: documents[name] for name in RECORDED},
        decisions=run.decisions,
        version=VersionFacts(
            number=packaged.version,
            path=str(run.project.path / packaged.path),
            size_bytes=packaged.size_bytes,
            latency_ms=packaged.latency_ms,
            digest=packaged.digest,
            files=FILES,
        ),
        project=str(run.project.path),
        run=run.name,
        wall_s=run.budget.spent,
        peak_memory_bytes=max(run.guard.peak, documents["training"].peak_memory_bytes),
        created_at=now(),
        software=software(),
        digests=dict(run.digests),
        test_evaluation=evaluation,
        test_note=note,
        entries=entries_of(run.project, run.name, packaged.version),
        privacy=run.privacy,
        sure=sureness_of(version),
    )
    write_all(inputs, run.folder, run.project.path)
    return {
        "project": str(run.project.path),
        "run": run.name,
        "version": packaged.version,
        "report": str(run.project.path / "report.html"),
        "score": {"metric": head.name, "value": head.value, "low": head.low, "high": head.high, "n": head.n},
        "split": documents["problem"].split.value,
        "verdict": documents["verdict"].answer,
        "verdict_summary": documents["verdict"].summary,
        "worth": _worth(documents["evaluation"]),
        "fairness": _fairness(documents["evaluation"]),
        "abstain": abstain_told(run.brief, version.abstaining),
        "findings": len(documents["audit"].findings),
        "simple": simple_told(documents["explanation"].simple),
        "resumed_trials": documents["training"].resumed_trials,
        "seconds": round(run.budget.spent, 2),
        "peak_memory_bytes": inputs.peak_memory_bytes,
        "test_note": note,
        **tested,
    }


def _fairness(evaluation: Evaluation) -> dict[str, Any] | None:
    """Return how the groups stand by what was asked, and which model that took; None where nothing was asked."""
    from modelwright.govern.fairness.standing import standing_of

    found = evaluation.fairness
    if found is None or not found.asked or found.proposed:
        return None
    standing = standing_of(found)
    ratio = None if standing.pair is None else standing.pair.ratio
    return {
        "asked": found.asked,
        "least": found.least,
        "answer": standing.answer,
        "by": list(standing.columns),
        "groups": None if standing.pair is None else [standing.pair.low, standing.pair.high],
        "ratio": None if ratio is None else {"value": ratio.value, "low": ratio.low, "high": ratio.high, "n": ratio.n},
        "model": next((o.name for o in found.options if o.chosen), "as it was"),
        "lost": next((o.lost for o in found.options if o.chosen), None),
    }


def _worth(evaluation: Evaluation) -> dict[str, Any] | None:
    """Return what the decisions bring beyond the best simpler way; None without a payoff."""
    found = evaluation.worth
    if found is None or found.per_thousand is None:
        return None
    per = {"1,000 cases": found.per_thousand, found.period: found.per_period}
    return {
        "currency": found.currency,
        "beyond": next(w.text for w in found.ways if w.name == found.rival),
        "per": {name: {"value": m.value, "low": m.low, "high": m.high} for name, m in per.items() if m is not None},
    }


def _test_note(tested: dict[str, Any]) -> str:
    """Return what was done with the test file, and which of its rows the score leaves out; empty without one."""
    from modelwright.format import joined, plural

    if not tested:
        return ""
    note = f"Predictions of the test file are in {tested['test_predictions']}."
    unseen: dict[str, int] = tested.get("test_unseen_classes", {})
    if unseen:
        n = sum(unseen.values())
        shown = joined((f"“{name}” ({count:,})" for name, count in unseen.items()), 6)
        note += (
            f" {plural(n, 'row')} of it {'has' if n == 1 else 'have'} a class that training never saw: {shown}. The "
            "model cannot predict it, and such rows are left out of the score."
        )
    return note


def _score_test(run: Run) -> dict[str, Any]:
    """Score the separate test table with the new version: measure where it has the target, predict in any case."""
    if run.test_columns is None or run.test_table is None:
        return {}
    from modelwright.data.writing import write_table
    from modelwright.evaluate.evaluating import evaluate as evaluating
    from modelwright.evaluate.evidence import Evidence

    problem: Problem = run.documents["problem"]
    version = run.version
    answers, violations = version.predict(run.test_table)
    path = run.folder / "test-predictions.csv"
    write_table(answers, path)
    told: dict[str, Any] = {
        "test_predictions": str(path),
        "test_violations": [to_builtins(v) for v in violations],
    }
    if problem.target not in run.test_columns:
        return told
    y, unseen = _test_target(run, problem.target)
    if unseen:
        told["test_unseen_classes"] = unseen
    rows = np.flatnonzero(~np.isnan(y))
    if len(rows) < 2:
        return told
    names = run.plan.contract.names
    columns = take({n: run.test_columns[n] for n in names}, rows)
    evaluation = evaluating(
        problem,
        Evidence(
            y=y[rows],
            prediction=run.plan.predict(columns),
            baselines={},
            columns=columns,
            contract=run.plan.contract,
            groups=None,
            train_y=None,
            train_prediction=None,
            learning=(),
            candidates=None,
            select=None,
            measured_on=f"the separate test file, {len(rows):,} rows",
            calibration_note="",
            threshold=run.threshold,
            threshold_why="" if run.decided is None else run.decided.why,
            decided=run.decided,
        ),
        seed=run.brief.seed,
        told=Money.of(run.brief),
    )
    head = evaluation.headline
    told["test_score"] = {"metric": head.name, "value": head.value, "low": head.low, "high": head.high, "n": head.n}
    told["evaluation"] = evaluation
    return told


def _test_target(run: Run, name: str) -> tuple[np.ndarray, dict[str, int]]:
    """Return the encoded target of the test table, and how often it has each class that training never saw.

    It is read together with that of the training table: alone it may hold one class only, or have other classes.
    """
    assert run.test_columns is not None
    known, more = run.columns[name], run.test_columns[name]
    brief = replace(run.brief, positive=None)  # classes go by their names here, whichever is the event
    y, classes = run.objective.encode(_together(known, more), run.documents["contract"][name], brief)
    own = y[len(known) :]
    if classes == run.classes:
        return own, {}
    counts = np.bincount(own[~np.isnan(own)].astype(np.int64), minlength=len(classes))
    unseen = {c: int(n) for c, n in zip(classes, counts) if n and c not in run.classes}
    return _in_terms_of(own, classes, run.classes), unseen


def _together(first: Column, second: Column) -> Column:
    """Return one column below the other."""
    if isinstance(first, Strings) and isinstance(second, Strings):
        index = {level: code for code, level in enumerate(first.levels)}
        for level in second.levels:
            index.setdefault(level, len(index))
        levels = np.empty(len(index), dtype=object)
        levels[:] = list(index)
        return Strings(np.concatenate([first.codes, second.recode(index, -1)]), levels)
    return np.concatenate([np.asarray(first), np.asarray(second)])


def _in_terms_of(y: np.ndarray, classes: tuple[str, ...], known: tuple[str, ...]) -> np.ndarray:
    """Return class numbers of the training table; classes it does not have are NaN."""
    numbers = np.array([known.index(c) if c in known else np.nan for c in classes] + [np.nan])
    return numbers[np.where(np.isnan(y), len(classes), y).astype(int)]
