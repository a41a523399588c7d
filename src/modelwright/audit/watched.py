"""How long rows were watched: exposures of counts, and durations that were cut off. Told by names and two levels."""

from __future__ import annotations

import numpy as np

from modelwright.audit.findings import AuditContext
from modelwright.audit.looking import coded, values_of
from modelwright.audit.names import tokens, words
from modelwright.data.contract import Kind

__all__ = ["ended_of", "exposure_of"]

_EXPOSURES = words("exposure exposures expo exposition")
_AT_RISK = words("person persons patient policy insured vehicle car machine device bed operating risk exposed earned")
_PERIODS = words("years yrs months days hours")  # "vehicle_year" is when it was built
_DURATIONS = words(
    "years months weeks days hours minutes time duration survival tenure lifetime lifespan followup dauer tage"
)
_ENDED = words(
    "event status censored censoring censor uncensored observed dead died death deceased alive failed failure churn "
    "churned exited left relapse relapsed recurrence ereignis zensiert"
)


def exposure_of(context: AuditContext) -> str | None:
    """Return the column that by its name says for how long, or for how much, the events of a row were counted."""
    for name in context.features:
        said = frozenset(tokens(name))
        if not (said & _EXPOSURES or (said & _AT_RISK and said & _PERIODS)):
            continue
        values = values_of(context, name)
        if values is not None and context.contract[name].kind in (Kind.NUMBER, Kind.DURATION):
            known = values[np.isfinite(values)]
            if len(known) and known.min() >= 0 and known.max() > known.min():
                return name
    return None


def ended_of(context: AuditContext) -> str | None:
    """Return the column of two levels that by its name says whether what a duration waits for has happened."""
    spec = context.contract[str(context.target)]
    if spec.kind is not Kind.DURATION and not _DURATIONS.intersection(tokens(spec.name)):
        return None
    flags = (n for n in context.features if _ENDED.intersection(tokens(n)) and coded(context, n).n_levels == 2)
    return next(flags, None)
