"""All papers on a version: which there are, and writing them."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from modelwright.documents import write_atomic
from modelwright.errors import ProjectError, UsageError, did_you_mean
from modelwright.project import Project
from modelwright.report.gathering import gather
from modelwright.report.inputs import ReportInput
from modelwright.report.papers.base import Paper
from modelwright.report.papers.croissant import render_croissant
from modelwright.report.papers.evidence import Evidence, evidence_of
from modelwright.report.papers.markdown import render_markdown
from modelwright.report.papers.page import render_page
from modelwright.report.papers.pdf import print_pdf
from modelwright.report.papers.standing import as_of

__all__ = ["FORMATS", "KINDS", "READERS", "document", "left_in", "paper_of", "write_again", "write_all", "write_papers"]

PAPERS = {
    "card": "modelwright.report.papers.card:card",
    "datasheet": "modelwright.report.papers.datasheet:datasheet",
    "annex-iv": "modelwright.report.papers.annex:annex",
    "decisions": "modelwright.report.papers.decisions:decisions",
}
NAMES = {"card": "model-card", "decisions": "decision-log"}
"""Of the files, where they are not the name of the kind."""
CROISSANT = "croissant"
REPORT = "report"
KINDS = (*PAPERS, CROISSANT, REPORT)
FORMATS = ("md", "html", "pdf")
SUFFIXES = (*(f".{each}" for each in FORMATS), ".json")
READERS = ("manager", "engineer", "auditor")


def paper_of(kind: str, evidence: Evidence, r: ReportInput) -> Paper:
    """Return a paper, before it is Markdown or HTML."""
    module, _, name = PAPERS[kind].partition(":")
    make: Callable[..., Paper] = getattr(importlib.import_module(module), name)
    made = make(evidence, r) if kind == "card" else make(evidence)
    return replace(made, lead=(*as_of(evidence), *made.lead))


def document(
    project: Project,
    to: str | Path | None = None,
    *,
    kinds: Iterable[str] = KINDS,
    formats: Iterable[str] = ("md", "html"),
    version: int | None = None,
    reader: str = "engineer",
) -> tuple[Path, ...]:
    """Write papers on a version of a project from what is recorded; return the files.

    Parameters
    ----------
    project : Project
    to : str, Path or None
        Folder; None: ``documents`` in the project.
    kinds, formats : iterable of str
        As of `write_papers`.
    version : int or None
        None: that of the newest finished run.
    reader : str
        As of `write_papers`.

    Raises
    ------
    UsageError
        There is no such kind (MW-U740), format (MW-U741) or reader (MW-U742).
    ProjectError
        There is no such version, its run is not there, or the folder cannot be written.
    """
    folder = project.path / "documents" if to is None else Path(to)
    return write_papers(gather(project, version), folder, kinds=kinds, formats=formats, reader=reader)


def write_papers(
    r: ReportInput,
    folder: Path,
    *,
    kinds: Iterable[str] = KINDS,
    formats: Iterable[str] = ("md", "html"),
    reader: str = "engineer",
) -> tuple[Path, ...]:
    """Write papers on a version into a folder, which is made where it is not there; return the files.

    Parameters
    ----------
    r : ReportInput
    folder : Path
    kinds : iterable of str
        Of `KINDS`. The description of the data is JSON and the report has no Markdown, whatever is asked.
    formats : iterable of str
        Of `FORMATS`.
    reader : str
        For whom the report is first shown, and printed: one of `READERS`.

    Raises
    ------
    UsageError
        There is no such kind (MW-U740), format (MW-U741) or reader (MW-U742).
    ProjectError
        The folder cannot be written, or a PDF cannot be made.
    """
    kinds, formats = tuple(dict.fromkeys(kinds)), tuple(dict.fromkeys(formats))
    for kind in kinds:
        if kind not in KINDS:
            fix = did_you_mean(kind, (*KINDS, "all"))
            raise UsageError(f"there is no document of the kind '{kind}'", fix=fix, code="MW-U740")
    for each in formats:
        if each not in FORMATS:
            raise UsageError(f"documents have no format '{each}'", fix=did_you_mean(each, FORMATS), code="MW-U741")
    if reader not in READERS:
        raise UsageError(f"the report has no reader '{reader}'", fix=did_you_mean(reader, READERS), code="MW-U742")
    evidence = evidence_of(r)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        what = f"cannot make the folder '{folder}': {error.strerror}"
        raise ProjectError(what, fix="name another one with --to", code="MW-P744") from error
    written: list[Path] = []
    for kind in kinds:
        written += _write(kind, evidence, r, folder, formats, reader)
    return tuple(written)


def write_all(r: ReportInput, folder: Path, *others: Path) -> None:
    """Write what every run leaves: the report and the model card, and the other papers in a folder beside them.

    They are written once, into ``folder``; the ``others`` get copies.
    """
    from modelwright.report.html import render
    from modelwright.report.papers.card import render_card

    written = [_text(folder / "report.html", render(r)), _text(folder / "model-card.md", render_card(r))]
    beside = [kind for kind in KINDS if kind not in ("card", REPORT)]
    written += write_papers(r, folder / "documents", kinds=beside, formats=("md",))
    for other in others:
        for path in written:
            copy = other / path.relative_to(folder)
            copy.parent.mkdir(exist_ok=True)
            write_atomic(copy, path.read_bytes())
        _renew(r, other / "documents")


def left_in(folder: Path, written: Iterable[Path]) -> tuple[Path, ...]:
    """Return papers in a folder that are not among those just written: they tell what was known when they were made."""
    new = set(written)
    names = (_stem(kind) + suffix for kind in KINDS for suffix in SUFFIXES)
    return tuple(folder / name for name in names if (folder / name).is_file() and folder / name not in new)


def _renew(r: ReportInput, folder: Path) -> None:
    """Write again what `document` left in a project. A PDF takes a browser: it stays, and says as of when it was."""
    for suffix in ("md", "html"):
        there = [kind for kind in KINDS if kind != CROISSANT and (folder / f"{_stem(kind)}.{suffix}").is_file()]
        if there:
            write_papers(r, folder, kinds=there, formats=(suffix,))


def write_again(project: Project, version: int) -> None:
    """Write the report and the papers on a version again, as after a waiver: where its run left them, and those of the
    newest run in the folder of the project too."""
    r = gather(project, version)
    newest = project.result["version"] == version
    write_all(r, project.run_folder(r.run), *([project.path] if newest else []))


def _stem(kind: str) -> str:
    return NAMES.get(kind, kind)


def _write(
    kind: str, evidence: Evidence, r: ReportInput, folder: Path, formats: tuple[str, ...], reader: str
) -> Iterator[Path]:
    stem = folder / _stem(kind)
    if kind == CROISSANT:
        yield _text(stem.with_suffix(".json"), render_croissant(evidence))
        return
    if "md" in formats and kind != REPORT:
        yield _text(stem.with_suffix(".md"), render_markdown(paper_of(kind, evidence, r), evidence))
    if "html" in formats:
        yield _text(stem.with_suffix(".html"), _page(kind, evidence, r, reader))
    if "pdf" in formats:
        yield print_pdf(_page(kind, evidence, r, reader), stem.with_suffix(".pdf"))


def _page(kind: str, evidence: Evidence, r: ReportInput, reader: str) -> str:
    if kind == REPORT:
        from modelwright.report.html import render

        return render(r, reader=reader)
    return render_page(paper_of(kind, evidence, r), evidence, r)


def _text(path: Path, text: str) -> Path:
    write_atomic(path, text.encode())
    return path
