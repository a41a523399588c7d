"""The columns that quick models learn from: what is left when identifiers and leaks are dropped."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from modelwright.audit.findings import Action, AuditContext
from modelwright.audit.identifiers import identifier_reason
from modelwright.audit.leaks import sure_leaks
from modelwright.audit.looking import coded, memo
from modelwright.audit.probing import Probe, probe

__all__ = ["NO_PROBE", "constant_probe", "honest_features", "honest_probe", "skill"]


MAX_CLASSES = 50  # of more, a quick model takes a minute and is unsure of every row
NO_PROBE = f"there are too few rows with a target, no columns to learn from, or more than {MAX_CLASSES} classes"


def honest_features(context: AuditContext) -> tuple[str, ...]:
    """Return the features that neither name the rows, nor hold the answer, nor have one value only.

    A quick model with a leak among its columns would say that everything is easy.
    """
    return memo(context, "honest features", lambda: _honest(context))


def _honest(context: AuditContext) -> tuple[str, ...]:
    from modelwright.audit.rules.a015_additive_leak import AdditiveLeak
    from modelwright.audit.rules.a016_pair_leak import PairLeak

    left_out = set(sure_leaks(context))
    for rule in (AdditiveLeak, PairLeak):
        answer = rule().check(replace(context, rng=np.random.default_rng(context.brief.seed)))
        if not isinstance(answer, str):
            left_out.update(c for f in answer if f.action is Action.DROP_COLUMN for c in f.columns)
    names = [n for n in context.features if n not in left_out and not identifier_reason(context, n)]
    return tuple(n for n in names if coded(context, n).n_levels > 1)


def honest_probe(context: AuditContext) -> Probe | None:
    """Return the out-of-fold predictions from `honest_features`; None as `NO_PROBE` says."""
    if len(context.classes) > MAX_CLASSES:
        return None
    return probe(context, honest_features(context))


def constant_probe(made: Probe) -> Probe:
    """Return what always saying the shares of the classes, or the mean rank, predicts for the rows of a probe."""
    k = made.prediction.shape[1]
    if k == 1:
        constant = np.full((len(made.y), 1), made.y.mean())
    else:
        counts = np.bincount(made.y.astype(np.int64), minlength=k) + 1.0 / k
        constant = np.tile(counts / counts.sum(), (len(made.y), 1))
    return Probe(made.rows, made.y, constant)


def skill(made: Probe) -> float:
    """Return the share that a probe explains of what a constant leaves: R² of ranks, McFadden's R² for classes."""
    k = made.prediction.shape[1]
    if k == 1:
        spread = float(np.square(made.y - made.y.mean()).sum())
        return 1 - float(np.square(made.y - made.prediction[:, 0]).sum()) / spread
    own = np.arange(len(made.y)), made.y.astype(np.int64)
    return 1 - float(np.log(made.prediction[own]).sum() / np.log(constant_probe(made).prediction[own]).sum())
