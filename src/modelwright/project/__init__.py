"""The project: the folder that holds brief, ledger, runs and versions.

::

    bank-deposit/
      brief.toml        what was asked, last time
      ledger.jsonl      every decision and event, chained
      champion.json     the version that serves, and those before it
      runs/0001/        documents, journal, report of each run
      versions/1/       immutable bundles
      report.html       of the newest run, with model-card.md beside it
      documents/        other papers on it: datasheet, technical file, decision log
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from modelwright import documents
from modelwright.champions import Champion
from modelwright.errors import ProjectError, UsageError, did_you_mean
from modelwright.ledger import Decision
from modelwright.project.folder import Report, RunState, default_path
from modelwright.project.versions import Versions

if TYPE_CHECKING:
    from modelwright.evaluate.measurements import Stressed
    from modelwright.explain.rows.documents import RowExplanation
    from modelwright.explain.simple.using import OnAPage
    from modelwright.forgetting import Forgetting
    from modelwright.govern.waivers import Standing, Waiver
    from modelwright.pricing import Priced
    from modelwright.scoring import ScoredFile

__all__ = ["Champion", "Project", "Report", "RunState", "default_path"]

# "time" alone is what there was of the budget.
TOPICS = {
    "split": ("split", "holdout", "folds", "group", "time order", "along time", "label delay"),
    "metric": ("metric", "threshold", "positive class"),
    "features": ("features", "column", "kind"),
    "model": ("model", "ensemble", "refit", "candidates"),
}


class Project(Versions):
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

    def __repr__(self) -> str:
        told = [repr(str(self.path))]
        with contextlib.suppress(ProjectError):  # a damaged document is told where it is used
            champion = self.champion
            told.append(f"versions={list(self.versions())}, champion={champion.version if champion else None}")
            score = self.result["score"]
            told.append(f"{score['metric']}={score['value']:.4g}")
        return f"Project({', '.join(told)})"

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

        from modelwright.data.taking import as_table_told

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

    def worth(
        self,
        rows: Any = None,
        *,
        version: int | None = None,
        query: str | None = None,
        payoff: Mapping[str, Any] | None = None,
        currency: str | None = None,
        cases: int | None = None,
        period: str | None = None,
        capacity: int | None = None,
    ) -> Priced:
        """Return what a version is worth: as its run measured, or on ``rows``, which have the target.

        Parameters
        ----------
        rows : str, Path, or a table in memory, optional
        version : int or None
            None: the champion.
        query : str, optional
            SQL for a database; table or sheet for SQLite and Excel.
        payoff, currency, cases, period, capacity
            As of `Brief`; None: as the run was told. See `modelwright.pricing.price_version` and ``docs/money.md``.

        Raises
        ------
        UsageError
            Amounts without rows (MW-U425), nothing was said of money (MW-U424), or the amounts make no sense.
        DataError
            The rows cannot be read, or too few have the target.
        """
        from modelwright.brief.money import Money
        from modelwright.pricing import price

        money = Money(payoff=payoff, currency=currency, cases=cases, period=period, capacity=capacity)
        return price(self, rows, version=version, query=query, money=money)

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
        return open_page(self.run_folder(self.made_by(number)))

    def explain(
        self,
        row: Mapping[str, Any],
        *,
        version: int | None = None,
        what_if: Mapping[str, Any] | None = None,
        want: str | None = None,
        fixed: Sequence[str] = (),
        vary: Sequence[str] = (),
        cases: Any = None,
    ) -> RowExplanation:
        """Return why a row is predicted as it is, and what would have to change.

        Parameters
        ----------
        row : mapping of str
            Raw values by column.
        version : int or None
            None: the champion.
        what_if, want, fixed, vary, cases
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
        run = self.run_of(opened.manifest.version) or next(iter(reversed(self.runs())), None)
        held = held_columns(self.run_folder(run)) if run else ()
        known = {name for name in held if name in opened.contract.names}
        return explain_record(opened, row, what_if=what_if, want=want, fixed={*fixed, *known}, vary=vary, cases=cases)

    def document(
        self,
        to: str | Path | None = None,
        *,
        kinds: Iterable[str] | None = None,
        formats: Iterable[str] = ("md", "html"),
        version: int | None = None,
        reader: str = "engineer",
    ) -> tuple[Path, ...]:
        """Write the documents on a version and return the files; parameters and errors are those of
        `modelwright.report.papers.document`, all kinds by default."""
        from modelwright.report.papers import KINDS, document

        return document(self, to, kinds=kinds or KINDS, formats=formats, version=version, reader=reader)

    def waive(
        self, gate: str, *, reason: str, by: str, version: int | None = None, expires: str | None = None
    ) -> Waiver:
        """Accept a gate that a version did not pass, and write its documents again; parameters and errors are those of
        `modelwright.govern.waiving.waive`."""
        from modelwright.govern.waiving import waive
        from modelwright.report.papers.writing import write_again

        waiver = waive(self, gate, reason=reason, by=by, version=version, expires=expires)
        write_again(self, waiver.version)
        return waiver

    def standing(self, version: int | None = None) -> Standing | None:
        """Return how a version stands: its verdict and what was waived; None where no verdict is recorded."""
        from modelwright.govern.waiving import standing_of

        return standing_of(self, int(self.result["version"]) if version is None else version)

    def forget(self, column: str, value: Any, *, log: str | Path | None = None) -> Forgetting:
        """Erase the person whose rows have a value in the column of subjects; see `modelwright.forgetting.forget`."""
        from modelwright.forgetting import forget

        return forget(self, column, value, log=None if log is None else Path(log))

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
