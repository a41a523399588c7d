"""What the name of a column gives away: words of identifiers, entities, times, and things known after the event.

Names are hints, never proof: every rule that reads them also asks the data.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from functools import lru_cache

__all__ = [
    "AFTER_STRONG",
    "AFTER_WEAK",
    "BEFORE",
    "ENTITY",
    "EVENT",
    "IDENTIFIER",
    "NOT_EVENT",
    "PLACE",
    "ROW_COUNTER",
    "STANDING",
    "STEP",
    "TIME",
    "after_the_fact",
    "entity",
    "shared_stem",
    "siblings",
    "tokens",
    "words",
]

_RUN = re.compile(r"[^\W\d_]+|\d+")


def words(text: str) -> frozenset[str]:
    """Return the words of a text: how lists of them are written here."""
    return frozenset(text.split())


# Whole names that tools write for the position of a row (pandas, R, Excel, SQL).
ROW_COUNTER = words(
    "rownames rowname row_names rownumber row_number rownum row_num row_id rowid rownr row index idx nr no sno s_no "
    "serial serial_no unnamed_0 unnamed record record_number instant seq sequence lfd_nr level_0 x1 order obs"
) | {""}

# Words of identifiers, alone or as the last word of a name.
IDENTIFIER = words("id ids identifier uuid guid key pid uid udi ssn isbn iban vin hash code_number")

# Things that have several rows each, whose rows hang together and which are new to the model in use.
ENTITY = words(
    "patient subject person user customer client member account household family employee worker student pupil unit "
    "machine engine device vehicle driver player participant respondent session visitor animal cow recording speaker "
    "author writer tenant donor volunteer run trial experiment plot specimen"
)
# Places and organisations: their rows hang together, too, but the model may well meet the same ones again.
PLACE = words(
    "school teacher store shop site station farm field hospital clinic doctor physician vendor merchant supplier "
    "company firm seller agent branch plant batch lot building team"
)
_NUMBERED = words("id ids nr no num number key code name uid ref")
# How tables shorten such names ("schidkn", "pat_nr", "custid"): the stem, a word for a number, at most two letters.
_STEMS = {
    "sch": "school",
    "hosp": "hospital",
    "pat": "patient",
    "pt": "patient",
    "subj": "subject",
    "cust": "customer",
    "acct": "account",
    "emp": "employee",
    "veh": "vehicle",
    "hh": "household",
    "pers": "person",
    "stud": "student",
    "resp": "respondent",
    "mach": "machine",
    "dev": "device",
}
_SHORT = re.compile(rf"({'|'.join(_STEMS)})_?(?:id|nr|no|num|code|key)_?(?:[a-z]{{0,2}}|\d{{0,2}})")

# Dates that say something about a thing and not when its row came about.
NOT_EVENT = words(
    "birth dob born birthday birthdate built build construction hired hire joined since signup expiry expires "
    "expiration due planned scheduled release founded opened registration model manufacture production"
)
TIME = words("date time datetime timestamp day dt ts year month week quarter dteday period created")
# What counts the looks at one thing.
STEP = words(
    "t step cycle visit wave round tick seq sequence lap trial attempt session period week day month year hour"
)
# What happens at a time, in the name of a date ("order_date", "pickup").
EVENT = words(
    "event transaction order invoice sale sales booking trip ride pickup visit record recorded recording observation "
    "observed measurement measured sample sampled report reported call flight log logged entry incident claim "
    "application test examination exam screening admission posted at of on utc local"
)

# Known only once the event is over. Strong words say so by themselves; weak ones also name harmless things.
AFTER_STRONG = words(
    "outcome outcomes result results actual actuals final finally closed closure resolved resolution cancelled "
    "canceled cancellation cancelation returned refund refunded refunds chargeback chargedoff recovered recovery "
    "recoveries settled settlement terminated termination exited discharged discharge died death deceased autopsy "
    "survived casualty verdict sentence convicted approved rejected denied declined awarded granted completed "
    "completion finished fulfilled delivered departed arrived churned unsubscribed defaulted collected repaid "
    "repayment writeoff posterior predicted prediction forecasted followup postop aftermath assigned reimbursed "
    "disposed disposition checkout postmortem relapse readmitted readmission reoffended recidivism"
)
AFTER_WEAK = words(
    "status duration end ended ending stop stopped elapsed delay delayed arr arrival departure paid payout payoff "
    "response responded reply reviewed after post closing exit event survival alive dead failure failed fault left "
    "quit winner won lost remaining completed_at closed_at resolution_time label ground_truth truth"
)
# "marital status" is a fact about a person, not the end of a story.
STANDING = words(
    "marital marriage employment employed smoking smoker drinking health family social civil economic checking "
    "savings account credit residence resident housing home education work working job veteran citizenship "
    "immigration legal insurance vaccination pregnancy military relationship poverty"
)

# Words that put a value before the event, or into an earlier one.
BEFORE = words(
    "previous prev previously prior past last earlier old lag lagged lag1 history historical initial planned plan "
    "scheduled schedule sched expected estimated estimate requested reserved due crs booked promised before pre "
    "baseline forecast opening start original first"
)

# Too common in names to say that two columns speak of one thing.
_COMMON = words(
    "is has was the and for with not new num number count total sum mean avg average min max median rate ratio pct "
    "percent percentage value val values class label target type flag code name level group score index amount "
    "per day days month months year years week hour hours time date age size area price cost text binary data "
    "feature attribute variable column field var out log std sqrt"
)
MIN_STEM = 4
# difflib calls 0.6 "close" (get_close_matches). Where many columns are named like the target, names tell nothing.
SIBLING_RATIO = 0.6
MIN_SIBLING = 5
MAX_SIBLINGS = 3
SIBLING_SHARE = 0.3

# A dozen rules ask for the words of the same names, of some columns beside all the others.
KEPT_NAMES = 20_000


@lru_cache(maxsize=KEPT_NAMES)
def tokens(name: str) -> tuple[str, ...]:
    """Return the lower-case words of a name: ``"DaysInWaiting_list2"`` → ``("days", "in", "waiting", "list", "2")``."""
    return tuple(word.lower() for run in _RUN.findall(name) for word in _camel(run))


def _camel(run: str) -> list[str]:
    """Cut letters where a capital begins a word: ``"CRSDepTime"`` → ``["CRS", "Dep", "Time"]``."""
    cuts = [0]
    for i in range(1, len(run)):
        next_is_lower = i + 1 < len(run) and run[i + 1].islower()
        if run[i].isupper() and (not run[i - 1].isupper() or next_is_lower):
            cuts.append(i)
    return [run[a:b] for a, b in zip(cuts, [*cuts[1:], len(run)], strict=True)]


def after_the_fact(name: str) -> tuple[str, bool]:
    """Return the word of a name that speaks of something known only afterwards, and whether it is a strong word.

    ``("", False)`` where there is none, where a word puts the value before the event ("previous_outcome",
    "scheduled_arrival"), or where "status" is a person's standing.
    """
    words = tokens(name)
    if BEFORE.intersection(words):
        return "", False
    strong = next((w for w in words if w in AFTER_STRONG), "")
    if strong:
        return strong, True
    weak = next((w for w in words if w in AFTER_WEAK), "")
    if weak == "status" and STANDING.intersection(words):
        return "", False
    return weak, False


def entity(name: str) -> tuple[str, bool]:
    """Return the entity that a name stands for, and whether it is one that is new in use; ``("", False)`` for none.

    The whole name must say it: ``"patient"``, ``"unit_nr"`` and ``"CustomerID"``, but not ``"unit_price"``.
    """
    short = _SHORT.fullmatch("_".join(tokens(name)))
    if short:
        found = _STEMS[short[1]]
        return found, found in ENTITY
    words = [w for w in tokens(name) if w not in _NUMBERED]
    if len(words) == 1 and words[0][-2:] == "id" and words[0][:-2] in ENTITY | PLACE:
        words = [words[0][:-2]]
    if len(words) != 1 or words[0] not in ENTITY | PLACE:
        return "", False
    return words[0], words[0] in ENTITY


def siblings(names: Sequence[str], target: str) -> frozenset[str]:
    """Return the columns named almost like the target, as long as only a few are ("read_score" and "math_score")."""
    alike = [n for n in names if SequenceMatcher(None, n.lower(), target.lower()).ratio() >= SIBLING_RATIO]
    if len(target) < MIN_SIBLING or len(alike) > min(MAX_SIBLINGS, SIBLING_SHARE * len(names)):
        return frozenset()
    return frozenset(alike)


def shared_stem(name: str, other: str) -> str:
    """Return the longest stem (at least `MIN_STEM` letters, no common word) that both names hold, or ``""``.

    ``"is_recid"`` and ``"two_year_recid"`` share ``"recid"``; ``"ArrDelay"`` and ``"IsDepDelayed"`` share ``"delay"``.
    """
    best = ""
    for a in tokens(name):
        for b in tokens(other):
            short, long = sorted((a, b), key=len)
            if len(short) < MIN_STEM or short in _COMMON or long in _COMMON:
                continue
            if long.startswith(short) or long.endswith(short):
                best = max(best, short, key=len)
    return best
