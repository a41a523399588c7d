"""All kinds of defects: family, planter, and the rules whose finding counts as found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import fitness
import labels
import leaks
import people
import shift
import structure
import values
from bed import Bed, Planted

__all__ = ["KINDS", "STRENGTHS", "Kind"]

STRENGTHS = ("faint", "an engineer would want to know", "blatant")


@dataclass(frozen=True)
class Kind:
    """A kind of defect.

    Attributes
    ----------
    name, family : str
    plant : callable
        ``plant(bed, strength)``: the table with the defect, None where the table cannot have it.
    codes : frozenset of str
        Rules whose finding, on a planted column or row where there is one, counts.
    """

    name: str
    family: str
    plant: Callable[[Bed, int], Planted | None]
    codes: frozenset[str]


def _kind(family: str, plant: Callable[[Bed, int], Planted | None], codes: str, name: str = "") -> Kind:
    return Kind(name or plant.__name__.replace("_", " "), family, plant, frozenset(codes.split()))


_LEAK = "A013 A014 A015 A016 A021 A022 A023 A024 A025 A026"

KINDS: tuple[Kind, ...] = (
    _kind("leaks", leaks.copied, _LEAK, "copy of the target"),
    _kind("leaks", leaks.noisy, _LEAK, "noisy copy of the target"),
    _kind("leaks", leaks.recoded, _LEAK, "recoded target"),
    _kind("leaks", leaks.monotone, _LEAK, "monotone transform"),
    _kind("leaks", leaks.missing_leak, _LEAK, "missing by outcome"),
    _kind("leaks", leaks.one_outcome, _LEAK, "exists for one outcome"),
    _kind("leaks", leaks.pair, _LEAK, "pair that differs by outcome"),
    _kind("leaks", leaks.additive, _LEAK, "parts of the target"),
    _kind("leaks", leaks.encoded, _LEAK, "target encoding"),
    _kind("leaks", leaks.id_in_order, _LEAK + " A006 A020", "id in order of the target"),
    _kind("leaks", leaks.exactness, "A053", "precision by outcome"),
    _kind("leaks", leaks.lead, _LEAK, "future value"),
    _kind("leaks", leaks.later_date, _LEAK, "late timestamp"),
    _kind("leaks", leaks.rows_in_test, "A024", "training rows in test"),
    _kind("leaks", leaks.entities_in_test, "A017 A025", "entities of training in test"),
    _kind("structure", structure.grouped, "A017 A031", "groups"),
    _kind("structure", structure.near_copies, "A027", "near copies of rows"),
    _kind("structure", structure.panel, "A017 A018 A031", "panel"),
    _kind("structure", structure.drifting, "A018 A043 A044", "target drifts with a date"),
    _kind("structure", structure.carried, "A018 A020 A031", "neighbours alike"),
    _kind("structure", structure.nested, "A008 A028", "nested categories"),
    _kind("structure", structure.concatenated, "A029", "two tables in one"),
    _kind("structure", structure.totals, "A012 A029", "total rows"),
    _kind("structure", structure.weight, "A030", "survey weight"),
    _kind("values", values.sentinel, "A009 A012", "code for missing"),
    _kind("values", values.tokens, "A009 A010", "word for missing"),
    _kind("values", values.impossible, "A012", "impossible values"),
    _kind("values", values.mixed_units, "A010 A012 A032", "mixed units"),
    _kind("values", values.mixed_dates, "A010 A033", "mixed date formats"),
    _kind("values", values.garbled, "A034", "garbled text"),
    _kind("values", values.spellings, "A035", "spellings"),
    _kind("values", values.heaped, "A036", "heaping"),
    _kind("values", values.capped, "A037 A042", "cap"),
    _kind("values", values.constant, "A005", "constant"),
    _kind("values", values.duplicated_column, "A008", "column twice"),
    _kind("values", values.mixed_types, "A010 A009", "stray texts among numbers"),
    _kind("labels", labels.contradicting, "A007 A038", "contradicting copies"),
    _kind("labels", labels.flipped, "A039 A040", "wrong labels"),
    _kind("labels", labels.class_spellings, "A041 A035", "spellings of classes"),
    _kind("labels", labels.ordinal, "A040 A041 A042", "ordered classes"),
    _kind("labels", labels.skewed, "A042 A012", "skewed target"),
    _kind("labels", labels.rare_class, "A003 A004", "rare class"),
    _kind("shift", shift.shifted_column, "A019 A043 A044", "column moved in test"),
    _kind("shift", shift.shifted_together, "A019 A043 A044", "test rows selected"),
    _kind("shift", shift.drifting_feature, "A029 A043 A044", "feature drifts with a date"),
    _kind("people", people.emails, "A045", "e-mail addresses"),
    _kind("people", people.phones, "A045", "telephone numbers"),
    _kind("people", people.names, "A045", "names of people"),
    _kind("people", people.cards, "A045", "card numbers"),
    _kind("people", people.ips, "A045", "IP addresses"),
    _kind("people", people.proxy, "A046", "proxy of sex"),
    _kind("people", people.tiny_group, "A047", "protected group of few"),
    _kind("fitness", fitness.no_signal, "A048 A049 A050 A051", "no signal"),
    _kind("fitness", fitness.one_rule, "A048 A049 A050 A051 A013", "one rule is enough"),
    _kind("fitness", fitness.few_rows, "A002", "few rows"),
)
