"""A table of invented people: everything that says who somebody is is known, so that it can be looked for."""

from __future__ import annotations

import random
from dataclasses import dataclass

__all__ = ["Planted", "people"]

GIVEN = ("Maria", "Thomas", "Julia", "Pedro", "Natasha", "Yusuf", "Ingrid", "Lukas")
FIRST = ("Zeb", "Quor", "Vax", "Tril", "Ombr", "Nyx", "Ghyll", "Ruv", "Skand", "Wexl", "Droph", "Plim")
LAST = ("ingworth", "enbacher", "ossian", "umthorpe", "eridge", "afjord", "okwell", "ilanthe", "yssen", "orqvist")


@dataclass(frozen=True, kw_only=True)
class Planted:
    """The table by columns, and the texts of it that may be nowhere else."""

    columns: dict[str, list]
    secrets: tuple[str, ...]


def luhn(body: str) -> str:
    """Return the number with its check digit."""
    total = sum(d if i % 2 else sum(divmod(2 * d, 10)) for i, d in enumerate(int(c) for c in reversed(body)))
    return body + str(-total % 10)


def people(n: int, seed: int = 0) -> Planted:
    """Return rows of people, of whom half have their secrets told in a note again."""
    rng = random.Random(seed)
    columns: dict[str, list] = {}
    secrets: set[str] = set()
    for i in range(n):
        row, own = _person(i, rng)
        secrets.update(own)
        for name, value in row.items():
            columns.setdefault(name, []).append(value)
    return Planted(columns=columns, secrets=tuple(sorted(secrets)))


def _person(i: int, rng: random.Random) -> tuple[dict, list[str]]:
    family = rng.choice(FIRST) + rng.choice(LAST) + chr(97 + i % 26) + chr(97 + i // 26 % 26)
    name = f"{rng.choice(GIVEN)} {family}"
    mail = f"{family.lower()}{i}@mail{i % 7}.example"
    phone = f"+49 30 {rng.randrange(10**7, 10**8)}"
    street = f"{rng.randrange(1, 400)} {rng.choice(FIRST)}{rng.choice(LAST)} Road"
    ssn = f"{rng.randrange(1, 600):03d}-{rng.randrange(1, 99):02d}-{rng.randrange(1, 9999):04d}"
    card = luhn("4" + "".join(rng.choices("0123456789", k=14)))
    ip = ".".join(str(rng.randrange(100, 250)) for _ in range(4))
    customer = f"K{rng.randrange(10**8, 10**9)}"
    born = f"{rng.randrange(1940, 2003)}-{rng.randrange(1, 13):02d}-{rng.randrange(1, 29):02d}"
    zipcode = f"{rng.choice(('021', '100', '606', '941', '036'))}{rng.randrange(100):02d}"
    city = rng.choice(("Boston", "Chicago", "Fresno", "Quincy")) if i % 50 else f"{family}ville"
    amount, visits = round(rng.lognormvariate(7, 1), 2), rng.randrange(12)
    plan = rng.choice(("basic", "plus", "gold"))
    told = (f"Mr. {family} called from {phone}", f"please write to {mail}", f"{name} moved to {street}",
            f"paid with {card}", f"login from {ip}", f"says the number is {ssn}")  # fmt: skip
    mood = rng.choice(("angry about the bill", "pleased with the service", "asks for another plan"))
    note = f"The customer is {mood}. " + (rng.choice(told) + "." if i % 2 else "Nothing else was said today.")
    score = amount / 1500 + visits / 6 + (plan == "gold") + ("angry" in mood) + rng.gauss(0, 0.7)
    row = {
        "customer_id": customer, "full_name": name, "email": mail, "phone": phone, "address": street, "ssn": ssn,
        "card_number": card, "ip_address": ip, "birth_date": born, "zip": zipcode, "city": city,
        "age": 2026 - int(born[:4]), "amount": amount, "visits": visits, "plan": plan, "note": note,
        "churn": "yes" if score > 2.4 else "no",
    }  # fmt: skip
    return row, [customer, name, family, mail, phone, street, ssn, card, ip, born]
