"""The project: the folder that holds brief, ledger, runs and versions.

::

    bank-deposit/
      brief.toml        what was asked, last time
      ledger.jsonl      every decision and event, chained
      champion.json     the version that serves, and those before it
      runs/0001/        documents, journal, report of each run
      versions/1/       immutable bundles
      report.html       of the newest run, with model-card.md beside it
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from modelwright import documents
from modelwright.brief import Brief
from modelwright.champions import PROMOTED, ROLLED_BACK, Champion, champion_of, change, settle
from modelwright.errors import ProjectError, UsageError, did_you_mean
from modelwright.ledger import Decision, Ledger
from modelwright.locking import held

if TYPE_CHECKING:
    from modelwright.evaluate.measurements import Stressed
    from modelwright.explain.rows.documents import RowExplanation
    from modelwright.explain.simple.using import OnAPage
    from modelwright.forgetting import Forgetting
    from modelwright.package.bundle import Version
    from modelwright.scoring import ScoredFile

__all__ = ["Champion", "Project", "Report", "RunState", "default_path"]

ANOTHER_FOLDER = "choose another folder with --project"

TOPICS = {
    "split": ("split", "holdout", "folds", "group", "time", "label delay"),
    "metric": ("metric", "threshold", "positive class"),
    "features": ("features", "column", "kind"),
    "model": ("model", "ensemble", "refit", "candidates"),
}


@dataclass(frozen=True, kw_only=True)
class RunState:
    """Where a run stands: ``status`` is ``"running"``, ``"done"`` or ``"failed"``; ``key`` tells equal commands."""

    status: str
    key: str
    started: str
    version: int | None = None
    result: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Report:
    """The report of a run: ``path`` of the HTML file, ``card`` of the model card."""

    path: Path
    card: Path


def default_path(brief: Brief) -> Path:
    """Return the folder a project goes to when none is named: ``<file>-<target>`` where the command runs."""
    stem = Path(brief.source.split("?")[0]).name.split(".")[0] if brief.source != "<memory>" else "project"
    words = re.sub(r"[^A-Za-z0-9_]+", "-", f"{stem}-{brief.target}").strip("-").lower()
    return Path(words[:80] or "project")


class Project:
    """A project folder.

    Parameters
    ----------
    path : str or Path

    Raises
    ------
    ProjectError
        The folder is no project.

    Examples
    --------
    >>> project = Project("bank-deposit")  # doctest: +SKIP
    >>> project.predict(frame)  # doctest: +SKIP
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        if not (self.path / "ledger.jsonl").is_file():
            what = "is not a Modelwright project" if self.path.is_dir() else "does not exist"
            raise ProjectError(
                f"'{self.path}' {what}",
                fix="name the folder that 'modelwright run' has made",
                code="MW-P020",
            )
        self.ledger = Ledger(self.path / "ledger.jsonl")
        self._held = False

    @classmethod
    def check_usable(cls, path: str | Path) -> None:
        """Raise what `create` and `lock` would, before the work is done; nothing is written.

        Raises
        ------
        ProjectError
            The folder holds something other than a project, may not be written, or another process works on it.
        """
        folder = Path(path)
        if (folder / "ledger.jsonl").is_file():
            if (folder / ".lock").is_file():
                with cls(folder).lock():
                    return
        elif folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise ProjectError(
                f"'{folder}' exists and is not a Modelwright project", fix=ANOTHER_FOLDER, code="MW-P021"
            )
        there = next((p for p in (folder, *folder.absolute().parents) if p.exists()), Path("/"))
        if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
            what = "may not be written" if there.is_dir() else "is no folder"
            raise ProjectError(
                f"cannot make the folder '{folder}': '{there}' {what}", fix=ANOTHER_FOLDER, code="MW-P022"
            )

    @classmethod
    def create(cls, path: str | Path) -> Project:
        """Open the project at ``path``, or make it where nothing is.

        Raises
        ------
        ProjectError
            The folder holds other files, or cannot be written.
        """
        folder = Path(path)
        cls.check_usable(folder)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "ledger.jsonl").touch()  # first: what it makes a project is complete or can be completed
            (folder / "runs").mkdir(exist_ok=True)
            (folder / "versions").mkdir(exist_ok=True)
        except OSError as error:
            raise ProjectError(
                f"cannot make the folder '{folder}': {error.strerror}", fix=ANOTHER_FOLDER, code="MW-P022"
            ) from error
        return cls(folder)

    def __repr__(self) -> str:
        told = [repr(str(self.path))]
        with contextlib.suppress(ProjectError):  # a damaged document is told where it is used
            champion = self.champion
            told.append(f"versions={list(self.versions())}, champion={champion.version if champion else None}")
            score = self.result["score"]
            told.append(f"{score['metric']}={score['value']:.4g}")
        return f"Project({', '.join(told)})"

    # runs

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the project for writing; raises ProjectError while another process does. It may be taken again."""
        if self._held:
            yield
            return
        try:
            handle = open(self.path / ".lock", "w")  # noqa: SIM115 - closed by `held`
        except OSError as error:
            raise ProjectError(
                f"'{self.path}' may not be written: {error.strerror}", fix="check who may write it", code="MW-P008"
            ) from error
        taken = ProjectError(
            f"another process works on '{self.path}'",
            fix="wait until it ends, or use another --project",
            code="MW-P023",
        )
        with held(handle, taken):
            self._held = True
            try:
                yield
            finally:
                self._held = False

    def runs(self) -> tuple[str, ...]:
        """Return the names of all runs, oldest first."""
        return tuple(sorted(p.name for p in self._inside("runs") if (p / "state.json").is_file()))

    def _inside(self, name: str) -> tuple[Path, ...]:
        folder = self.path / name
        return tuple(folder.iterdir()) if folder.is_dir() else ()

    def run_folder(self, run: str) -> Path:
        return self.path / "runs" / run

    def state(self, run: str) -> RunState:
        """Return where a run stands."""
        return documents.load(self.run_folder(run) / "state.json", RunState)

    def unfinished(self, key: str) -> str | None:
        """Return the newest run when it has this key and was broken off; one with a damaged state cannot go on."""
        runs = self.runs()
        with contextlib.suppress(ProjectError, IndexError):
            state = self.state(runs[-1])
            return runs[-1] if state.key == key and state.status == "running" else None
        return None

    def next_run(self) -> str:
        """Return the name of a new run."""
        taken = [int(p.name) for p in self._inside("runs") if p.name.isdecimal()]
        return f"{max(taken, default=0) + 1:04d}"

    @property
    def report(self) -> Report:
        """The report of the newest run; raises ProjectError when no run has finished."""
        path = self.path / "report.html"
        if not path.is_file():
            raise ProjectError(f"'{self.path}' has no report yet", fix="finish a run first", code="MW-P024")
        return Report(path, self.path / "model-card.md")

    @property
    def result(self) -> dict[str, Any]:
        """What the newest finished run came to: score, split, verdict, version, report."""
        for run in reversed(self.runs()):
            with contextlib.suppress(ProjectError):  # a damaged run hides none of the others
                state = self.state(run)
                if state.status == "done":
                    return state.result
        raise ProjectError(f"'{self.path}' has no finished run", fix="run 'modelwright run'", code="MW-P024")

    def tidy(self) -> None:
        """Remove what only going on with a broken run would need, from every run."""
        for run in self._inside("runs"):
            for name in ("models", "trials"):
                shutil.rmtree(run / name, ignore_errors=True)

    # versions

    def versions(self) -> tuple[int, ...]:
        """Return the numbers of all versions."""
        return tuple(sorted(int(p.name) for p in self._inside("versions") if p.name.isdecimal() and p.is_dir()))

    @property
    def champion(self) -> Champion | None:
        """The version that serves, None before the first."""
        return champion_of(self.path)

    def version(self, number: int | None = None) -> Version:
        """Open a version, the champion by default; every digest is checked first.

        Raises
        ------
        ProjectError
            There is no such version.
        BundleError
            It was changed.
        """
        from modelwright.package.bundle import open_version

        return open_version(self.version_folder(number))

    def version_folder(self, number: int | None = None) -> Path:
        """Return the folder of a version, the champion's by default; raises ProjectError when there is no such one."""
        known = self.versions()
        chosen = number
        if chosen is None:
            champion = self.champion
            chosen = champion.version if champion is not None else max(known, default=None)
        if chosen is None:
            raise ProjectError(f"'{self.path}' has no version yet", fix="finish a run first", code="MW-P025")
        if chosen not in known:
            raise ProjectError(
                f"'{self.path}' has no version {chosen}",
                fix=f"use one of: {', '.join(map(str, known)) or 'none yet'}",
                code="MW-P025",
            )
        return self.path / "versions" / str(chosen)

    def not_champion(self, number: int) -> str:
        """Return why a version is not the one that serves, one sentence; empty for the champion."""
        champion = self.champion
        if champion is not None:
            serves = f"version {champion.version} serves"
            return "" if champion.version == number else f"version {number} is no champion: {serves}"
        for run in reversed(self.runs()):
            with contextlib.suppress(ProjectError):
                state = self.state(run)
                if state.version == number and "verdict" in state.result:
                    return f"version {number} is no champion: its verdict was '{state.result['verdict']}'"
        return f"version {number} is no champion: none was promoted"

    def signed_otherwise(self, number: int) -> str:
        """Return how the signature of a version differs from the champion's, one sentence; empty where it does not.

        It is what the signatures say of themselves; `modelwright verify` checks one against a key.
        """
        from modelwright.package.signature import claimed_key

        champion = self.champion
        if champion is None or champion.version == number:
            return ""
        there, here = (claimed_key(self.version_folder(n)) for n in (champion.version, number))
        if there is None or there == here:
            return ""
        if here is None:
            return f"version {number} is not signed, version {champion.version}, the champion until now, is"
        if not (there and here):  # one that names no key says nothing of which it is
            return ""
        return (
            f"version {number} is signed by another key ({here[:16]}…) than version {champion.version}, the champion "
            f"until now ({there[:16]}…): servers that are given the key of the one refuse the other"
        )

    def promote(
        self,
        number: int,
        *,
        by: str = "user",
        why: str = "",
        evidence: Mapping[str, Any] | None = None,
        settled: Collection[str] = (),
    ) -> Champion:
        """Make a version the champion, after checking it; the step is atomic and goes to the ledger, with the evidence.
        Whether it is signed as the champion before says `signed_otherwise`, which is asked before.

        ``settled`` are gates that the evidence answers instead. Raises ProjectError where another one blocks the
        version and is not waived (MW-P752).
        """
        from modelwright.govern.waiving import check_may_serve

        with self.lock():
            before = settle(self.path, self.ledger)
            self.version(number)
            if before is not None and before.version == number:
                return before
            accepted = check_may_serve(self, number, settled=settled)
            if accepted:
                evidence = {**(evidence or {}), "waivers": [w.entry for w in accepted]}
            previous = (*before.previous, before.version) if before is not None else ()
            champion = Champion(version=number, previous=previous)
            self._point(champion, PROMOTED, by=by, why=why, evidence=evidence)
        return champion

    def rollback(self, *, by: str = "user", why: str = "", evidence: Mapping[str, Any] | None = None) -> Champion:
        """Go back to the champion before; raises ProjectError when there is none."""
        with self.lock():
            before = settle(self.path, self.ledger)
            if before is None or not before.previous:
                raise ProjectError(
                    f"'{self.path}' has no earlier champion to go back to", fix="promote a version", code="MW-P026"
                )
            self.version(before.previous[-1])
            champion = Champion(version=before.previous[-1], previous=before.previous[:-1])
            self._point(champion, ROLLED_BACK, by=by, why=why, evidence=evidence)
        return champion

    def settle(self) -> Champion | None:
        """Finish a promotion or a rollback that was broken off half-way; return the champion."""
        with self.lock():
            return settle(self.path, self.ledger)

    def _point(self, champion: Champion, event: str, *, by: str, why: str, evidence: Mapping[str, Any] | None) -> None:
        body: dict[str, Any] = {"by": by, "why": why}
        if doubt := self.signed_otherwise(champion.version):
            body["doubt"] = doubt
        if evidence:
            body["evidence"] = dict(evidence)
        change(self.path, self.ledger, champion, event, body)

    # use

    def predict(
        self,
        rows: Any,
        *,
        version: int | None = None,
        interval: float | None = None,
        reasons: int = 0,
        abstain: float | None = None,
        unusual: bool = False,
    ) -> Any:
        """Return predictions for rows as a pandas frame, one row each.

        Parameters
        ----------
        rows : DataFrame, pyarrow.Table, mapping of columns, or path of a file
        version : int or None
            None: the champion.
        interval : float or None
            Coverage of intervals that are wanted too, 0.9, see `Version.interval`.
        reasons : int
            How many reasons per row are wanted too, see `Version.predict`.
        abstain : float or None
            Risk at which rows are left to a person, see `Version.abstain`; None: that of the brief, if it asked for
            one.
        unusual : bool
            Whether it is wanted too which rows are unlike training, see `Version.odd`.

        Returns
        -------
        pandas.DataFrame
            ``prediction`` and, for classes, ``probability_<class>``; with ``interval`` also ``low`` and ``high``, or
            for classes ``set``, a list of names per row; with ``reasons`` a list of ``{"column": name, "effect":
            number}`` per row; with a risk ``abstain``, true where the row should go to a person. What the contract had
            to say of the rows is in ``frame.attrs["violations"]``, what was repaired in reading them and whether the
            version is no champion in ``frame.attrs["notes"]``, and ``frame.attrs["version"]`` and
            ``frame.attrs["champion"]`` say who answered.

        Raises
        ------
        ContractError
            The rows cannot be scored: a column the model uses is missing, or cannot be read.
        UsageError
            The version has no intervals, or not of that coverage, or cannot tell which rows to leave to a person.
        """
        import pandas as pd

        from modelwright.package.bundle import as_table_told

        opened = self.version(version)
        table, notes = as_table_told(rows)
        answers, violations = opened.predict(
            table, interval=interval, reasons=reasons, abstain=abstain, unusual=unusual
        )
        number = opened.manifest.version
        doubt = self.not_champion(number)
        frame = pd.DataFrame(dict(answers))
        frame.attrs["version"], frame.attrs["champion"] = number, not doubt
        frame.attrs["notes"] = [*([doubt] if doubt else []), *notes]
        frame.attrs["violations"] = [documents.to_builtins(v) for v in violations]
        return frame

    def stress(self, rows: Any = None, *, version: int | None = None, seconds: float = 60.0) -> Stressed:
        """Return how a version bears disturbed rows: as its run measured, or anew on ``rows``, which have the target.

        See `modelwright.stressing` and ``docs/stress.md``.
        """
        from modelwright.stressing import stress_of_run, stress_version

        if rows is None:
            return stress_of_run(self, int(self.version_folder(version).name))
        return stress_version(self, rows, version=version, seconds=seconds)

    def on_a_page(self, *, version: int | None = None) -> OnAPage:
        """Return the model on a page that was fitted beside a version, the champion by default.

        Raises
        ------
        ProjectError
            There is no such version, or the run that made it is gone.
        UsageError
            The run has no such model (MW-U828).
        """
        from modelwright.explain.simple.using import open_page

        number = int(self.version_folder(version).name)
        for run in reversed(self.runs()):
            if self.state(run).version == number:
                return open_page(self.run_folder(run))
        raise ProjectError(
            f"the run that made version {number} is not in '{self.path}'",
            fix="name another version, or run 'modelwright run' again",
            code="MW-P027",
        )

    def explain(
        self,
        row: Mapping[str, Any],
        *,
        version: int | None = None,
        what_if: Mapping[str, Any] | None = None,
        want: str | None = None,
        fixed: Sequence[str] = (),
        vary: Sequence[str] = (),
    ) -> RowExplanation:
        """Return why a row is predicted as it is, and what would have to change.

        Parameters
        ----------
        row : mapping of str
            Raw values by column.
        version : int or None
            None: the champion.
        what_if, want, fixed, vary
            As of `modelwright.explain.rows.explaining.explain_record`; what the brief protects, and what
            nobody changes in a person (age, sex, origin), is fixed too.

        Raises
        ------
        ContractError
            A column that the model reads is missing.
        UsageError
            A column that is named is not there, or what is wanted cannot be.
        """
        from modelwright.explain.rows.explaining import explain_record
        from modelwright.explain.rows.held import held_columns

        opened = self.version(version)
        runs = self.runs()
        held = {*fixed, *(held_columns(self.run_folder(runs[-1])) if runs else ())}
        return explain_record(
            opened, row, what_if=what_if, want=want, fixed=held.intersection(opened.contract.names), vary=vary
        )

    def forget(self, column: str, value: Any) -> Forgetting:
        """Erase the person whose rows have a value in the column of subjects; see `modelwright.forgetting.forget`."""
        from modelwright.forgetting import forget

        return forget(self, column, value)

    def score_file(
        self,
        source: Any,
        output: str | Path,
        *,
        version: int | None = None,
        query: str | None = None,
        keep: Sequence[str] = (),
        interval: float | None = None,
        reasons: int = 0,
        abstain: float | None = None,
        unusual: bool = False,
    ) -> ScoredFile:
        """Score every row of a source of any size into a file, by the champion or another version; parameters and
        errors are those of `modelwright.scoring.score_file`."""
        from modelwright.scoring import score_file

        opened = self.version(version)
        return score_file(
            opened,
            source,
            output,
            query=query,
            keep=keep,
            interval=interval,
            reasons=reasons,
            abstain=abstain,
            unusual=unusual,
        )

    def _facts(self, run: str, name: str) -> tuple[tuple[str, ...], tuple[Decision, ...]]:
        """Return the columns of a run, and what is known of the one of this name; case is forgiven."""
        from modelwright.explain.column_facts import column_facts, columns_of

        columns = columns_of(self.run_folder(run))
        alike = [c for c in columns if c == name] or [c for c in columns if c.casefold() == name.casefold()]
        return columns, tuple(fact for column in alike[:1] for fact in column_facts(self.run_folder(run), column))

    def why(self, topic: str | None = None) -> tuple[Decision, ...]:
        """Return the decisions of the newest run, all or on a topic.

        ``topic`` is ``"split"``, ``"metric"``, ``"features"``, ``"model"``, a stage, a question or a column. Of a
        column all is told that is known: its use, what was found in it, and how much it matters.

        Raises
        ------
        UsageError
            There is neither such a decision nor such a column (MW-U130).
        """
        runs = self.runs()
        decisions = self.ledger.decisions(runs[-1]) if runs else ()
        if topic is None:
            return decisions
        wanted = TOPICS.get(topic.lower(), (topic.lower(),))
        found = tuple(
            d
            for d in decisions
            if d.stage.lower() in wanted
            or any(w in d.question.lower() for w in wanted)
            or f"'{topic.lower()}'" in d.question.lower() + d.choice.lower()
        )
        columns, facts = self._facts(runs[-1], topic) if runs else ((), ())
        decided = [d.why for d in found if d.stage == "audit"]  # of findings that changed something
        found += tuple(f for f in facts if f.stage != "audit" or not any(w.startswith(f.why) for w in decided))
        if not found:
            known = sorted({*TOPICS, *(d.question for d in decisions), *columns})
            what = f"no decision on '{topic}', and no such column"
            raise UsageError(what, fix=did_you_mean(topic, known), code="MW-U130")
        return found
