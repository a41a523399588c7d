"""What is said of parts of the rows: in the report, the card and for machines alike."""

from __future__ import annotations

from dataclasses import replace

import pytest

from modelwright.report.html import render
from modelwright.report.papers.card import slices as card_slices
from modelwright.report.papers.evidence import evidence_of
from modelwright.report.tables import slice_words, slices
from tests.report import samples

BANK = samples.bank()
SLICE = BANK.evaluation.slices[0]


@pytest.mark.parametrize(
    ("judgement", "words"),
    [
        ("worse", "clearly worse"),
        ("perhaps", "perhaps worse: of so many parts, one looks so by chance"),
        ("unknown", "cannot be told on"),
        ("hard, unknown", "harder; more than its own chances say?"),
        ("hard", "harder to call, as its own chances say"),
        ("alike", "no worse"),
        ("", "within the noise"),
    ],
)
def test_a_part_is_called_what_is_known_of_it(judgement, words):
    score = replace(SLICE.score, name="log_loss")
    part = replace(SLICE, judgement=judgement, worse=judgement == "worse", score=score)
    assert slice_words(part).startswith(words)
    told = replace(BANK, evaluation=replace(BANK.evaluation, slices=(part,)))
    assert slices(told.evaluation).rows[0].note.startswith(words)
    (row,) = card_slices(evidence_of(told)).rows
    assert any(words in str(piece) for piece in row)


def test_how_many_parts_cannot_be_told_is_said_above_the_table():
    parts = tuple(replace(s, judgement="unknown", worse=False) for s in BANK.evaluation.slices[:2])
    page = render(replace(BANK, evaluation=replace(BANK.evaluation, slices=parts)))
    assert "Of 2 parts it cannot be told" in page
