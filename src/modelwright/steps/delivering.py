"""From a measured model to something that can be used: package, judge, report."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from modelwright import __version__
from modelwright.documents import load, save
from modelwright.format import plural
from modelwright.govern.verdict import Verdict
from modelwright.ledger import now
from modelwright.package.packaging import Packaged
from modelwright.running import Run
from modelwright.steps.explaining import simple_told
from modelwright.steps.learning import check_rows
from modelwright.steps.opening import plan_facts
from modelwright.steps.pacing import rows_for
from modelwright.steps.settling import final
from modelwright.steps.testing import note_on_test, score_test, score_told

if TYPE_CHECKING:
    from modelwright.evaluate.measurements import Evaluation
    from modelwright.package.reference.documents import Reference
    from modelwright.report.inputs import ReportInput

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
    _tell_unread(run)
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
    return replace(packaged, software=software())


def _tell_unread(run: Run) -> None:
    """Note where the version reads only a part of the columns: of a wide table those that tell, of their ensemble."""
    offered, read = run.documents["problem"].features, run.plan.contract.names
    if len(read) < len(offered):
        told = f"the version reads {plural(len(read), 'column')} of {len(offered):,}"
        run.decide("package", "columns", told, "no model of it uses the others, and no file to score needs them")


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
    from modelwright.govern.gates import Case
    from modelwright.govern.gates import judge as judging
    from modelwright.steps.abstaining import at_risk

    packaged = run.documents["packaged"]
    case = Case(
        problem=run.documents["problem"],
        audit=run.documents["audit"],
        evaluation=run.documents["evaluation"],
        limits=run.brief.limits,
        asked=run.brief.gates,
        training=run.documents["training"],
        stress=run.documents["stress"],
        at_risk=at_risk(run.brief, run.version.abstaining),
        latency_ms=packaged.latency_ms,
        size_bytes=packaged.size_bytes,
        seconds=run.budget.spent,
        peak_memory_bytes=run.guard.peak,
        parity_difference=packaged.parity.max_difference,
    )
    changed = eased_since(run.project.ledger.entries(), run.name, run.brief)
    verdict = judging(case, brief=run.digests["brief"], changed=changed)
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
    from modelwright.report.gathering import TESTED
    from modelwright.report.papers.writing import write_all

    tested = score_test(run)
    note, evaluation = note_on_test(tested), tested.pop("evaluation", None)
    if evaluation is not None:
        save(evaluation, run.folder / f"{TESTED}.json", {"evaluation": run.digests["evaluation"]})
    inputs = _report_input(run, evaluation, note)
    write_all(inputs, run.folder, run.project.path)
    return {**_summary(run, inputs), "test_note": note, **tested}


def _report_input(run: Run, test_evaluation: Evaluation | None, note: str) -> ReportInput:
    from modelwright.package.sureness import sureness_of
    from modelwright.report.gathering import entries_of
    from modelwright.report.inputs import FILES, RECORDED, ReportInput, VersionFacts

    packaged: Packaged = run.documents["packaged"]
    return ReportInput(
        **{name: run.documents[name] for name in RECORDED},
        decisions=run.decisions,
        version=VersionFacts(
            number=packaged.version,
            path=str(run.project.path / packaged.path),
            size_bytes=packaged.size_bytes,
            latency_ms=packaged.latency_ms,
            digest=packaged.digest,
            files=FILES,
            columns=run.plan.contract.names,
        ),
        project=str(run.project.path),
        run=run.name,
        wall_s=run.budget.spent,
        peak_memory_bytes=max(run.guard.peak, run.documents["training"].peak_memory_bytes),
        created_at=now(),
        software=software(),
        digests=dict(run.digests),
        test_evaluation=test_evaluation,
        test_note=note,
        entries=entries_of(run.project, run.name, packaged.version),
        privacy=run.privacy,
        sure=sureness_of(run.version),
    )


def _summary(run: Run, inputs: ReportInput) -> dict[str, Any]:
    from modelwright.steps.abstaining import abstain_told

    return {
        "project": inputs.project,
        "run": run.name,
        "version": inputs.version.number,
        "report": str(run.project.path / "report.html"),
        "score": score_told(inputs.evaluation.headline),
        "split": inputs.problem.split.value,
        "verdict": inputs.verdict.answer,
        "verdict_summary": inputs.verdict.summary,
        "worth": _worth(inputs.evaluation),
        "fairness": _fairness(inputs.evaluation),
        "abstain": abstain_told(run.brief, run.version.abstaining),
        "findings": len(inputs.audit.findings),
        "simple": simple_told(inputs.explanation.simple),
        "resumed_trials": inputs.training.resumed_trials,
        "seconds": round(run.budget.spent, 2),
        "peak_memory_bytes": inputs.peak_memory_bytes,
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
