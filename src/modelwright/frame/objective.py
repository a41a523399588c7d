"""Classify or regress? What the brief says, else what the target's kind, values, name and order say."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from modelwright import objectives
from modelwright.brief import Brief
from modelwright.data.columns import Column, Columns, Strings
from modelwright.data.contract import ColumnSpec, Contract, Kind
from modelwright.evaluate import metrics
from modelwright.evaluate.money.payoffs import SIDES
from modelwright.frame.ordering import measure_order
from modelwright.frame.problem import Choice

__all__ = ["choose_objective"]

CLASSIFY, REGRESS = "classify", "regress"

# Up to so many values, permuting them proves nothing: four codes have twelve numberings, up to direction.
FEW_VALUES = 4
# Beyond so many, classes are rare enough that they must look like codes (contiguous) and have rows enough.
MANY_VALUES = 30
MOST_CLASSES = 100
MOST_NAMED_CLASSES = 1_000
ROWS_PER_VALUE = 5  # with fewer no class could be learned
ROWS_PER_VALUE_MANY = 20
# Share of numberings as ordered as the real one below which the order counts as real: three tests at about 0.02 each
# are stronger evidence than one at 0.001. Where the values are far apart, as measured values are and codes are not,
# less is asked for.
ORDER_SHARE = 0.02
ORDER_SHARE_SPREAD = 0.1
SPREAD = 3.0  # span over number of values

_CLASS_NAMES = """
    class classes label labels category categories type types species kind group cluster code status state diagnosis
    cover genre topic language country region brand family letter digit symbol color colour shape variety breed
    outcome result decision segment intent sentiment emotion activity gesture cls cat lbl
"""
_VALUE_NAMES = """
    count counts cnt number num amount quantity qty total sum age year years price cost fare fee income salary wage
    revenue sales value score scores rating ratings quality grade grades points stars hours days minutes seconds months
    weeks duration length width height depth weight size area distance speed rate ratio percent percentage level
    temperature pressure visits rank demand volume load usage consumption delay wait time tenure mileage
    children persons people population rooms bedrooms bathrooms floors goals wins losses claims severity mpg
"""
CLASS_WORDS = frozenset(_CLASS_NAMES.split())
VALUE_WORDS = frozenset(_VALUE_NAMES.split())
COUNT_NAME = re.compile(r"^(number|num|nr|no|n|count|cnt|total|how_many)_(of_)?[a-z]")
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


@dataclass(frozen=True, kw_only=True, eq=False)
class _Whole:
    """Whole numbers in a target column."""

    name: str
    values: np.ndarray  # distinct, ascending
    n: int

    @property
    def spread(self) -> float:
        return float((self.values[-1] - self.values[0] + 1) / len(self.values))

    @property
    def words(self) -> str:
        low, high = self.values[0], self.values[-1]
        return f"{len(self.values)} different whole numbers from {low:g} to {high:g} in {self.n:,} rows"


def choose_objective(
    column: Column, spec: ColumnSpec, contract: Contract, columns: Columns, brief: Brief, rng: np.random.Generator
) -> Choice:
    """Return ``classify`` or ``regress``, who decided it and why.

    Parameters
    ----------
    column : Column
        Canonical values of the target.
    spec : ColumnSpec
        Of the target.
    columns : Columns
        All columns: whole numbers are compared with them.

    Raises
    ------
    UsageError
        The brief's objective or metric does not exist (MW-U301, MW-U401).
    """
    said = _by_brief(brief)
    value, why = said or _by_data(column, spec, contract, columns, brief, rng)
    by = "user" if said else "default"
    others = tuple(o for o in objectives.OBJECTIVES if o != value)
    return Choice(question="objective", value=value, alternatives=others, decided_by=by, why=why)


def _by_brief(brief: Brief) -> tuple[str, str] | None:
    if brief.objective is not None:
        return objectives.get(brief.objective).name, f"the brief says {brief.objective}"
    if brief.positive is not None:
        return CLASSIFY, f"the brief names a class that counts as the event ('{brief.positive}')"
    if brief.metric is not None:
        metric = metrics.get(brief.metric)
        if len(metric.objectives) == 1:
            (only,) = metric.objectives
            return only, f"the brief asks for {metric.title}, which is for {objectives.get(only).title}"
    if brief.payoff and all(outcome in SIDES for outcome in brief.payoff):
        return REGRESS, "the brief gives a payoff per unit of error"
    if brief.payoff:
        return CLASSIFY, "the brief gives a payoff per outcome of a decision"
    return None


def _by_data(
    column: Column, spec: ColumnSpec, contract: Contract, columns: Columns, brief: Brief, rng: np.random.Generator
) -> tuple[str, str]:
    if isinstance(column, Strings):
        said = "is read as a category, not as numbers" if _all_numbers(column) else "holds names, not numbers"
        return CLASSIFY, f"'{spec.name}' {said}"
    if spec.kind is Kind.BOOLEAN:
        return CLASSIFY, f"'{spec.name}' is true or false"
    present = column[np.isfinite(column)]
    distinct = np.unique(present)
    if spec.kind in (Kind.DATETIME, Kind.DURATION, Kind.GEO):
        return REGRESS, f"'{spec.name}' is a {spec.kind}, which has a scale"
    if len(distinct) <= 2:
        shown = " and ".join(f"{v:g}" for v in distinct)
        return CLASSIFY, f"'{spec.name}' has two values only: {shown}" if len(distinct) == 2 else "one value only"
    fractions = float(np.mean(present != np.round(present)))
    if fractions > 0:
        return REGRESS, f"{fractions:.0%} of the values of '{spec.name}' have fractions"
    whole = _Whole(name=spec.name, values=distinct, n=len(present))
    answer = _by_name_and_number(whole)
    if answer is not None:
        return answer
    left_out = {spec.name, *brief.drop, *brief.known_after}
    names = tuple(n for n in contract.names if n not in left_out and n in columns)
    return _by_order(whole, lambda: measure_order(column, columns, contract, names, rng).share)


def _all_numbers(column: Strings) -> bool:
    """Return whether every level is written as a number."""
    return bool(len(column.levels)) and all(str(level).strip().lstrip("+-").isdecimal() for level in column.levels)


def _by_name_and_number(whole: _Whole) -> tuple[str, str] | None:
    """Return the answer where the name or the number of values settles it."""
    n_values, hint, word = len(whole.values), *_name_hint(whole.name)
    each = whole.n / n_values
    if each < ROWS_PER_VALUE:
        return REGRESS, f"{whole.words}: too many for classes"
    if n_values > MOST_NAMED_CLASSES:
        return REGRESS, f"{whole.words}: too many for classes"
    if hint == CLASSIFY and (n_values <= MANY_VALUES or _looks_like_codes(whole)):
        return CLASSIFY, f"{whole.words}, and the name '{whole.name}' says class ('{word}')"
    if hint == REGRESS:
        return REGRESS, f"{whole.words}, and the name '{whole.name}' says value ('{word}')"
    if n_values <= FEW_VALUES:
        return CLASSIFY, f"{whole.words}: so few are usually codes of classes"
    if n_values > MOST_CLASSES or (n_values > MANY_VALUES and not _looks_like_codes(whole)):
        return REGRESS, f"{whole.words}, not numbered as classes are"
    return None


def _looks_like_codes(whole: _Whole) -> bool:
    starts = whole.values[0] in (0.0, 1.0)
    return starts and whole.spread < 1.1 and whole.n / len(whole.values) >= ROWS_PER_VALUE_MANY


def _by_order(whole: _Whole, share_of: Callable[[], float]) -> tuple[str, str]:
    """Return the answer of the data: is the order of the numbers real?"""
    share = share_of()
    limit = ORDER_SHARE_SPREAD if whole.spread >= SPREAD else ORDER_SHARE
    if share <= limit:
        return REGRESS, (
            f"{whole.words}, and their order is real: of random numberings {share:.1%} fit the other columns and the "
            f"frequencies as well (limit {limit:.0%})"
        )
    return CLASSIFY, (
        f"{whole.words}, and their order is not real: {share:.1%} of random numberings fit the other columns and the "
        f"frequencies as well (limit {limit:.0%}); they are read as codes of classes"
    )


def _name_hint(name: str) -> tuple[str, str]:
    """Return ``classify``, ``regress`` or ``""``, and the word that says so; the last word of a name says most."""
    words = [w.lower() for w in _WORD.findall(name)]
    if COUNT_NAME.match("_".join(words)):
        return REGRESS, words[0]
    if words and words[-1] in CLASS_WORDS:
        return CLASSIFY, words[-1]
    for hint, lexicon in ((REGRESS, VALUE_WORDS), (CLASSIFY, CLASS_WORDS)):
        for word in reversed(words):
            if word in lexicon:
                return hint, word
    return "", ""
