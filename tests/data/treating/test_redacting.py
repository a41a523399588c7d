"""Texts without what says who somebody is."""

from __future__ import annotations

import pytest

from modelwright.data.treating.redacting import name_words, redacted, without_names


@pytest.mark.parametrize(
    ("text", "gone", "stays"),
    [
        ("Dear Maria Lopez, thank you", ["Maria", "Lopez"], "thank you"),
        ("Mr. Quackenbush said that it was late", ["Quackenbush"], "said that it was late"),
        ("write to zeb.q@mail.example now", ["zeb.q", "mail.example"], "now"),
        ("call +49 30 1234567 after six", ["1234567"], "after six"),
        ("call (030) 123 45 67 after six", ["123 45 67"], "after six"),
        ("lives at 12 Old Mill Road in peace", ["Old Mill"], "in peace"),
        ("wohnt Hauptstraße 12 seit Mai", ["Hauptstraße 12"], "seit Mai"),
        ("card 4111 1111 1111 1111 was used", ["1111"], "was used"),
        ("IBAN DE89 3704 0044 0532 0130 00 is mine", ["DE89", "0532"], "is mine"),
        ("from 10.0.0.14 and 2001:0db8:85a3:0000:0000:8a2e:0370:7334 too", ["10.0.0", "0db8"], "too"),
        ("device 00:1B:44:11:3A:B7 failed", ["00:1B"], "failed"),
        ("SSN 123-45-6789 on file", ["6789"], "on file"),
        ("ref AB1234567C of today", ["1234567"], "of today"),
        ("see https://x.example/u/zeb and @zeb_q there", ["x.example", "zeb_q"], "there"),
    ],
)
def test_what_goes(text, gone, stays):
    out = redacted(text)
    assert not [part for part in gone if part in out], out
    assert stays in out
    assert redacted(out) == out


@pytest.mark.parametrize(
    "text",
    [
        "The parcel of 2026-05-01 came on 3 May, two days late; 1200 euros are not paid back.",
        "mark the box and be frank; Mark what you will",
        "iPhone 15 at 999.90, version 4.2, 50 percent off",
        "Nothing personal stands here.",
    ],
)
def test_what_stays(text):
    assert redacted(text) == text


def test_names_that_the_table_shows_go_from_texts():
    known = name_words(["Zebulon Quackenbush", "Ombra van Wexl"])
    out = without_names("told Zebulon and Wexl; zebulon is a word", known)
    assert out == "told [name] and [name]; zebulon is a word"


@pytest.mark.parametrize("piece", ["a-", "A'", "Aa-", "1 a ", "+1 (", "rue ", "É'", "1.", "a.", "ab:", "Mr ", "1234 "])
def test_hostile_texts_come_to_an_end(piece):
    out = redacted(piece * 10_000)  # by the square of the length, this would take minutes
    assert len(out) <= 4 * 20_000 and redacted(out[:20_000]) is not None
