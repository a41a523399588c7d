"""The audit on its own: the first stages of the lifecycle, without a project."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from modelwright.audit.findings import Audit
from modelwright.brief import Brief
from modelwright.data.contract import Contract
from modelwright.data.profile import Profile
from modelwright.data.source import Source
from modelwright.lifecycle import STAGES, Listener, Silent
from modelwright.running import Run, quietly

__all__ = ["Audited", "audit_only"]


@dataclass(frozen=True, kw_only=True)
class Audited:
    """The documents of an audit."""

    brief: Brief
    source: Source
    contract: Contract
    profile: Profile
    audit: Audit


def audit_only(brief: Brief, *, data: Any = None, test: Any = None, listener: Listener | None = None) -> Audited:
    """Read, understand, profile and audit; nothing is written.

    Raises
    ------
    ModelwrightError
        The data cannot be read, or the brief names columns it does not have.
    """
    from modelwright import steps

    told = listener or Silent()
    with Run(brief, data=data, test=test, started=time.monotonic(), listener=told, trains=False) as run:
        for stage in STAGES:
            told.stage(stage.title)
            with quietly():
                run.keep(stage, getattr(steps, stage.name)(run))
            if stage.name == "audit":
                break
        kept = {name: run.documents[name] for name in ("brief", "source", "contract", "profile", "audit")}
        return Audited(**kept)
