"""The stage that disturbs rows and looks what becomes of the score."""

from __future__ import annotations

import numpy as np

from modelwright.data.columns import Columns, n_rows, take
from modelwright.evaluate.measurements import Stressed
from modelwright.evaluate.stress import stresses
from modelwright.evaluate.stress.base import Rows
from modelwright.evaluate.stress.measuring import MOST_ROWS, Target, measure_stress
from modelwright.explain.reasons import Explanation
from modelwright.format import plural
from modelwright.frame.problem import Problem
from modelwright.running import Run
from modelwright.steps.opening import fold_plan
from modelwright.steps.pacing import allowed, rows_within, tell_shrunk

__all__ = ["ranked", "stress", "stressed_rows"]

CASES = 12
"""That there should be time for: where rows take long, fewer are disturbed."""
MOST_CELLS = 60_000
"""Of the disturbed rows: each is written as it would stand in the source, which takes about a microsecond and more."""
FEWEST_ROWS = 100
FEWEST_COLUMNS = 6
"""That are disturbed one by one, where there are so many."""


def stress(run: Run) -> Stressed:
    """Disturb rows that the asked model was not fitted on, as what comes later may be, and measure the loss."""
    from modelwright.evaluate import metrics

    problem: Problem = run.documents["problem"]
    evidence, lockbox = run.evidence, run.folds.holdout
    plan = fold_plan(run, 0)
    judged = lockbox if len(lockbox) else run.outcome.rows
    # Without a lockbox the first fold's model has not seen the rows that judged that fold.
    places = np.arange(len(judged)) if len(lockbox) else np.flatnonzero(np.isin(judged, run.folds.folds[0][1]))
    rng = np.random.default_rng([run.brief.seed, 31])
    seconds = allowed(run, "stress")
    most = rows_within(run, seconds / CASES, least=FEWEST_ROWS, most=MOST_ROWS)
    places = stressed_rows(places, len(plan.contract.names), rng, most)
    columns = take({n: run.columns[n] for n in plan.contract.names}, run.rows[judged[places]])
    constant = evidence.constant
    stressed = measure_stress(
        plan.predict,
        Rows(columns, plan.contract, ranked(run.documents["explanation"], plan.contract.names)),
        Target(
            metric=metrics.get(problem.metric),
            y=evidence.y[places],
            constant=None if constant is None else constant[places],
            threshold=evidence.threshold,
            groups=None if evidence.groups is None else evidence.groups[places],
            unit=evidence.unit,
        ),
        stresses(),
        measured_on=_measured_on(columns, lockbox),
        seed=run.brief.seed,
        deadline_s=seconds,
    )
    tell_shrunk(run, "stress", seconds, f"{plural(len(stressed.cases), 'disturbance')} of {plural(len(places), 'row')}")
    bad = [c for c in stressed.cases if c.judgement == "breaks"]
    run.decide(
        "stress",
        "what must not be missing or other",
        f"{plural(len(bad), 'disturbance')} of {len(stressed.cases)} leave less than half of what the model has over a "
        "constant",
        bad[0].words if bad else "none of those tried",
        decided_by="measurement",
        measurement=bad[0].lost if bad else stressed.base,
    )
    return stressed


def stressed_rows(places: np.ndarray, n_columns: int, rng: np.random.Generator, most: int = MOST_ROWS) -> np.ndarray:
    """Return which of the rows are disturbed, ascending and at most so many: fewer where a table is wide."""
    most = int(np.clip(MOST_CELLS // max(n_columns, 1), FEWEST_ROWS, most))
    return places if len(places) <= most else np.sort(rng.choice(places, most, replace=False))


def ranked(explanation: Explanation, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the columns that the model relies on, most important first; all of them where that is not known.

    Where few are important beyond the noise, those that come next are taken as well: on few rows little is.
    """
    known = [i for i in explanation.importances if i.column in names]
    used = [i.column for i in known if i.judgement == "used"]
    others = [i.column for i in known if i.judgement == "noise" and (i.drop.value or 0.0) > 0]
    return tuple(used + others[: max(FEWEST_COLUMNS - len(used), 0)]) or names


def _measured_on(columns: Columns, lockbox: np.ndarray) -> str:
    which = "of the lockbox" if len(lockbox) else "that judged the first fold"
    return f"{plural(n_rows(columns), 'row')} {which}, asked of a model that was not fitted on them"
