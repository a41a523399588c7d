"""Retraining, replay and maintenance in words, for the terminal."""

from __future__ import annotations

from modelwright import format as fmt
from modelwright.retrain.documents import Policy, Retrained, Span
from modelwright.retrain.freshening import Freshened
from modelwright.retrain.maintenance import Round
from modelwright.retrain.replay import Replay

__all__ = ["freshened_lines", "replay_lines", "retrained_lines", "round_lines"]


def retrained_lines(project: str, found: Retrained) -> list[str]:
    """Return what a retraining came to, a line each."""
    lines = [
        f"version {found.version} learned from {found.rows:,} rows ({found.span}); {found.new_rows:,} had come",
        *_spans(found),
        f"version {found.version} {'wins' if found.challenge.wins else 'does not win'}: {found.challenge.why}",
    ]
    lines += [f"note: {told}" for told in found.told]
    return [*lines, _next(project, found)]


def _spans(found: Retrained) -> list[str]:
    tried = [t for t in found.spans if t.span is not Span.ALL and t.gain is not None]
    if not tried:
        return []
    told = "; ".join(f"{t.span} ({t.rows:,}) {fmt.measured(t.gain)}" for t in tried)
    return [f"gain over learning from all rows, on later ones: {told}"]


def _next(project: str, found: Retrained) -> str:
    if found.promoted:
        return f"version {found.version} is the champion; 'modelwright rollback {project}' takes it back"
    if found.challenge.wins and found.policy is not Policy.AUTOMATIC:
        return f"version {found.champion} still serves; 'modelwright promote {project} {found.version}' changes that"
    return f"version {found.champion} still serves"


def freshened_lines(project: str, found: Freshened) -> list[str]:
    """Return what came of fitting the calibrator again, a line each."""
    if found.version is None:
        return [f"no new version: {found.why}", f"version {found.champion} still serves"]
    made = f"version {found.version} has the models of version {found.models}: {found.why}"
    if found.promoted:
        return [made, f"version {found.version} is the champion; 'modelwright rollback {project}' takes it back"]
    serves = f"version {found.champion} still serves; 'modelwright promote {project} {found.version}' changes that"
    return [made, serves]


def replay_lines(found: Replay) -> list[str]:
    """Return what a replay came to, a line each."""
    lines = [f"note: {told}" for told in found.told]
    lines += found.events
    counts = (
        f"{fmt.plural(found.retrains, 'retraining')} of {found.windows - 1} possible, "
        f"{fmt.plural(found.promotions, 'promotion')}, {fmt.plural(found.recalibrations, 'recalibration')}, "
        f"{fmt.plural(found.rollbacks, 'rollback')}; {fmt.plural(found.alarms, 'window')} of {found.windows} harmful "
        f"or broken, {found.refused} of them refused"
    )
    return [
        *lines,
        f"mean {found.loss} over {found.labelled:,} rows:",
        f"  frozen        {found.frozen:.5g}",
        f"  maintained    {found.maintained:.5g}   {counts}",
        f"  every window  {found.every_window:.5g}   {found.windows - 1} retrainings",
        f"maintenance is worth {fmt.measured(found.gain)} a row beside leaving the model alone; "
        f"training after every window would be worth {fmt.measured(found.behind)} more",
        f"rows fitted: {found.rows_fitted:,} maintained, {found.rows_fitted_always:,} every window",
    ]


def round_lines(project: str, found: Round) -> list[str]:
    """Return what a round of maintenance came to, a line each."""
    lines = [
        f"{found.at}  {found.judgement}: {fmt.plural(found.rows, 'row')} looked at, "
        f"{fmt.plural(found.labelled, 'labelled row')} since the champion was trained"
    ]
    lines += [f"note: {told}" for told in found.told]
    if found.second is not None and found.second.wins:
        lines.append(f"version {found.champion} serves again: {found.second.why}")
    if found.shadowed is not None:
        lines.append(f"in the shadow, version {found.shadowed.challenger}: {found.shadowed.why}")
    if found.retrained is not None:
        lines += [f"trained again: {found.trigger}", *retrained_lines(project, found.retrained)]
    if found.freshened is not None and found.freshened.version is not None:
        lines += freshened_lines(project, found.freshened)
    return lines
