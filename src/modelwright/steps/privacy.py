"""What a privacy policy does to the tables of a run, right after they were read: nothing behind it sees the values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from modelwright.data.contract import Contract
from modelwright.data.treating.treatment import Action, Treatment
from modelwright.errors import ProjectError
from modelwright.govern.privacy.documents import ColumnPrivacy, Privacy
from modelwright.running import Run

if TYPE_CHECKING:
    import pyarrow as pa

    from modelwright.audit.findings import AuditContext
    from modelwright.govern.privacy.deciding import Decided
    from modelwright.govern.privacy.policy import Policy

__all__ = ["keep_people", "protect", "refuse_forgotten_since", "with_treatments"]

LOOKED_AT = 20_000
"""Rows on which columns are judged; what is done to them is done to all."""

NOTHING_SHARED = 1


def protect(run: Run) -> None:
    """Treat the tables as the brief's policy says, and note what was done; nothing without a policy or wishes.

    Raises
    ------
    UsageError
        See `modelwright.govern.privacy.policy.load_policy` and `modelwright.govern.privacy.deciding.decide`.
    """
    brief = run.brief
    if brief.privacy is None and not brief.private and brief.subject is None:
        _unforgotten(run, run.table)  # refuses rows that do not say whose they are, where somebody was forgotten
        return
    from modelwright.data.treating.redacting import name_words
    from modelwright.data.treating.tables import treated_table
    from modelwright.govern.privacy.deciding import decide
    from modelwright.govern.privacy.detecting import detect
    from modelwright.govern.privacy.policy import Datum, load_policy

    policy = None if brief.privacy is None else load_policy(brief.privacy)
    context = _look(run)
    before = {} if run.start is None else dict(run.start.treatments)
    year = datetime.now(UTC).year
    decided = decide(brief, policy, context.contract, detect(context), year=year, before=before)
    named = {c.column for c in decided.columns if c.datum == Datum.NAME}
    words = name_words(_texts(run.table, named))
    treatments = {c.column: c.treatment for c in decided.columns if c.treatment is not None}
    dropped = [c.column for c in decided.columns if c.treatment is None]
    _hold_to_key(run, treatments)
    run.table = treated_table(run.table, treatments, dropped=dropped, names=words)
    columns = decided.columns
    run.table, suppressed = _unforgotten(run, run.table)
    if policy is not None:
        columns = _shared(run, policy, columns, decided.kept, context.contract)
    said = {*(c.column for c in (*columns, *decided.judged)), *decided.kept, brief.target}
    if run.test_table is not None:
        own = {c.column: c.treatment for c in columns if c.treatment is not None}
        run.test_table = treated_table(run.test_table, own, dropped=dropped, names=words)
    document = _document(policy, columns, decided, suppressed)
    others = tuple(name for name in context.contract.names if name not in said)
    _keep(run, replace(document, subject=brief.subject, others=others))


def _look(run: Run) -> AuditContext:
    """Return what rules of the audit would look at, of the raw table."""
    from modelwright.audit.context import make_context
    from modelwright.data.canonical import canonicalise
    from modelwright.data.kinds import infer_contract
    from modelwright.data.profile import make_profile
    from modelwright.data.sampling import sample_rows

    brief, table = run.brief, run.table
    if table.num_rows > LOOKED_AT:
        table = table.take(sample_rows(table.num_rows, LOOKED_AT, np.random.default_rng(brief.seed)))
    contract = infer_contract(table, kinds=brief.kinds, target=brief.target)
    columns, _ = canonicalise(table, contract)
    return make_context(
        table=table,
        columns=columns,
        contract=contract,
        profile=make_profile(columns, contract),
        brief=brief,
        y=None,
        classes=(),
        test=None,
        seed=brief.seed,
    )


def _texts(table: pa.Table, names: set[str]) -> list[str]:
    from modelwright.data.canonical import raw_strings

    found = raw_strings(table, [n for n in table.column_names if n in names])
    return [value for values in found.values() for value in set(values) if value is not None]


def _shared(
    run: Run, policy: Policy, columns: tuple[ColumnPrivacy, ...], kept: tuple[str, ...], seen: Contract
) -> tuple[ColumnPrivacy, ...]:
    """Treat the table again so that enough rows share what is stored; return what is done to columns now.

    ``seen`` is the contract of the raw table.
    """
    from modelwright.data.canonical import canonicalise
    from modelwright.data.treating.tables import treated_table
    from modelwright.govern.privacy.pooling import pooled

    brief = run.brief
    before = {c.column: c.treatment for c in columns if c.treatment is not None}
    contract = _as_it_is_now(run.table, seen, before, brief.kinds)
    canonical, _ = canonicalise(run.table, contract)
    without = {brief.target, brief.group, brief.time, brief.subject, *kept} - {None}
    found = pooled(contract, canonical, before, policy.k, without={str(n) for n in without})
    run.table = treated_table(run.table, found)
    changed = tuple(_changed(c, found.get(c.column), policy.k) for c in columns)
    more = tuple(
        ColumnPrivacy(
            column=name,
            datum="",
            action=treatment.action.value,
            why=f"fewer than {policy.k} rows share some of its values",
            decided_by="policy",
            treatment=treatment,
        )
        for name, treatment in found.items()
        if name not in before
    )
    return (*changed, *more)


def _changed(column: ColumnPrivacy, treatment: Treatment | None, k: int) -> ColumnPrivacy:
    """Return what is done to a column now that values of few rows are pooled."""
    from modelwright.govern.privacy.pooling import nothing_stays

    if treatment is None:
        return column
    lost = f"; no {k} rows share a value, so nothing of it stays" if nothing_stays(treatment) else ""
    return replace(column, treatment=treatment, why=column.why + lost)


def _unforgotten(run: Run, table: pa.Table) -> tuple[pa.Table, int]:
    """Return the rows of people who did not ask to be forgotten, and how many rows that leaves out."""
    from modelwright.govern.privacy.subjects import forgotten_in, without_forgotten

    run.forgotten = forgotten_in(run.home)
    left = without_forgotten(table, run.forgotten)
    gone = table.num_rows - left.num_rows
    if gone:
        why = "their people asked to be forgotten"
        run.decide("read", "rows of forgotten people", f"{gone:,} rows left out", why, decided_by="user")
    return left, gone


def _hold_to_key(run: Run, treatments: Mapping[str, Treatment]) -> None:
    """Refuse pseudonyms by another key than that of the project: forgotten people would not be known by them."""
    from modelwright.data.treating.keys import has_key, key_for
    from modelwright.govern.privacy.subjects import subject_of

    subject = None if run.home is None else subject_of(run.home)
    hashes = any(t.action is Action.HASH for t in treatments.values())
    if hashes and subject is not None and subject.treatment is not None and has_key(run.brief.privacy_key):
        key_for(run.brief.privacy_key, subject.treatment.fingerprint)


def refuse_forgotten_since(run: Run) -> None:
    """Refuse to go on with tables that were read before somebody was forgotten; the caller holds the project's lock.

    Raises
    ------
    ProjectError
        Somebody was (MW-P087).
    """
    from modelwright.govern.privacy.subjects import forgotten_in

    if forgotten_in(run.home) != run.forgotten:
        raise ProjectError(
            "somebody was forgotten while the data was read, and may be in it",
            fix="run the same command again",
            code="MW-P087",
        )


def keep_people(run: Run) -> None:
    """Keep by keyed digests whose rows the run learns from, and how the column that says so is read."""
    from modelwright.govern.privacy.subjects import keep_subject, keep_subjects

    subject = run.brief.subject
    if subject is None or run.privacy is None or subject not in run.columns:
        return
    keep_subject(run.project.path, run.documents["contract"][subject])
    keep_subjects(run.folder, run.used((subject,))[subject])


def _as_it_is_now(
    table: pa.Table, seen: Contract, treated: Mapping[str, Treatment], kinds: Mapping[str, str]
) -> Contract:
    """Return the contract of a table of which some columns were treated; those alone are looked at again."""
    from modelwright.data.kinds import infer_contract

    again = [name for name in table.column_names if name in treated]
    own = {name: kind for name, kind in kinds.items() if name in again}
    found = infer_contract(table.select(again), kinds=own) if again else None
    specs = (found[n] if found is not None and n in treated else seen[n] for n in table.column_names)
    return Contract(columns=tuple(specs), rows_seen=table.num_rows)


def _document(policy: Policy | None, columns: tuple[ColumnPrivacy, ...], decided: Decided, suppressed: int) -> Privacy:
    treated = {c.column for c in columns}
    return Privacy(
        policy="" if policy is None else policy.name,
        title="" if policy is None else policy.title,
        basis="" if policy is None else policy.basis,
        k=NOTHING_SHARED if policy is None else policy.k,
        columns=columns,
        kept=decided.kept,
        judged=tuple(c for c in decided.judged if c.column not in treated),
        suppressed=suppressed,
    )


def _keep(run: Run, document: Privacy) -> None:
    """Note what was done, and leave dropped columns out of the brief of this run."""
    run.privacy = document
    run.replace_brief(_without(run, set(document.dropped)))
    run.add("privacy", document, "brief")
    for column in document.columns:
        what = f"privacy of '{column.column}'" + (f" ({column.datum})" if column.datum else "")
        run.decide("read", what, column.action, column.why, decided_by=column.decided_by)
    for name in document.kept:
        run.decide("read", f"privacy of '{name}'", Action.KEEP.value, "the brief says so", decided_by="user")


def _without(run: Run, dropped: set[str]) -> Any:
    """Return the brief without dropped columns, and with the subject among those that the model must not see."""
    brief = run.brief
    several = {f: tuple(n for n in getattr(brief, f) if n not in dropped) for f in ("drop", "known_after")}
    # Rows that came for a retraining may not say whose they are.
    if brief.subject in run.table.column_names and brief.subject not in several["drop"]:
        several["drop"] = (*several["drop"], brief.subject)
    kinds = {name: kind for name, kind in brief.kinds.items() if name not in dropped}
    return replace(brief, drop=several["drop"], known_after=several["known_after"], kinds=kinds)


def with_treatments(contract: Contract, treatments: Mapping[str, Treatment]) -> Contract:
    """Return the contract by which raw values are treated before they are read."""
    specs = tuple(replace(s, treatment=t) if (t := treatments.get(s.name)) else s for s in contract.columns)
    return replace(contract, columns=specs)
