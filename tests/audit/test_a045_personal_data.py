"""A045: fires, stays quiet, does not apply."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from modelwright.audit.findings import Action, Severity
from modelwright.audit.rules.a045_personal_data import PersonalData
from modelwright.data.contract import Kind
from modelwright.data.personal.shapes import luhn, weighted
from tests.audit.conftest import MakeContext
from tests.audit.helpers import accused, findings, honest

GIVEN = ["Anna", "Peter", "María", "John", "Li", "Jean-Paul", "Olga", "Ahmed", "Sofia", "Karl"]
FAMILY = ["Müller", "Smith", "O'Brien", "García", "Rossi", "Novák", "van Dijk", "Lee", "Silva", "Schäfer", "Jones"]


def digits(rng: np.random.Generator, n: int) -> str:
    return "".join(str(d) for d in rng.integers(0, 10, n))


def with_luhn(start: str) -> str:
    return next(start + d for d in "0123456789" if luhn(start + d))


def nhs(rng: np.random.Generator) -> str:
    while True:
        start = digits(rng, 9)
        check = (11 - weighted(start, range(10, 1, -1)) % 11) % 11
        if check < 10:
            return f"{start[:3]} {start[3:6]} {start[6:]}{check}"


def cpf(rng: np.random.Generator) -> str:
    start = digits(rng, 9)
    start += str(weighted(start, range(10, 1, -1)) * 10 % 11 % 10)
    start += str(weighted(start, range(11, 1, -1)) * 10 % 11 % 10)
    return f"{start[:3]}.{start[3:6]}.{start[6:9]}-{start[9:]}"


def iban(rng: np.random.Generator, land: str = "DE") -> str:
    account = ("NWBK" if land == "GB" else "") + digits(rng, 14 if land == "GB" else 18)
    number = int("".join(str(int(c, 36)) for c in f"{account}{land}00"))
    return f"{land}{98 - number % 97:02d}{account}"


def dni(rng: np.random.Generator) -> str:
    number = digits(rng, 8)
    return number + "TRWAGMYFPDXBNJZSQVHLCKE"[int(number) % 23]


def nir(rng: np.random.Generator) -> str:
    start = f"{rng.integers(1, 3)}{digits(rng, 2)}{rng.integers(1, 13):02d}{rng.integers(1, 95):02d}{digits(rng, 6)}"
    return f"{start}{97 - int(start) % 97:02d}"


def name(rng: np.random.Generator) -> str:
    return f"{rng.choice(GIVEN)} {rng.choice(FAMILY)}"


MADE: dict[str, tuple[str, Callable[[np.random.Generator], str]]] = {
    "e-mail addresses": ("contact", lambda r: f"{rng_word(r)}.{rng_word(r)}@{rng_word(r)}.co.uk"),
    "phone numbers": ("x", lambda r: f"+49 {r.integers(100, 999)} {digits(r, 7)}"),
    "US phone": ("x", lambda r: f"({r.integers(200, 999)}) {r.integers(200, 999)}-{digits(r, 4)}"),
    "digits": ("Telefonnummer", lambda r: f"0{r.integers(100, 999)}{digits(r, 7)}"),
    "IBANs": ("x", iban),
    "spaced IBANs": ("x", lambda r: " ".join(re.findall(".{1,4}", iban(r, "GB")))),
    "payment card numbers": ("x", lambda r: with_luhn("4" + digits(r, 14))),
    "US social security numbers": (
        "x",
        lambda r: f"{r.integers(100, 600)}-{r.integers(10, 99)}-{r.integers(1000, 9999)}",
    ),
    "NHS numbers": ("x", nhs),
    "Brazilian CPFs": ("x", cpf),
    "Spanish DNI or NIE numbers": ("x", dni),
    "French NIRs": ("x", nir),
    "IP addresses": ("x", lambda r: ".".join(str(v) for v in r.integers(1, 255, 4))),
    "network card addresses": ("x", lambda r: ":".join(f"{v:02x}" for v in r.integers(0, 256, 6))),
    "postal addresses": (
        "x",
        lambda r: f"{r.integers(1, 200)} {rng_word(r).title()} {r.choice(['St', 'Avenue', 'Rd'])}",
    ),
    "German addresses": ("x", lambda r: f"{rng_word(r).title()}straße {r.integers(1, 200)}, {digits(r, 5)} Ulm"),
    "French addresses": ("x", lambda r: f"{r.integers(1, 99)} rue {rng_word(r).title()}, {digits(r, 5)} Lyon"),
    "Spanish addresses": ("x", lambda r: f"Calle {rng_word(r).title()} {r.integers(1, 99)}, {digits(r, 5)} Madrid"),
    "surnames": ("Nachname", lambda r: rng_word(r).title()),
    "first names": ("prénom", lambda r: rng_word(r).title()),
    "full names": ("customer_name", name),
    "names": ("name", lambda r: f"{r.choice(GIVEN)} {rng_word(r).title()}"),
}


def rng_word(rng: np.random.Generator) -> str:
    return "".join(rng.choice(list("bdfgklmnprst")) + rng.choice(list("aeiou")) for _ in range(3))


@pytest.mark.parametrize("what", MADE)
def test_finds_what_names_or_reaches_somebody(make: MakeContext, what: str) -> None:
    column, one = MADE[what]
    rng = np.random.default_rng(3)
    frame = honest(rng, 300)
    frame[column] = [one(rng) for _ in range(300)]
    frame.loc[::7, column] = None
    (found,) = findings(PersonalData, make(frame, "goal"))
    assert found.columns == (column,) and found.action is Action.DROP_COLUMN
    assert found.severity is Severity.WARNING


def test_first_and_last_beside_each_other_are_names(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng, 300).assign(first=[rng_word(rng) for _ in range(300)])
    assert findings(PersonalData, make(frame, "goal")) == []
    frame["last"] = [rng_word(rng) for _ in range(300)]
    assert {f.columns for f in findings(PersonalData, make(frame, "goal"))} == {("first",), ("last",)}


def test_finds_numbers_that_were_read_as_numbers(make: MakeContext, rng: np.random.Generator) -> None:
    cards = [float(with_luhn("51" + digits(rng, 13))) for _ in range(300)]
    phones = [float(f"49{rng.integers(100, 999)}{digits(rng, 7)}") for _ in range(300)]
    (a, b) = findings(PersonalData, make(honest(rng, 300).assign(x=cards, phone=phones), "goal"))
    assert (a.columns, b.columns) == (("x",), ("phone",))


@pytest.mark.parametrize(
    ("column", "one"),
    [
        ("card", lambda r: digits(r, 16)),
        ("x", lambda r: "4" + digits(r, 15)),
        ("amount", lambda r: str(r.integers(10**9, 10**10))),
        ("x", lambda r: digits(r, 10)),
        ("x", lambda r: digits(r, 11)),
        ("x", lambda r: digits(r, 8) + r.choice(list("ABCDEFGH"))),
        ("version", lambda r: ".".join(str(v) for v in r.integers(0, 9, 4))),
        ("model", lambda r: f"{rng_word(r).title()} {r.integers(100, 999)}"),
        ("name", lambda r: f"{rng_word(r).title()} {rng_word(r).title()}"),
        ("product_name", lambda r: f"Anna {rng_word(r).title()}"),
        ("city", lambda r: f"{rng_word(r).title()}"),
        ("date", lambda r: f"{r.integers(1990, 2024)}-{r.integers(1, 13):02d}-{r.integers(1, 28):02d}"),
        ("sku", lambda r: f"{digits(r, 3)}-{digits(r, 4)}"),
        ("email_domain", lambda r: f"{rng_word(r)}.com"),
    ],
)
def test_random_numbers_and_other_names_are_nobody(
    make: MakeContext, column: str, one: Callable[[np.random.Generator], str]
) -> None:
    rng = np.random.default_rng(5)
    frame = honest(rng, 300)
    frame[column] = [one(rng) for _ in range(300)]
    assert findings(PersonalData, make(frame, "goal")) == []


def test_finds_what_stands_in_texts(make: MakeContext, rng: np.random.Generator) -> None:
    texts = [f"the order number {digits(rng, 16)} of today came at {rng.integers(1, 12)}.30" for _ in range(300)]
    quiet = honest(rng, 300).assign(note=texts)
    assert findings(PersonalData, make(quiet, "goal", kinds={"note": Kind.TEXT})) == []
    for i in range(0, 300, 20):
        texts[i] += f", please write to {rng_word(rng)}@example.org or call +44 20 7946 {digits(rng, 4)}"
    found = findings(PersonalData, make(honest(rng, 300).assign(note=texts), "goal", kinds={"note": Kind.TEXT}))
    assert {f.evidence["what"] for f in found} == {"e-mail addresses", "phone numbers"}
    assert all(f.action is Action.TOLD and f.n_rows == 15 and f.rows[0] == 0 for f in found)


def test_tells_of_birthdays_and_homes(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng, 300)
    frame["date_of_birth"] = pd.Timestamp("1980-01-01") + pd.to_timedelta(rng.integers(0, 9000, 300), unit="D")
    frame["home_lat"] = 48 + rng.random(300)
    found = findings(PersonalData, make(frame, "goal", kinds={"home_lat": Kind.GEO}))
    assert {f.columns[0] for f in found} == {"date_of_birth", "home_lat"}
    assert all(f.severity is Severity.INFO and f.action is Action.TOLD for f in found)


def test_counts_who_is_singled_out(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng, 600).assign(
        age=rng.integers(18, 80, 600),
        sex=rng.choice(["m", "f"], 600),
        town=[f"t{v}" for v in rng.integers(0, 40, 600)],
    )
    (found,) = findings(PersonalData, make(frame, "goal"))
    assert set(found.columns) == {"age", "sex", "town"} and 0.5 < found.evidence["share"] <= 1
    coarse = frame.assign(age=frame["age"] // 30, town=frame["town"].str[:2])
    assert findings(PersonalData, make(coarse, "goal")) == []


def test_does_not_apply_to_a_handful_of_rows(make: MakeContext, rng: np.random.Generator) -> None:
    assert PersonalData().check(make(honest(rng, 10), "goal")) == "there are fewer than 20 rows"


def test_given_and_family_names_in_a_neutral_column_are_told(make: MakeContext, rng: np.random.Generator) -> None:
    given = rng.choice(["Anna", "Peter", "Maria", "Ali", "Klaus", "Julia", "Ivan", "Paul", "Emma", "Noah"], 600)
    family = [f"{a}{b}" for a in ("Berg", "Cas", "Ros", "Wein", "Sand") for b in ("er", "sen", "ic", "ova", "i", "s")]
    frame = honest(rng).assign(field_7=[f"{a} {b}" for a, b in zip(given, rng.permutation(family * 20))])
    (found,) = [f for f in findings(PersonalData, make(frame, "goal")) if "field_7" in f.columns]
    assert found.action is Action.TOLD and found.severity is Severity.WARNING
    places = [f"{a} {b}" for a in ("San", "New", "Santa", "Port", "Saint") for b in family] * 4
    assert not accused(PersonalData, make(frame.assign(field_7=places), "goal"))


def test_addresses_in_a_few_notes_that_mostly_repeat(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng, 1_000).assign(remark=rng.choice(["called back", "left a message", "no news"], 1_000))
    assert findings(PersonalData, make(frame, "goal")) == []
    for i in range(0, 1_000, 50):
        frame.loc[i, "remark"] = f"called back, anna.{i}@mail.example"
    (found,) = findings(PersonalData, make(frame, "goal"))
    assert found.columns == ("remark",) and found.n_rows == 20 and "e-mail addresses" in found.message
