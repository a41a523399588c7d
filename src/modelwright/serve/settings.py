"""How the server is asked to run: every setting, its bounds, and where it comes from in a container."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from modelwright.errors import ProjectError, UsageError
from modelwright.serve.limits import Limits
from modelwright.serve.log.policy import LogPolicy
from modelwright.serve.rates import Rate

__all__ = ["LOCAL", "Settings", "days_kept", "model_folder", "plain_name", "port_of"]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,199}")
LOCAL = "127.0.0.1"
DEFAULT_PORT = 8080  # what every platform assumes
PORT_VARIABLES = ("AIP_HTTP_PORT", "SAGEMAKER_BIND_TO_PORT", "PORT")  # Vertex, SageMaker, Cloud Run and others
FOLDER_VARIABLES = ("AIP_STORAGE_URI", "AZUREML_MODEL_DIR", "MODEL_DIR")
MOUNTED = ("/opt/ml/model", "/mnt/models")  # SageMaker; KServe


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How to serve.

    Attributes
    ----------
    place : Path
        A project, whose champion is followed, or the folder of one version.
    version : int or None
        A version of the project to stay with; None: the champion, whoever it is at the time.
    challenger : int or None
        A version that answers some of the requests, or all in the shadow.
    share : float
        Share of the requests that the challenger answers, 0 to 1; 0: it answers none and is scored in the shadow.
    host : str
    port : int
        0: any free one.
    workers : int
        Processes.
    name : str
        Of the model in URLs; empty: the folder's name.
    log : LogPolicy
        Kept no longer than the brief of the project promises.
    log_to : Path or None
        Folder that takes the log and its key; None: the project. A version served alone keeps a log only there.
    limits : Limits
    rate : Rate or None
        For each caller.
    hosts : tuple of str
        Names under which the server may be asked while it asks for no key.
    insecure : bool
        Listen where others reach it without asking for keys.
    public_key : Path or None
        Of the signature that versions must have.
    request_seconds : float
        Longest time for reading the body of a request.
    connections : int
        At a time, per worker.
    drain_seconds : float
        After SIGTERM: how long the server still answers while it says that it is not ready, and closes each connection
        with its answer, so that nobody meets a closed one.
    grace_seconds : float
        After that, how long requests in flight may take. SageMaker and Kubernetes kill after 30 seconds in all.
    """

    place: Path
    version: int | None = None
    challenger: int | None = None
    share: float = 0.0
    host: str = LOCAL
    port: int = DEFAULT_PORT
    workers: int = 1
    name: str = ""
    log: LogPolicy = field(default_factory=LogPolicy)
    log_to: Path | None = None
    limits: Limits = field(default_factory=Limits)
    rate: Rate | None = None
    hosts: tuple[str, ...] = ()
    insecure: bool = False
    public_key: Path | None = None
    request_seconds: float = 30.0
    connections: int = 1000
    drain_seconds: float = 1.0
    grace_seconds: float = 20.0

    def __post_init__(self) -> None:
        kept = _no_longer_than_promised(self.place, self.log.keep_days)
        object.__setattr__(self, "log", replace(self.log, keep_days=kept))
        _within("port", self.port, 0, 65_535)
        _within("workers", self.workers, 1, 64)
        _within("share", self.share, 0.0, 1.0)
        _within("connections", self.connections, 1, 100_000)
        _within("request_seconds", self.request_seconds, 0.1, 3600.0)
        _within("drain_seconds", self.drain_seconds, 0.0, 300.0)
        _within("grace_seconds", self.grace_seconds, 0.0, 300.0)
        if self.name and not _NAME.fullmatch(self.name):
            raise UsageError(
                "the name of the model cannot stand in a URL",
                fix="use letters, digits, '-', '_' and '.'",
                code="MW-U076",
            )
        if self.share and self.challenger is None:
            raise UsageError(
                "a share of the requests was given, and no challenger to answer them",
                fix="name the version: --challenger N",
                code="MW-U071",
            )

    @property
    def is_project(self) -> bool:
        """Whether a project is served, with a champion that may change and a log."""
        return (self.place / "ledger.jsonl").is_file()

    @property
    def log_home(self) -> Path | None:
        """The folder that takes the log and its key; None: there is none, and no log is kept."""
        return self.log_to or (self.place if self.is_project else None)


def days_kept(place: Path, asked: float | None) -> float:
    """Return how long the log is kept: as asked, as the project's brief promises, or 30 days; never longer than that.

    Raises
    ------
    UsageError
        What is asked is longer than what the brief promises (MW-U917).
    """
    promised, most = _promised(place)
    if promised is None:
        return LogPolicy.keep_days if asked is None else asked
    if asked is not None and asked > most:
        raise UsageError(
            f"the log is to be kept for {asked:g} days, and the brief of the project promises {promised}",
            fix="give --log-days no longer than that, or train with another --keep-log",
            code="MW-U917",
        )
    return most if asked is None else asked


def _promised(place: Path) -> tuple[str | None, float]:
    """Return how long the project's brief says that the log is kept, and that in days."""
    brief = place / "brief.toml"
    if not brief.is_file() or "keep_log" not in brief.read_text("utf-8", "replace"):
        return None, math.inf  # a server starts without all that reads briefs
    from modelwright.brief import parse_delay, read_brief

    promised = read_brief(brief).keep_log
    return promised, math.inf if promised is None else parse_delay(promised) / 86_400


def _no_longer_than_promised(place: Path, days: float) -> float:
    """Return the days of a policy; what it says by itself alone gives way to a shorter promise."""
    if days == LogPolicy.keep_days:
        return min(days, days_kept(place, None))
    return days_kept(place, days)


def _within(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise UsageError(
            f"'{name}' of the server is {value:g}", fix=f"give {low:g} to {high:g}", code="MW-U072"
        )  # fmt: skip


def plain_name(text: str) -> str:
    """Return a text as the name of a model in URLs; empty where nothing of it can stand there."""
    return "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "-" for c in text).strip("-._")[:200]


def port_of(environment: Mapping[str, str]) -> int:
    """Return the port that the platform asks for, 8080 where none does.

    Raises
    ------
    UsageError
        A variable holds no port.
    """
    for name in PORT_VARIABLES:
        text = environment.get(name, "")
        if text:
            if not (text.isascii() and text.isdigit() and int(text) <= 65_535):
                raise UsageError(f"the variable {name} holds no port", fix="give it a number to 65535", code="MW-U073")
            return int(text)
    return DEFAULT_PORT


def model_folder(environment: Mapping[str, str]) -> Path:
    """Return the folder of the model in a container: that of the first variable of a platform, or where one is mounted.

    Raises
    ------
    ProjectError
        There is none.
    """
    for name in FOLDER_VARIABLES:
        text = environment.get(name, "")
        if text and "://" not in text and Path(text).is_dir():
            return _inner(Path(text))
    for text in MOUNTED:
        if Path(text).is_dir():
            return _inner(Path(text))
    raise ProjectError(
        "there is no model to serve",
        fix="name a project or a version: modelwright serve PROJECT, or set MODEL_DIR",
        code="MW-P070",
    )


def _inner(folder: Path) -> Path:
    """Return the folder itself, or the one in it: some platforms unpack or mount a model one level deep."""
    if any((folder / name).is_file() for name in ("manifest.json", "ledger.jsonl")):
        return folder
    inside = [p for p in sorted(folder.iterdir()) if (p / "manifest.json").is_file() or (p / "ledger.jsonl").is_file()]
    return inside[0] if len(inside) == 1 else folder
