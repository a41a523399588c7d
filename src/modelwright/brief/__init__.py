"""The brief: what the user asked for. Every field is a line of ``brief.toml``, a flag and a keyword argument."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, fields, replace
from functools import partial
from pathlib import Path
from typing import Any

from modelwright.brief.checking import checked
from modelwright.brief.money import PERIODS
from modelwright.brief.privacy import PRIVACY_FIELDS, privacy_fields, privacy_lines
from modelwright.brief.quantities import (
    parse_count,
    parse_delay,
    parse_duration,
    parse_latency,
    parse_memory,
    parse_size,
)
from modelwright.brief.trust import FAIRNESS, FOUR_FIFTHS
from modelwright.errors import UsageError, did_you_mean

__all__ = [
    "FAIRNESS",
    "FOUR_FIFTHS",
    "PERIODS",
    "Brief",
    "Limits",
    "parse_delay",
    "parse_duration",
    "parse_size",
    "read_brief",
    "write_brief",
]


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What the job may cost.

    Attributes
    ----------
    budget_s : float
        Wall time of the whole command in seconds, at least 1.
    memory_bytes : int or None
        Most memory that all processes together may use; None: four fifths of what is available at the start.
    latency_ms : float or None
        Most milliseconds for scoring one row; None: no limit.
    artefact_bytes : int or None
        Largest size of a version on disk; None: no limit.
    members : int or None
        Most candidates that the model may be a mean of; None: no limit.
    trials : int or None
        With a number, exactly that many trials are planned and time stops none of them (reproducible runs).
    """

    budget_s: float = 300.0
    memory_bytes: int | None = None
    latency_ms: float | None = None
    artefact_bytes: int | None = None
    members: int | None = None
    trials: int | None = None


@dataclass(frozen=True, kw_only=True)
class Brief:
    """What was asked. Empty fields are decided by Modelwright, with reasons in the ledger.

    Attributes
    ----------
    source : str
        Path, folder or database URL; ``"<memory>"`` for a table in memory.
    query : str or None
        SQL for a database source; table (sheet) name for SQLite and Excel.
    target : str or None
        Column to predict. Only ``audit`` works without one.
    test : str or None
        A second file: scored when it has the target, predicted when it does not.
    objective : str or None
        ``"classify"`` or ``"regress"``.
    positive : str or None
        The class that counts as the event, for two classes.
    goal : str
        What the model is for, in the user's words.
    metric : str or None
        Name of the metric to optimise, see ``modelwright.evaluate.metrics``.
    split : str or None
        ``"random"``, ``"stratified"``, ``"group"``, ``"time"`` or ``"group_time"``.
    time, group : str or None
        Columns that order the rows, and that say which rows belong together.
    label_delay : str or None
        How long after a row's time its label is known, ``"30d"``; in the unit of a time column of numbers.
    drop : tuple of str
        Columns the model must not see.
    known_after : tuple of str
        Columns that are known only after the fact; never used, and named in the report.
    protected : tuple of str
        Columns on which people must not be treated differently.
    fairness : str or None
        How groups of the protected columns are compared, one of `FAIRNESS`; None: measured, but not judged.
    fairness_ratio : float
        Least ratio between two groups that is fair enough, above 0 and at most 1.
    fairness_thresholds : bool
        Groups may get thresholds of their own: the protected columns then decide, which not every law allows.
    interval_by : str or None
        Column whose groups get intervals of their own, which hold the truth in each as often as asked.
    abstain : float or None
        Share of answers that may be wrong, 0.001 to 0.5: rows beyond are left to a person. None: all are answered.
    tolerance : str or None
        For values: by how much an answer may be off and is still right, ``"500"`` in the target's unit, or ``"10%"`` of
        the median.
    payoff : dict
        Money per outcome. Two classes: ``{"tp": 80, "fp": -5, "fn": 0, "tn": 0}``; more: ``{"right": 10, "wrong": -1,
        "cat>dog": -5}`` (truth > decision); values: ``{"over": -2, "under": -5}`` per unit too high and too low.
    currency : str
        What money is told in, ``"€"``.
    cases : int or None
        How many cases come in a ``period``.
    period : str
        One of `PERIODS`.
    capacity : int or None
        How many of these can be acted on; None: all.
    privacy : str or None
        Policy for personal data: ``"gdpr"``, ``"ccpa"``, ``"hipaa"``, or the path of one of your own.
    private : dict
        What is done to columns, whatever the policy says: ``{"age": "bucket:10", "city": "keep"}``.
    privacy_key : str or None
        File with the key of pseudonyms, where the environment has none.
    subject : str or None
        Column that says whose rows these are: for erasure.
    keep_log : str or None
        How long rows stay in the prediction log, ``"90d"``.
    membership_auc : float or None
        Most that an attack may tell of who was trained on, area under its ROC curve, 0.5 to 1.
    gates : dict
        Thresholds of gates by name, ``{"calibration_error": 0.03}``, see `modelwright.brief.gates`; a gate whose
        threshold is set blocks.
    allow : tuple of str
        Findings overruled, ``"A014"`` or ``"A014:duration"``.
    kinds : dict
        Kind by column name where the guess is wrong, ``{"zip": "category"}``.
    seed : int
        The one seed.
    """

    source: str = "<memory>"
    query: str | None = None
    target: str | None = None
    test: str | None = None
    objective: str | None = None
    positive: str | None = None
    goal: str = ""
    metric: str | None = None
    split: str | None = None
    time: str | None = None
    group: str | None = None
    label_delay: str | None = None
    drop: tuple[str, ...] = ()
    known_after: tuple[str, ...] = ()
    protected: tuple[str, ...] = ()
    fairness: str | None = None
    fairness_ratio: float = FOUR_FIFTHS
    fairness_thresholds: bool = False
    interval_by: str | None = None
    abstain: float | None = None
    tolerance: str | None = None
    payoff: dict[str, float] = field(default_factory=dict)
    currency: str = ""
    cases: int | None = None
    period: str = "day"
    capacity: int | None = None
    privacy: str | None = None
    private: dict[str, str] = field(default_factory=dict)
    privacy_key: str | None = None
    subject: str | None = None
    keep_log: str | None = None
    membership_auc: float | None = None
    gates: dict[str, float] = field(default_factory=dict)
    allow: tuple[str, ...] = ()
    kinds: dict[str, str] = field(default_factory=dict)
    limits: Limits = Limits()
    seed: int = 0

    def merged(self, **changes: Any) -> Brief:
        """Return a brief with the given fields replaced; None leaves a field as it is.

        ``budget``, ``memory``, ``latency``, ``artefact_size``, ``members`` and ``trials`` go to the limits and may be
        text with a unit (``"5m"``, ``"2GB"``, ``"20ms"``).

        Raises
        ------
        UsageError
            An unknown field or a value that cannot be read.
        """
        limits = self.limits
        known = {f.name for f in fields(self)} - {"limits"}
        direct: dict[str, Any] = {}
        for name, value in changes.items():
            if value is None:
                continue
            if name in _LIMIT_FIELDS:
                limit, parse = _LIMIT_FIELDS[name]
                limits = replace(limits, **{limit: parse(value)})
            elif name in known:
                direct[name] = checked(name, value)
            else:
                raise UsageError(
                    f"the brief has no field '{name}'",
                    fix=did_you_mean(name, sorted(known | set(_LIMIT_FIELDS))),
                    code="MW-U001",
                )
        return replace(self, limits=limits, **direct)


_LIMIT_FIELDS: dict[str, tuple[str, Any]] = {
    "budget": ("budget_s", parse_duration),
    "memory": ("memory_bytes", parse_memory),
    "latency": ("latency_ms", parse_latency),
    "artefact_size": ("artefact_bytes", parse_size),
    "members": ("members", partial(parse_count, "members")),
    "trials": ("trials", partial(parse_count, "trials")),
}


_TABLES = {
    "money": ("currency", "cases", "period", "capacity"),
    "trust": ("fairness", "fairness_ratio", "fairness_thresholds", "interval_by", "abstain", "tolerance"),
}
"""Fields that are written in a table of their own."""

_IN_TABLES = frozenset({*PRIVACY_FIELDS.values(), *(name for names in _TABLES.values() for name in names)})


def read_brief(path: Path) -> Brief:
    """Read ``brief.toml``; relative paths in it are relative to its folder.

    Raises
    ------
    UsageError
        The file is missing, is no TOML, or holds an unknown field or a wrong value.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UsageError(f"the brief '{path}' does not exist", fix="check the path", code="MW-U004") from error
    except OSError as error:
        raise UsageError(
            f"the brief '{path}' cannot be read: {error.strerror or error}", fix="check the path", code="MW-U004"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(
            f"the brief '{path}' is no valid TOML: {error}", fix="correct that line", code="MW-U005"
        ) from error
    names = ("limits", "audit", *_TABLES, "privacy")
    tables = {name: raw.pop(name, {}) for name in names}
    tables["privacy"] = privacy_fields(tables["privacy"])
    for name, table in tables.items():
        if not isinstance(table, dict):
            raise UsageError(
                f"'{name}' in '{path}' is {table!r}, and it is a table",
                fix=f"write [{name}] on a line of its own, and its fields below",
                code="MW-U005",
            )
    brief = Brief().merged(**_together(path, raw, *tables.values()))
    files: dict[str, Any] = {
        name: _resolve(value, path) for name in ("test", "privacy_key") if (value := getattr(brief, name))
    }
    if brief.privacy and brief.privacy.endswith(".toml"):
        files["privacy"] = _resolve(brief.privacy, path)
    return replace(brief, source=_resolve(brief.source, path), **files)


def _together(path: Path, *tables: dict[str, Any]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for table in tables:
        twice = sorted(fields.keys() & table.keys())
        if twice:
            raise UsageError(f"'{twice[0]}' is given twice in '{path}'", fix="leave one of them out", code="MW-U005")
        fields |= table
    return fields


def _resolve(source: str, brief_path: Path) -> str:
    if "://" in source or source.startswith("<") or Path(source).is_absolute():
        return source
    return str((brief_path.parent / source).resolve())


def write_brief(brief: Brief) -> str:
    """Return the brief as TOML that `read_brief` reads back."""
    lines = ["# What was asked. Fields that are not here were decided by Modelwright; see the ledger."]
    default = Brief()
    for f in fields(brief):
        value = getattr(brief, f.name)
        if f.name in {"limits", "allow", "payoff", "kinds", "gates", *_IN_TABLES} or (
            value == getattr(default, f.name) and f.name != "seed"
        ):
            continue
        lines.append(f"{f.name} = {_toml(value)}")
    for name in ("payoff", "kinds", "gates"):
        if table := getattr(brief, name):
            lines += ["", f"[{name}]", *(f"{_toml(str(k))} = {_toml(v)}" for k, v in table.items())]
    if brief.allow:
        lines += ["", "[audit]", f"allow = {_toml(brief.allow)}"]
    for table, names in _TABLES.items():
        given = [n for n in names if getattr(brief, n) != getattr(default, n)]
        if given:
            lines += ["", f"[{table}]", *(f"{n} = {_toml(getattr(brief, n))}" for n in given)]
    said = {n: v for n in PRIVACY_FIELDS.values() if (v := getattr(brief, n)) not in (None, {})}
    lines += privacy_lines(said, _toml)
    lines += ["", "[limits]", f'budget = "{brief.limits.budget_s:g}s"']
    limits = brief.limits
    if limits.memory_bytes:
        lines.append(f"memory = {limits.memory_bytes}")
    if limits.latency_ms:
        lines.append(f"latency = {limits.latency_ms}")
    if limits.artefact_bytes:
        lines.append(f"artefact_size = {limits.artefact_bytes}")
    if limits.members:
        lines.append(f"members = {limits.members}")
    if limits.trials:
        lines.append(f"trials = {limits.trials}")
    return "\n".join(lines) + "\n"


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, tuple | list):
        return "[" + ", ".join(_toml(v) for v in value) + "]"
    import json

    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")
