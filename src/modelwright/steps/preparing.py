"""From the raw file to a framed problem: read, understand, profile, audit, frame."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from modelwright.audit.findings import Action, Audit, AuditContext
from modelwright.brief import Brief
from modelwright.data.contract import Contract
from modelwright.data.profile import Profile
from modelwright.data.source import Source
from modelwright.documents import digest_of
from modelwright.errors import DataError, UsageError, did_you_mean
from modelwright.format import plural, short
from modelwright.frame.problem import Problem
from modelwright.frame.roles import refuse_target_elsewhere
from modelwright.running import Run
from modelwright.steps.privacy import protect, with_treatments
from modelwright.steps.spelling import with_one_spelling

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["audit", "frame", "profile", "read", "understand"]

SMALL_CELLS = 2_000
"""Rows times columns up to which fits run in this process: starting workers would take longer than the fits."""

MOST_TOLD = 10
"""Columns that an error names."""

MOST_NAMES_DOWN = 1_000
"""Rows in which the name of a column is looked for, should the table lie on its side."""

MEASURING_SHARE, MEASURING_S, MOST_JUDGING_S = 0.05, 10.0, 20.0
"""Part of the budget, and most seconds, after which the audit asks no more costly rules, and again for measuring what
its actions do to a score."""
LOOKING_SHARE = 0.2
"""Part of the budget after which rules that look at every column and change nothing are not asked any more: a second on
most tables, and 20 on 5,000 columns."""

OPTIMISM_SHARE = 0.1
"""Part of the budget after which no further model is fitted to say how optimistic a random split would have been."""

NOT_A_CLASS = ("MW-U302", "MW-U303")
"""Codes of errors that say: ``positive`` is no class, or there are more than two."""


def read(run: Run) -> Source:
    """Read the table and the separate test table."""
    from modelwright.data.reading import read_table

    brief = run.brief
    if run.data is None and brief.source == Brief.source:
        raise UsageError("no data was named", fix="name a file, a folder, a database URL or a table", code="MW-U008")
    memory = run.guard.limit // 4  # raw, canonical and encoded forms exist side by side
    run.table, source = read_table(
        brief.source if run.data is None else run.data, query=brief.query, memory_bytes=memory, seed=brief.seed
    )
    brief = _as_spelled(brief, run.table.column_names)
    run.replace_brief(brief)
    _check_names(run)
    refuse_target_elsewhere(brief)
    _refuse_two_targets(brief, source)
    if brief.test is not None or run.test is not None:
        asked = brief.test if run.test is None else run.test  # predictions of it are written: every row counts
        run.test_table, read = read_table(asked, memory_bytes=memory, every_row=True)
        for note in read.notes:
            run.decide("read", "repair in reading the test file", note, "the file is not quite regular")
    protect(run)
    _start_engine(run)
    for note in source.notes:
        run.decide("read", "repair in reading", note, "the file is not quite regular")
    return source


def _refuse_two_targets(brief: Brief, source: Source) -> None:
    """Refuse a target of which the table has two: the first may not be the one that was meant."""
    from modelwright.data.tidying import named_twice

    told = next((n for n in source.notes if brief.target is not None and n.startswith(named_twice(brief.target))), None)
    if told is not None:
        raise UsageError(
            f"it is not clear which column is the target: {told}",
            fix="give the columns names of their own in the file",
            code="MW-U102",
        )


def _as_spelled(brief: Brief, names: list[str]) -> Brief:
    """Return the brief with names of columns as the table has them, where blanks around or case alone differ."""
    alike: dict[str, list[str]] = {}
    for name in names:
        alike.setdefault(name.casefold(), []).append(name)

    def spelled(name: str) -> str:
        stripped = " ".join(name.split()) if "\n" in name else name.strip()
        if name in names or stripped in names:
            return name if name in names else stripped
        found = alike.get(stripped.casefold(), [])
        return found[0] if len(found) == 1 else name

    single: dict[str, Any] = {
        f: spelled(v)
        for f in ("target", "time", "group", "subject", "interval_by")
        if (v := getattr(brief, f)) is not None
    }
    several: dict[str, Any] = {f: tuple(map(spelled, getattr(brief, f))) for f in ("drop", "known_after", "protected")}
    tables: dict[str, Any] = {f: {spelled(n): v for n, v in getattr(brief, f).items()} for f in ("kinds", "private")}
    return replace(brief, **single, **several, **tables)


def _check_names(run: Run) -> None:
    """Refuse a brief that names columns the table does not have."""
    brief, names = run.brief, run.table.column_names
    named = [("target", brief.target), ("time", brief.time), ("group", brief.group), ("interval_by", brief.interval_by)]
    for field in ("drop", "known_after", "protected"):
        named += [(field, column) for column in getattr(brief, field)]
    named += [("kinds", column) for column in brief.kinds]
    if run.start is None:  # rows kept for retraining no longer have columns that privacy dropped
        named += [("subject", brief.subject), *(("private", column) for column in brief.private)]
    for field, column in named:
        if column is not None and column not in names:
            what = f"target column '{column}'" if field == "target" else f"column '{column}', named in '{field}',"
            raise UsageError(
                f"{what} is not in the table ({plural(len(names), 'column')})",
                fix=_where_else(run.table, column) or did_you_mean(column, names),
                code="MW-U101",
            )


def _where_else(table: pa.Table, column: str) -> str:
    """Return what to do where a table was cut so oddly that the name of a column stands somewhere else in it."""
    (first, *others) = table.column_names
    if not others:
        return f"the table has one column only, '{short(first)}': check what stands between the cells of a row"
    if column in table.column(0).slice(0, MOST_NAMES_DOWN).to_pylist():
        return "the name stands in the first column: turn the table, so that each row is a case"
    return ""


def _start_engine(run: Run) -> None:
    """Start the workers now: they import their libraries while this process audits the data."""
    from modelwright.engines.local import InlineEngine, ProcessEngine

    if not run.trains:
        return
    small = run.table.num_rows * run.table.num_columns <= SMALL_CELLS
    run.engine = InlineEngine() if small else ProcessEngine()


def understand(run: Run) -> Contract:
    """Infer the contract, and bring all rows into canonical form."""
    from modelwright.data.canonical import canonicalise
    from modelwright.data.kinds import infer_contract, with_scale

    brief = run.brief
    contract = infer_contract(run.table, kinds=brief.kinds, target=brief.target)
    if run.start is not None:
        contract = with_scale(contract, brief.target, run.start.scale)
    run.columns, _ = canonicalise(run.table, contract)
    _canonical_test(run, contract)
    return contract if run.privacy is None else with_treatments(contract, run.privacy.treatments)


def _canonical_test(run: Run, contract: Contract) -> None:
    from modelwright.data.canonical import canonicalise

    if run.test_table is not None:
        present = [n for n in contract.names if n in run.test_table.column_names]
        missing = [n for n in contract.names if n not in present and n != run.brief.target]
        if missing and len(missing) == len(contract.names) - 1:
            raise DataError(
                "the test file has none of the columns of the training file",
                fix="check that it is the right file",
                code="MW-D190",
            )
        run.test_columns, _ = canonicalise(run.test_table, contract.only(present))


def profile(run: Run) -> Profile:
    """Describe every column in numbers."""
    from modelwright.data.profile import make_profile

    return make_profile(run.columns, run.documents["contract"])


def audit(run: Run) -> Audit:
    """Audit the data, and let the findings act on the contract."""
    from modelwright.audit.acting import apply
    from modelwright.audit.context import make_context
    from modelwright.report.describing import effect_words

    contract: Contract = run.documents["contract"]
    refused = _encode_provisionally(run, contract) if run.brief.target is not None else None
    context = make_context(
        table=run.table,
        columns=run.columns,
        contract=contract,
        profile=run.documents["profile"],
        brief=run.brief,
        y=getattr(run, "y", None),
        classes=run.classes,
        test=run.test_columns,
        seed=run.brief.seed,
    )
    context = with_one_spelling(run, context)
    found = _judged(run, context)
    run.applied = apply(found, contract, getattr(run, "y", None))
    _act(run, contract)
    if refused is not None and run.applied.contract[str(run.brief.target)] == contract[str(run.brief.target)]:
        raise refused
    found = _measured(run, found, context)
    for finding in found.findings:
        if finding.action is not Action.TOLD or finding.overruled:
            run.decide(
                "audit",
                f"{finding.title}: {', '.join(repr(c) for c in finding.columns[:6]) or 'rows'}",
                finding.done,
                f"{finding.message} {effect_words(finding)}".rstrip(),
                decided_by="user" if finding.overruled else finding.code,
                measurement=None if finding.effect is None else finding.effect.gain,
            )
    return found


def _judged(run: Run, context: AuditContext) -> Audit:
    """Ask the rules; those that change nothing only while the time that the user gives allows it."""
    from modelwright.audit.runner import run_audit

    if not run.trains:
        return run_audit(context)
    found = run_audit(
        context,
        seconds=_part_of(run, MOST_JUDGING_S),
        looking_seconds=LOOKING_SHARE * run.brief.limits.budget_s,
    )
    left = [o.code for o in found.outcomes if o.answer == "not asked"]
    if left:
        told = f"{plural(len(left), 'rule')} that change nothing were not asked: {', '.join(left)}"
        run.decide("audit", "time", told, f"the table has {plural(len(context.features), 'column')}")
    return found


def _measured(run: Run, found: Audit, context: AuditContext) -> Audit:
    """Measure what the actions do to a score, in a small part of the time that the user gives."""
    from modelwright.audit.worth import measure_effects
    from modelwright.data.columns import take

    before, after = context.contract, run.applied.contract
    repaired = {s.name: run.columns[s.name] for s in after.columns if s != before[s.name]}
    return measure_effects(
        context,
        found,
        repaired=take(repaired, context.row_numbers),
        dropped=run.applied.dropped,
        seconds=_part_of(run, MEASURING_S),
    )


def _part_of(run: Run, most: float) -> float:
    return min(most, MEASURING_SHARE * run.brief.limits.budget_s)


def _encode_provisionally(run: Run, contract: Contract) -> UsageError | None:
    """Encode the target as the audit sees it; return what is wrong with the brief's ``positive``, if anything.

    Three spellings of two classes are three classes until findings act: only then is ``positive`` judged.
    """
    try:
        _encode_target(run, contract)
    except UsageError as error:
        if error.code not in NOT_A_CLASS:
            raise
        column, spec = run.columns[str(run.brief.target)], contract[str(run.brief.target)]
        run.y, run.classes = run.objective.encode(column, spec, replace(run.brief, positive=None))
        return error
    return None


def _encode_target(run: Run, contract: Contract) -> None:
    from modelwright import objectives
    from modelwright.frame.objective import choose_objective

    brief = run.brief
    assert brief.target is not None
    spec = contract[brief.target]
    rng = np.random.default_rng(brief.seed)
    run.objective_choice = choose_objective(run.columns[spec.name], spec, contract, run.columns, brief, rng)
    run.objective = objectives.get(run.objective_choice.value)
    run.y, run.classes = run.objective.encode(run.columns[spec.name], spec, brief)


def _act(run: Run, before: Contract) -> None:
    """Read columns again whose specification a finding changed."""
    from modelwright.data.canonical import canonicalise
    from modelwright.data.profile import make_profile

    changed = [s.name for s in run.applied.contract.columns if s != before[s.name]]
    if changed:
        again, _ = canonicalise(run.table.select(changed), run.applied.contract.only(changed))
        run.columns = {name: again.get(name, column) for name, column in run.columns.items()}
        _canonical_test(run, run.applied.contract)
        contract = run.applied.contract
        if run.brief.target in changed:
            _encode_target(run, contract)
        for name, document in (("contract", contract), ("profile", make_profile(run.columns, contract))):
            run.documents[name] = document
            run.digests[name] = digest_of(document)


def frame(run: Run) -> Problem:
    """Decide objective, metric and split, and draw the folds and the lockbox."""
    from modelwright.frame.framing import frame as framing
    from modelwright.frame.naive import measure_optimism
    from modelwright.frame.split import make_folds
    from modelwright.govern.fairness.choosing import check_choice
    from modelwright.report.describing import optimism_words
    from modelwright.steps.abstaining import check_asked

    keep = ~np.isnan(run.y)
    keep[run.applied.drop_rows] = False
    run.rows = np.flatnonzero(keep)
    run.table = None  # type: ignore[assignment]  # the canonical columns hold all that is needed from here
    columns = run.used()
    problem = framing(
        run.brief,
        run.documents["contract"],
        columns,
        run.y[run.rows],
        run.classes,
        run.documents["audit"],
        run.applied,
        run.objective_choice,
    )
    check_choice(run.brief, problem)
    check_asked(run.brief, problem)
    _check_test(run, problem)
    if run.start is not None:
        from modelwright.train.starting import reframed

        problem, run.folds = reframed(run.start, problem, columns, run.rows, len(run.y))
    else:
        run.folds = make_folds(problem, run.y[run.rows], columns, run.brief.seed)
        seconds = OPTIMISM_SHARE * run.brief.limits.budget_s if run.trains else float("inf")
        told = measure_optimism(problem, columns, run.y[run.rows], run.classes, run.brief.seed, seconds=seconds)
        problem = replace(problem, optimism=told)
    for choice in problem.choices:
        measured = problem.optimism if choice.question == "split" else None
        run.decide(
            "frame",
            choice.question,
            choice.value,
            choice.why if measured is None else f"{choice.why}. {optimism_words(problem)}",
            alternatives=choice.alternatives,
            decided_by=choice.decided_by,
            measurement=None if measured is None else measured.excess,
        )
    return problem


def _check_test(run: Run, problem: Problem) -> None:
    """Refuse a test table that cannot be scored now, not after the training."""
    if run.test_columns is None:
        return
    absent = [name for name in problem.features if name not in run.test_columns]
    if absent:
        more = f" and {len(absent) - MOST_TOLD} more" if len(absent) > MOST_TOLD else ""
        told = ", ".join(f"'{name}'" for name in absent[:MOST_TOLD]) + more
        raise DataError(
            f"the test table lacks columns that the model would use: {told}",
            fix="add them, empty where unknown, or leave them out of the training with --drop",
            code="MW-D193",
        )
