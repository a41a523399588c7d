"""A030: a weight of the survey among the features."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from modelwright.audit.building import count, percent, tell
from modelwright.audit.findings import AuditContext, Finding, Severity
from modelwright.audit.identifiers import identifier_reason
from modelwright.audit.looking import coded, rank_correlation, values_of
from modelwright.audit.names import tokens
from modelwright.audit.power import power
from modelwright.data.columns import Strings
from modelwright.data.ranks import average_ranks

__all__ = ["SurveyWeight"]

MIN_ROWS = 100


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Names of the weights of surveys and samples (Census, GSS, NHANES, DHS, PISA, Eurostat). "weight" alone is a body's or
# a parcel's weight at least as often.
_SURE = _words(
    "wgt wgts wt wts fnlwgt finalwgt finwgt finlwt pweight pweights pwgt perwt hhwt hhwgt wtssall wtss wtsall "
    "wtint2yr wtmec2yr wgtp pwgtp iweight fweight aweight w_fstuwt poststrat poststratification raking "
    "svyweight sampleweight sampwt sampwgt smpwt surveyweight weightvar discwt perwgt finalweight"
)
_WEIGHT = frozenset(("weight", "weights", "wgt", "wt", "w"))
_OF_A_SAMPLE = _words(
    "sample sampling survey design final person household expansion population pop post stratification analysis "
    "respondent replicate jackknife probability inverse inflation frequency freq case balance raked"
)
_SHORT = _words("w wt pw wts")  # of a survey, or a width or the weight of a car: the numbers must say more
_OF_A_THING = _words(
    "body birth gross net tare curb kerb dry wet gain loss lifted shell whole shucked viscera item parcel vehicle "
    "car kg lb lbs g gram grams mg ton tons product package kilo kilograms pounds atomic molecular height over "
    "under percent total avg mean max min"
)
# What a weight behaves like: no zero or less, large against its own spread's lower end, mostly different values.
MIN_LEVELS = 10
MIN_SPREAD = 1.5  # of the 95 % quantile to the 5 % quantile
# Alone, a weight says next to nothing of the target: it tells how often such a person was drawn, not how he fares.
WEAK_SKILL = 0.05
# A name that only hints is believed where the numbers stand for people: weights then add up to a population.
POPULATION = 20.0  # persons per row
WIDE_SPREAD = 3.0
NORMALISED = 0.005  # ... or to as many as there are rows
MAX_ROUND = 0.5  # share of values with two significant digits or fewer; quantities that people measure are round
# ... and nothing that is known of a thing goes with them, as its size would with its weight.
UNRELATED = 0.15
MIN_OTHERS, MAX_OTHERS = 3, 30
MAX_LEVELS = 30


class SurveyWeight:
    """Finds columns that say how many people a row stands for."""

    code: ClassVar[str] = "A030"
    title: ClassVar[str] = "Survey weight"
    what: ClassVar[str] = "A column says how many others each row of the sample stands for."
    why_it_matters: ClassVar[str] = (
        "A weight belongs to the sample and not to the person: nobody to be predicted has one, and a model that uses "
        "it learns how the survey was drawn. Left out of the averages, it makes shares and scores those of the sample "
        "and not of the population."
    )
    how_detected: ClassVar[str] = (
        "The name is one that surveys give to weights (fnlwgt, pweight, WTSSALL, sample_weight) and the numbers "
        f"behave like weights: all above 0, at least {MIN_LEVELS} different ones, the largest twentieth at least "
        f"{MIN_SPREAD:g} times the smallest twentieth, and alone they explain less than {percent(WEAK_SKILL)} of the "
        f"target. The bare word 'weight' counts only where rows stand for {POPULATION:g} others or more on average, "
        f"in figures that are mostly not round, or for exactly one, the largest are "
        f"{WIDE_SPREAD:g} times the smallest, and no other number or category goes with it (rank correlation or "
        f"ratio below {UNRELATED:g} with each of {MIN_OTHERS} or more); then it is asked. Of 'w', 'wt' "
        "and 'pw' the average may be any."
    )
    what_is_done: ClassVar[str] = (
        "Told. The column stays until it is dropped: whether the model is to serve the sample or the population is "
        "for the user to say."
    )

    def check(self, context: AuditContext) -> list[Finding] | str:
        """Return one finding per weight, or why there is nothing to check."""
        if len(context.row_numbers) < MIN_ROWS:
            return f"there are fewer than {MIN_ROWS} rows"
        numbers = [n for n in context.features if values_of(context, n) is not None]
        if not numbers:
            return "there are no numbers"
        return [self._tell(context, n) for n in numbers if _is_weight(context, n)]

    def _tell(self, context: AuditContext, name: str) -> Finding:
        column = coded(context, name)
        values = np.repeat(column.values, column.counts)
        mean = float(values.mean())
        effective = float(values.sum() ** 2 / (len(values) * np.square(values).sum()))
        measured = power(context, name)
        skill = 0.0 if measured is None else measured.skill
        said = "" if measured is None else f" Alone it explains {percent(skill)} of '{context.target}'."
        return tell(
            self,
            severity=Severity.WARNING if _named(name) else Severity.INFO,
            columns=[name],
            message=f"'{name}' seems to be a weight of the sample: the {count(len(values), 'row')} with one stand for "
            f"{mean:,.6g} others each on average, from {column.values[0]:,.6g} to {column.values[-1]:,.6g}.{said} It "
            "says how the sample was drawn and is no property of who is to be predicted. Unweighted scores are those "
            f"of the sample; weighted ones would be as sure as from {percent(effective)} of the rows.",
            evidence={"mean": mean, "effective_share": effective, "skill": skill},
            fix=f"leave it out with --drop {name}; if shares of the population matter, weight the results by it",
            n_rows=len(values),
        )


def _is_weight(context: AuditContext, name: str) -> bool:
    sure = _named(name)
    if sure is None or identifier_reason(context, name):
        return False
    column = coded(context, name)
    if column.n_levels < MIN_LEVELS or column.n_present < MIN_ROWS or column.values[0] <= 0:
        return False
    values = np.repeat(column.values, column.counts)
    low, high = np.quantile(values, (0.05, 0.95))
    if not np.isfinite(column.values[-1]) or high < MIN_SPREAD * low:
        return False
    measured = power(context, name)
    if measured is not None and measured.skill >= WEAK_SKILL:
        return False
    return sure or _behaves(context, name, values)


def _behaves(context: AuditContext, name: str, values: np.ndarray) -> bool:
    """Return whether the numbers of a column that is called no more than "weight" are those of a weight."""
    mean = float(values.mean())
    low, high = np.quantile(values, (0.05, 0.95))
    if high < WIDE_SPREAD * low:
        return False
    round_ones = _round_share(values) > MAX_ROUND
    scaled = not round_ones if _is_short(name) else abs(mean - 1) <= NORMALISED
    if not scaled and (mean < POPULATION or round_ones):
        return False
    mine = context.columns[name]
    others = [v for n in context.features if n != name and (v := values_of(context, n)) is not None][:MAX_OTHERS]
    assert isinstance(mine, np.ndarray)
    words = [n for n in context.features if isinstance(context.columns[n], Strings)]
    words = [n for n in words if 1 < coded(context, n).n_levels <= MAX_LEVELS][:MAX_OTHERS]
    if len(others) + len(words) < MIN_OTHERS:
        return False
    return all(abs(rank_correlation(mine, v)) < UNRELATED for v in others) and all(
        _ratio(mine, coded(context, n).codes) < UNRELATED for n in words
    )


def _ratio(values: np.ndarray, codes: np.ndarray) -> float:
    """Return the correlation ratio of ranks with levels, without what luck would give so many levels (Kelley 1935)."""
    known = np.isfinite(values)
    ranks, codes = average_ranks(values[known]), codes[known] + 1
    counts = np.bincount(codes)
    means = np.bincount(codes, ranks) / np.maximum(counts, 1)
    k, n = int((counts > 0).sum()), len(ranks)
    within = float(np.square(ranks - means[codes]).sum() / np.square(ranks - ranks.mean()).sum())
    return max(0.0, 1 - within * (n - 1) / max(1, n - k)) ** 0.5


def _named(name: str) -> bool | None:
    """Return whether a name is surely a weight's; None where it names none or the weight of a thing."""
    words = set(tokens(name))
    letters = {w for w in words if not w.isdigit()}
    joined = "".join(tokens(name))
    if letters & _OF_A_THING:
        return None
    if _is_short(name):
        return False  # miles per gallon and wt: the weight of a car
    if letters & _SURE or joined in _SURE or (letters & _WEIGHT and letters & _OF_A_SAMPLE):
        return True
    if any(joined.endswith(w) and joined.removesuffix(w) in _OF_A_SAMPLE for w in _WEIGHT):
        return True
    return False if letters in ({"weight"}, {"weights"}) else None


def _is_short(name: str) -> bool:
    words = [w for w in tokens(name) if not w.isdigit()]
    return len(words) == 1 and words[0] in _SHORT


def _round_share(values: np.ndarray) -> float:
    """Return the share of values with two significant digits or fewer."""
    size = 10.0 ** (np.floor(np.log10(values)) - 1)
    scaled = values / size
    return float(np.mean(np.abs(scaled - np.round(scaled)) < 1e-9))
