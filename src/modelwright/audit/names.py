"""What the name of a column gives away: words of identifiers, entities, times, and things known after the event.

Names are hints, never proof: every rule that reads them also asks the data.
"""

from __future__ import annotations

import re

__all__ = [
    "AFTER_STRONG",
    "AFTER_WEAK",
    "BEFORE",
    "ENTITY",
    "IDENTIFIER",
    "ROW_COUNTER",
    "TIME",
    "shared_stem",
    "tokens",
]

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_]+|\d+")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Whole names that tools write for the position of a row (pandas, R, Excel, SQL).
ROW_COUNTER = _words(
    "rownames rowname row_names rownumber row_number rownum row_num row_id rowid rownr row index idx nr no sno s_no "
    "serial serial_no unnamed_0 unnamed record record_number instant seq sequence lfd_nr level_0 x1 order obs"
) | {""}

# Words of identifiers, alone or as the last word of a name.
IDENTIFIER = _words("id ids identifier uuid guid key pid uid udi ssn isbn iban vin hash code_number")

# Things that have several rows each. The word names an entity whose rows hang together.
ENTITY = _words(
    "patient subject person user customer client member account household family employee worker student pupil "
    "school teacher unit machine engine device sensor vehicle driver player team participant respondent case "
    "loan policy order session visitor store shop site station farm field plot plant batch lot run animal cow "
    "hospital clinic doctor physician author speaker writer seller vendor merchant supplier company firm org "
    "property building address user account card phone email experiment trial recording video image document"
)

TIME = _words("date time datetime timestamp day dt ts year month week quarter dteday period created")

# Known only once the event is over. Strong words say so by themselves; weak ones also name harmless things.
AFTER_STRONG = _words(
    "outcome outcomes result results actual actuals final finally closed closing closure resolved resolution "
    "cancelled canceled cancellation cancel returned refund refunded refunds chargeback chargedoff recovered "
    "recovery recoveries settled settlement terminated termination exited exit discharged discharge died death "
    "deceased autopsy survived casualty verdict sentence convicted approved rejected denied declined awarded "
    "granted completed completion finished fulfilled delivered departed arrived churned unsubscribed defaulted "
    "collected repaid repayment writeoff written posterior predicted prediction forecasted followup "
    "postop aftermath assigned reimbursed disposed disposition"
)
AFTER_WEAK = _words(
    "status state duration end ended ending stop stopped elapsed delay delayed arr arrival dep departure paid "
    "payment payout payoff expenditure spent share reason remark response responded reply reviewed review "
    "score grade graded label class event target after post closing total subtotal sum net length tenure "
    "survival boat body alive dead lifetime failure fail failed fault error leave left quit recid reoffend "
    "winner won lost loss win points"
)

# Words that put a value before the event, or into an earlier one.
BEFORE = _words(
    "previous prev previously prior past last earlier old lag lagged lag1 history historical initial planned plan "
    "scheduled schedule sched expected estimated estimate requested reserved due crs booked promised before pre "
    "baseline forecast opening start original first"
)

# Too common in names to say that two columns speak of one thing.
_COMMON = _words(
    "is has was the and for with not new num number count total sum mean avg average min max median rate ratio pct "
    "percent percentage value val values class label target type flag code name level group score index amount "
    "per day days month months year years week hour hours time date age size area price cost text binary data "
    "feature attribute variable column field var out log std sqrt"
)
MIN_STEM = 4


def tokens(name: str) -> tuple[str, ...]:
    """Return the lower-case words of a name: ``"DaysInWaiting_list2"`` → ``("days", "in", "waiting", "list", "2")``."""
    return tuple(w.lower() for w in _WORD.findall(name))


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
