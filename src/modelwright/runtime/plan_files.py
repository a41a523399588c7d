"""A scoring plan on disk: ``contract.json``, ``plan.json``, ``plan.npz`` and the native files of models in ``model/``.

Format 1. Loading reads values, checks each, and builds only what the tables of this release name: no code comes from
the files. What is written under a format number is read by every later release; whatever changes it gets a new number.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from modelwright.data.columns import Columns, Strings
from modelwright.data.contract import Contract
from modelwright.runtime import calibrators, decisions, scorers
from modelwright.runtime.group_odds import GroupOdds
from modelwright.runtime.plan import Plan, PlanMember
from modelwright.runtime.storage import (
    ODD_NAME,
    TOO_LARGE,
    check_arrays,
    check_format,
    is_bomb,
    malformed,
    read_arrays,
    read_json,
    write_arrays,
    write_json,
)
from modelwright.runtime.transform import TargetTransform
from modelwright.runtime.views import ViewPlan

__all__ = ["FORMAT", "blank_columns", "load_plan", "save_plan"]

FORMAT = 1
CONTRACT, PLAN, ARRAYS, MODELS = "contract.json", "plan.json", "plan.npz", "model"
MAX_MEMBERS = 1_000
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
# What a reader of settings meets when they have the right JSON but the wrong sense.
_NONSENSE = (KeyError, IndexError, TypeError, ValueError, AttributeError, ArithmeticError, RuntimeError)

_BOOSTER_ERRORS = (
    ("lightgbm.basic", "LightGBMError"),
    ("xgboost.core", "XGBoostError"),
    ("_catboost", "CatBoostError"),
)


class _MemberFile(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    view: str
    weight: float
    scorer: dict[str, Any]


class _PlanFile(msgspec.Struct, forbid_unknown_fields=True):
    format: int
    objective: str
    classes: tuple[str, ...]
    views: dict[str, dict[str, Any]]
    members: list[_MemberFile]
    transform: TargetTransform
    calibrator: dict[str, Any] | None
    threshold: float | None
    decision: dict[str, Any] | None = None
    by_group: dict[str, Any] | None = None


def save_plan(plan: Plan, folder: Path) -> tuple[str, ...]:
    """Write the plan into an empty folder.

    Returns
    -------
    tuple of str
        Names of the files, relative to the folder, with ``/``.

    Raises
    ------
    BundleError
        Something in the plan cannot be kept: a number that is not finite, an array of objects.
    """
    models = folder / MODELS
    models.mkdir()
    views, arrays = {}, {}
    for position, key in enumerate(sorted(plan.views)):
        views[key], parts = plan.views[key].state()
        arrays.update({f"{position}:{name}": array for name, array in parts.items()})
    members = [
        _MemberFile(m.name, m.view, m.weight, m.scorer.save(models, f"m{position:03d}"))
        for position, m in enumerate(plan.members)
    ]
    document = _PlanFile(
        format=FORMAT,
        objective=plan.objective,
        classes=plan.classes,
        views=views,
        members=members,
        transform=plan.transform,
        calibrator=None if plan.calibrator is None else plan.calibrator.to_json(),
        threshold=plan.threshold,
        decision=None if plan.decision is None else plan.decision.to_json(),
        by_group=None if plan.by_group is None else plan.by_group.to_json(),
    )
    write_json(folder / CONTRACT, plan.contract)
    write_json(folder / PLAN, document)
    write_arrays(folder / ARRAYS, arrays)
    return (CONTRACT, PLAN, ARRAYS, *sorted(f"{MODELS}/{path.name}" for path in models.iterdir()))


def load_plan(folder: Path) -> Plan:
    """Return the plan in a folder.

    Raises
    ------
    BundleError
        A file is missing or malformed; the format, an operation, a model, a transform or a calibrator is unknown to
        this release; parts do not belong together; the plan cannot score a row.
    """
    document = _read_document(folder / PLAN)
    contract = _convert(CONTRACT, read_json(folder / CONTRACT), Contract)
    try:
        plan = Plan(
            contract=contract,
            objective=document.objective,
            classes=document.classes,
            views=_load_views(document.views, read_arrays(folder / ARRAYS)),
            members=_load_members(document.members, folder / MODELS),
            transform=document.transform,
            calibrator=None if document.calibrator is None else calibrators.from_json(document.calibrator),
            threshold=document.threshold,
            decision=None if document.decision is None else decisions.from_json(document.decision),
            by_group=None if document.by_group is None else GroupOdds.build(document.by_group),
        )
        _try_out(plan)
    except _errors_of_nonsense() as error:
        raise malformed(PLAN, f"its parts do not fit each other ({error})", code="MW-B112") from error
    return plan


def _read_document(path: Path) -> _PlanFile:
    raw = read_json(path)
    check_format(f"'{path.name}'", raw, FORMAT)
    return _convert(path.name, raw, _PlanFile)


def _convert(name: str, raw: Any, kind: Any) -> Any:
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError as error:
        raise malformed(name, str(error), code="MW-B112") from error


def _load_views(listed: Mapping[str, dict[str, Any]], arrays: Mapping[str, np.ndarray]) -> dict[str, ViewPlan]:
    parts: list[dict[str, np.ndarray]] = [{} for _ in listed]
    for key, array in arrays.items():
        position, _, name = key.partition(":")
        if not position.isdecimal() or int(position) >= len(parts):
            raise malformed(ARRAYS, f"the array '{key}' belongs to no view", code="MW-B112")
        parts[int(position)][name] = array
    return {key: ViewPlan.build(listed[key], part) for key, part in zip(sorted(listed), parts, strict=True)}


def _load_members(listed: list[_MemberFile], folder: Path) -> tuple[PlanMember, ...]:
    if not 0 < len(listed) <= MAX_MEMBERS:
        raise malformed(PLAN, f"it has {len(listed):,} members, 1 to {MAX_MEMBERS:,} make sense", code="MW-B112")
    used: list[str] = []
    for member in listed:
        names = member.scorer.get("files", [])
        if not isinstance(names, list) or not all(isinstance(n, str) and _PLAIN_NAME.fullmatch(n) for n in names):
            raise malformed(PLAN, "a model names a file that is none of its own", code=ODD_NAME)
        used += names
    found = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    if sorted(used) != found:
        raise malformed(PLAN, f"its models use {len(used)} files, the folder has {len(found)} others", code="MW-B112")
    archives = [folder / name for name in used if name.endswith(".npz")]
    unpacked = sum(map(check_arrays, archives))  # no objects, no lies about sizes, whoever reads them next
    if is_bomb(sum(path.stat().st_size for path in archives), unpacked):
        raise malformed(MODELS, f"its archives announce {unpacked:,} bytes of arrays", code=TOO_LARGE)
    return tuple(
        PlanMember(name=m.name, view=m.view, scorer=scorers.load(m.scorer, folder), weight=m.weight) for m in listed
    )


def _errors_of_nonsense() -> tuple[type[Exception], ...]:
    """Return `_NONSENSE` and the errors of those boosters that are in use; these derive from nothing more telling."""
    loaded = ((sys.modules.get(module), name) for module, name in _BOOSTER_ERRORS)
    return (*_NONSENSE, *(getattr(module, name) for module, name in loaded if module is not None))


def blank_columns(contract: Contract, rows: int) -> Columns:
    """Return canonical rows in which everything is missing."""
    nothing = Strings(np.full(rows, -1, np.int32), np.empty(0, object))
    return {s.name: np.full(rows, np.nan) if s.kind.numeric else nothing for s in contract.columns}


def _try_out(plan: Plan) -> None:
    """Score a row in which everything is missing: models and views that do not fit each other show here."""
    for member in plan.members:
        width = len(plan.views[member.view].names)
        if getattr(member.scorer, "n_features", width) != width:
            raise malformed(PLAN, f"the model '{member.name}' does not fit its view", code="MW-B112")
    prediction = plan.predict(blank_columns(plan.contract, 1))
    if not np.isfinite(prediction).all():
        raise malformed(PLAN, "it predicts no number for a row without values", code="MW-B116")
