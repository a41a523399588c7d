"""What a version is worth: as its run measured, or on a file that has the truth, also under other amounts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from modelwright.brief.money import Money
from modelwright.data.sampling import sample_rows
from modelwright.errors import UsageError
from modelwright.project import Project

if TYPE_CHECKING:
    import numpy as np

    from modelwright.brief import Brief
    from modelwright.evaluate.measurements import Worth
    from modelwright.evaluate.money.deciding import Decided
    from modelwright.labelled import Labelled
    from modelwright.runtime.plan import Plan

__all__ = ["Priced", "price", "price_of_run", "price_version"]

FLATTERED = (
    "the version has learned from rows of this file, and the simpler ways beside it are counted on rows that they have "
    "not learned from: what it brings is flattered. Rows that came later say what it is worth, and so did the run."
)
FOLDS = 5
RIVAL_ROWS = 200_000
"""Most rows that a simpler way learns from: as in a run, it is known as well from these as from ten million."""


@dataclass(frozen=True, kw_only=True)
class Priced:
    """What a version is worth.

    Attributes
    ----------
    worth : Worth
    threshold : float or None
        From which chance on is acted, for two classes.
    why : str
    measured_on : str
    warning : str
        Why what is told is better than it is; empty where nothing speaks for that.
    """

    worth: Worth
    threshold: float | None
    why: str
    measured_on: str
    warning: str = ""


def price_of_run(project: Project, number: int) -> Priced:
    """Return what the run that made a version has measured.

    Raises
    ------
    UsageError
        It was told neither what outcomes are worth nor a capacity (MW-U424).
    """
    from modelwright import documents
    from modelwright.evaluate.measurements import Evaluation

    found = documents.load(project.run_folder(project.made_by(number)) / "evaluation.json", Evaluation)
    if found.worth is None:
        raise _nothing_said(number)
    return Priced(worth=found.worth, threshold=found.threshold, why=found.threshold_why, measured_on=found.measured_on)


def price(
    project: Project,
    source: Any = None,
    *,
    version: int | None = None,
    query: str | None = None,
    money: Money | None = None,
) -> Priced:
    """Return what a version is worth: as `price_of_run`, or with a source as `price_version`.

    Raises
    ------
    UsageError
        Amounts without a source (MW-U425), and as of either.
    """
    if source is not None:
        return price_version(project, source, version=version, query=query, money=money)
    if money is not None and money.given():
        raise UsageError(
            "other amounts need rows with the truth", fix="name a file that has the target", code="MW-U425"
        )
    return price_of_run(project, int(project.version_folder(version).name))


def price_version(
    project: Project,
    source: Any,
    *,
    version: int | None = None,
    query: str | None = None,
    money: Money | None = None,
) -> Priced:
    """Return what the decisions of a version bring on a file that has the truth.

    What is said of money takes the place of what the run was told. Where another payoff or another capacity
    follows from it, decisions are settled anew, on one half of the rows drawn at random, and counted on the other;
    else the version decides as it does. The simpler ways are those of the run, learned from the other half, or by
    turns from four fifths of the rows for the fifth. Rows that the version was trained on flatter it; where it
    is the file of the run that is said.

    Raises
    ------
    UsageError
        Nothing was said of money, then or now (MW-U424), the amounts make no sense, or the file has no target.
    DataError
        Too few rows of the file have one.
    """
    from modelwright.evaluate.evidence import Evidence
    from modelwright.evaluate.money.worth import measure_worth
    from modelwright.labelled import labelled

    opened = project.version(version)
    plan, found = opened.plan, labelled(project, opened, source, query=query)
    brief = found.brief if money is None else found.brief.merged(**money.given())
    if not brief.payoff and brief.capacity is None:
        raise _nothing_said(opened.manifest.version)
    prediction = plan.predict(found.columns)
    rows, decided = _settled(plan, found, prediction, brief, opened.manifest.metric)
    rivals, learned = _rivals(plan, found, rows, opened.manifest.metric) if brief.payoff else ({}, "")
    evidence = Evidence(
        y=found.y[rows],
        prediction=prediction[rows],
        baselines=rivals,
        columns={},
        contract=plan.contract,
        measured_on=found.words(len(rows)),
        decided=decided,
    )
    worth = measure_worth(evidence, Money.of(brief))
    assert worth is not None
    worth = replace(worth, notes=(*worth.notes, learned)) if learned else worth
    return Priced(
        worth=worth,
        threshold=decided.threshold,
        why=decided.why,
        measured_on=evidence.measured_on,
        warning=FLATTERED if found.seen else "",
    )


def _rivals(
    plan: Plan, found: Labelled, rows: np.ndarray, metric: str
) -> tuple[dict[str, tuple[str, np.ndarray]], str]:
    """Return what the run's simpler ways say of the rows that measure, and from how many other rows they learned."""
    import numpy as np

    from modelwright import objectives
    from modelwright.data.columns import take

    seed, names = found.brief.seed, plan.contract.names
    others = np.setdiff1d(np.arange(len(found.y)), rows)
    parts = [(others, rows)]
    if not len(others):
        turn = np.random.default_rng([seed, 43]).permutation(len(rows)) % FOLDS
        parts = [(np.flatnonzero(turn != k), np.flatnonzero(turn == k)) for k in range(FOLDS)]
    said = {}
    for baseline in objectives.get(plan.objective).baselines():
        prediction = np.zeros((len(found.y), max(1, len(plan.classes))))
        for train, valid in parts:
            some = train[sample_rows(len(train), RIVAL_ROWS, np.random.default_rng(seed))]
            predict = baseline.fit(
                take({n: found.columns[n] for n in names}, some),
                plan.contract,
                found.y[some],
                classes=plan.classes,
                metric=metric,
                seed=seed,
            )
            rest = take({n: found.columns[n] for n in names}, valid)
            prediction[valid] = plan.moved(predict(rest), rest)  # held to the same thresholds by group, as in a run
        said[baseline.name] = (predict.text, prediction[rows])
    n = len(parts[0][0])
    return said, f"The simpler ways are those of the run; they have learned from {n:,} other rows of this file."


def _settled(
    plan: Plan, found: Labelled, prediction: np.ndarray, brief: Brief, metric: str
) -> tuple[np.ndarray, Decided]:
    """Return the rows that measure, and what is decided: by the plan, or as the other half of the rows has it."""
    import numpy as np

    from modelwright.evaluate.money.deciding import Decided, asking, decide
    from modelwright.evaluate.money.worth import SWING

    asked = asking(brief, plan.classes, metric, choosing=True)
    n = len(found.y)
    if _another(brief, found.brief, plan.classes):
        mixed = np.random.default_rng([brief.seed, 41]).permutation(n)
        chosen, rows = np.sort(mixed[: n // 2]), np.sort(mixed[n // 2 :])
        return rows, decide(found.y[chosen], prediction[chosen], asked, swing=SWING)
    own = Decided(
        payoff=asked.payoff,
        capacity=asked.capacity,
        threshold=plan.threshold,
        decision=plan.decision,
        why="as the version decides",
    )
    # What would follow from other amounts needs no truth here: rows that measure must not choose.
    other = decide(found.y, prediction, replace(asked, choosing=False), swing=SWING) if plan.classes else own
    return np.arange(n), replace(own, otherwise=other.otherwise)


def _another(brief: Brief, first: Brief, classes: tuple[str, ...]) -> bool:
    """Return whether other decisions may follow; a capacity is a share of the cases, in what currency is all one."""
    from modelwright.evaluate.money.deciding import check_capacity

    def share(of: Brief) -> float | None:
        capacity = check_capacity(of, len(classes))
        return None if capacity is None else capacity.share

    return brief.payoff != first.payoff or share(brief) != share(first)


def _nothing_said(number: int) -> UsageError:
    return UsageError(
        f"what outcomes are worth was not said when version {number} was made",
        fix="give a file with the truth, and say it: --payoff tp=80 --payoff fp=-5",
        code="MW-U424",
    )
