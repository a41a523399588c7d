"""Whether texts are names of persons by how they are written and by the given names among them.

Two capitalised words are a person, a town, a shop or a car. Evidence is what all values of a column say together: how
many have the form, how many begin with (or, behind a comma, go on with) a frequent given name of some language, and how
many different given names those are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from modelwright.data.personal.given import GIVEN

__all__ = ["Persons", "given_names", "persons_in"]

_TITLE = r"(?:(?:Mr|Mrs|Ms|Miss|Dr|Prof|Herr|Frau|Hr|Fr|Sr|Sra|Mme|Ing|Rev)\.?\s+){0,3}"
_PARTICLE = r"(?:(?:van|von|vom|zu|zur|de|del|della|da|dos|das|di|du|la|le|el|al|bin|ibn|den|der|ten|ter|y|e|af|av)\s+)"
_PART = r"[^\W\d_a-zà-öø-ÿ](?:['’][^\W\d_])?[^\W\d_]*(?:['’-][^\W\d_]+){0,2}"
_INITIAL = r"(?:\s[^\W\d_a-z]\.?)"
_FAMILY = rf"{_PARTICLE}{{0,3}}{_PART}(?:\s{_PARTICLE}{{0,2}}{_PART})?"
_FIRST_LAST = re.compile(rf"{_TITLE}({_PART})(?:\s{_PART})??{_INITIAL}{{0,2}}\s{_FAMILY}(?:,? (?:Jr|Sr|II|III|MD)\.?)?")
_LAST_FIRST = re.compile(rf"{_FAMILY},\s*{_TITLE}({_PART})(?:\s{_PART})?{_INITIAL}{{0,2}}")


@dataclass(frozen=True, kw_only=True)
class Persons:
    """How much the values of a column look like persons.

    Attributes
    ----------
    share : float
        Of the texts that are written like a given and a family name.
    known : float
        Share of the texts whose given name is a frequent one.
    n_known : int
        Different frequent given names among them.
    turned : float
        Share that is written "Family, Given".
    """

    share: float
    known: float
    n_known: int
    turned: float


def persons_in(texts: Sequence[str]) -> Persons:
    """Return how much different values of a column look like a given and a family name."""
    turned = [_LAST_FIRST.fullmatch(t.strip()) for t in texts]
    found = [a or _FIRST_LAST.fullmatch(t.strip()) for a, t in zip(turned, texts, strict=True)]
    given = [m[1].casefold().split("-")[0] for m in found if m is not None]
    known = [g for g in given if g in GIVEN]
    n = max(1, len(texts))
    return Persons(
        share=len(given) / n,
        known=len(known) / n,
        n_known=len(set(known)),
        turned=sum(m is not None for m in turned) / n,
    )


def given_names(texts: Sequence[str]) -> tuple[float, int]:
    """Return the share of texts that are one frequent given name and nothing else, and how many different ones."""
    found = [t.strip().casefold() for t in texts if t.strip()[:1].isupper() and t.strip().casefold() in GIVEN]
    return len(found) / max(1, len(texts)), len(set(found))
