"""Planted people: what names them, what protects them, and groups of few."""

from __future__ import annotations

import numpy as np
from bed import Bed, Planted

__all__ = ["cards", "emails", "ips", "names", "phones", "proxy", "tiny_group"]

FIRST = [
    "Anna",
    "Bruno",
    "Chiara",
    "David",
    "Elena",
    "Farid",
    "Greta",
    "Hassan",
    "Ines",
    "Jonas",
    "Karin",
    "Luis",
    "Mei",
    "Nadia",
    "Omar",
    "Petra",
    "Quentin",
    "Rosa",
]
LAST = [
    "Almeida",
    "Berger",
    "Castillo",
    "Dubois",
    "Eriksen",
    "Fischer",
    "Garcia",
    "Hoffmann",
    "Ivanova",
    "Jansen",
    "Keller",
    "Lopez",
    "Meyer",
    "Novak",
]
NOTES = ("called back on Monday", "wants another offer", "left a message", "asked for a leaflet", "no further news")


def _person(bed: Bed) -> tuple[str, str]:
    return str(bed.rng.choice(FIRST)), str(bed.rng.choice(LAST))


def _in_notes(bed: Bed, strength: int, name: str, made: list[str]) -> Planted:
    """Return a column of them (blatant), or notes with one in 2 or 30 % of the rows."""
    if strength == 2:
        name = bed.named(name)
        return Planted(frame=bed.with_column(name, made), columns=(name,))
    notes = bed.rng.choice(NOTES, bed.n).astype(object)
    for i in bed.some((0.02, 0.3)[strength]):
        notes[i] = f"{notes[i]}, {made[i]}"
    remark = bed.named("remark")
    return Planted(frame=bed.with_column(remark, notes), columns=(remark,))


def emails(bed: Bed, strength: int) -> Planted:
    """E-mail addresses, in 2 or 30 % of free texts or as a column."""
    people = [_person(bed) for _ in range(bed.n)]
    made = [f"{a}.{b}{bed.rng.integers(1, 999)}@mail{i % 5}.example".lower() for i, (a, b) in enumerate(people)]
    return _in_notes(bed, strength, "contact", made)


def phones(bed: Bed, strength: int) -> Planted:
    """Telephone numbers, in 2 or 30 % of free texts or as a column."""
    digits = bed.rng.integers(0, 10, (bed.n, 9))
    made = ["+49 " + "".join(map(str, d[:3])) + " " + "".join(map(str, d[3:])) for d in digits]
    return _in_notes(bed, strength, "reached_at", made)


def names(bed: Bed, strength: int) -> Planted:
    """Names of people: family names, first and family names, and the same under a name that says so."""
    people = [_person(bed) for _ in range(bed.n)]
    made = [b if strength == 0 else f"{a} {b}" for a, b in people]
    name = "full_name" if strength == 2 else bed.name()
    return Planted(frame=bed.with_column(name, made), columns=(name,))


def _card(digits: np.ndarray) -> str:
    """Return a card number whose last digit is right (Luhn)."""
    body = [4, *digits.tolist()]
    doubled = [d if i % 2 else (2 * d - 9 if d > 4 else 2 * d) for i, d in enumerate(body)]
    return "".join(map(str, [*body, -sum(doubled) % 10]))


def cards(bed: Bed, strength: int) -> Planted:
    """Numbers of payment cards, in 2 or 30 % of free texts or as a column."""
    made = [_card(d) for d in bed.rng.integers(0, 10, (bed.n, 14))]
    return _in_notes(bed, strength, bed.name(), made)


def ips(bed: Bed, strength: int) -> Planted:
    """Addresses of machines, in 2 or 30 % of free texts or as a column."""
    made = [".".join(map(str, d)) for d in bed.rng.integers(1, 255, (bed.n, 4))]
    return _in_notes(bed, strength, bed.name(), made)


def proxy(bed: Bed, strength: int) -> Planted:
    """The sex of people, and a neutral column that tells it in 65, 85 or 99 % of the rows."""
    woman = bed.rng.random(bed.n) < 0.5
    same = bed.rng.random(bed.n) < (0.65, 0.85, 0.99)[strength]
    other = bed.name()
    frame = bed.with_column(other, np.where(woman == same, "K1", "K2").astype(object))
    word = "gender" if "sex" in [c.lower() for c in frame] else "sex"
    if word in [c.lower() for c in frame]:
        word = "applicant_sex"
    frame[word] = np.where(woman, "female", "male")
    return Planted(frame=frame, columns=(other,), sources=(word,))


def tiny_group(bed: Bed, strength: int) -> Planted:
    """The religion of people, one of which has 40, 15 or 4 rows."""
    values = bed.rng.choice(["catholic", "protestant", "none"], bed.n).astype(object)
    values[bed.rng.choice(bed.n, (40, 15, 4)[strength], replace=False)] = "jewish"
    return Planted(frame=bed.with_column("religion", values), columns=("religion",))
