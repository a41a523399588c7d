"""From the folders that training left to a scoring plan."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from modelwright.documents import digest_bytes
from modelwright.runtime import scorers
from modelwright.runtime.plan import Plan, PlanMember
from modelwright.runtime.views import ViewPlan
from modelwright.train.outcome import TrainedMember

__all__ = ["assemble"]


def assemble(members: Sequence[TrainedMember], facts: dict[str, Any]) -> Plan:
    """Return the plan of an ensemble.

    Members whose views are equal share one, so that a row is encoded once.

    Parameters
    ----------
    members : sequence of TrainedMember
        A member with several folders (fold models) gives each of them its share of the weight.
    facts : dict
        ``contract``, ``objective``, ``classes``, ``calibrator``, ``threshold``, ``by_group`` of the plan.
    """
    views: dict[str, ViewPlan] = {}
    keys: dict[str, str] = {}
    planned: list[PlanMember] = []
    for member in members:
        for folder in map(Path, member.folders):
            text, arrays = (folder / "view.json").read_bytes(), (folder / "view.npz").read_bytes()
            state = msgspec.json.decode(text)
            digest = digest_bytes(msgspec.json.encode(state["view"], order="deterministic") + arrays)
            if digest not in keys:
                keys[digest] = f"view{len(keys) + 1}"
                with np.load(folder / "view.npz", allow_pickle=False) as stored:
                    views[keys[digest]] = ViewPlan.build(state["view"], {k: stored[k] for k in stored.files})
            planned.append(
                PlanMember(
                    name=member.key,
                    view=keys[digest],
                    scorer=scorers.load(state["scorer"], folder),
                    weight=member.weight / len(member.folders),
                )
            )
    used = {name for view in views.values() for op in view.ops for name in op.inputs}
    used |= set() if facts.get("by_group") is None else set(facts["by_group"].columns)
    contract = facts["contract"].only(used)
    return Plan(**{**facts, "contract": contract}, views=views, members=tuple(planned))
