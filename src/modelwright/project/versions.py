"""The versions of a project, and which of them serves."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from modelwright import documents
from modelwright.champions import PROMOTED, ROLLED_BACK, Champion, champion_of, change, settle
from modelwright.errors import ProjectError
from modelwright.project.folder import RECALIBRATED, Folder
from modelwright.project.secrets import note_key
from modelwright.runtime.storage import read_json

if TYPE_CHECKING:
    from modelwright.package.bundle import Version

__all__ = ["Versions"]


class Versions(Folder):
    """A project's folder with its versions: opened, promoted, rolled back; see `modelwright.project.Project`."""

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

        folder = self.version_folder(number)
        note_key(self.path)
        return open_version(folder)

    def version_folder(self, number: int | None = None) -> Path:
        """Return the folder of a version, the champion's by default; raises ProjectError when there is no such one."""
        champion = self.champion if number is None else None  # before the versions: it is one of those that are there
        known = self.versions()
        chosen = number if champion is None else champion.version
        if chosen is None:
            chosen = max(known, default=None)
        if chosen is None:
            raise ProjectError(f"'{self.path}' has no version yet", fix="finish a run first", code="MW-P025")
        if chosen not in known:
            raise ProjectError(
                f"'{self.path}' has no version {chosen}",
                fix=f"use one of: {', '.join(map(str, known)) or 'none yet'}",
                code="MW-P025",
            )
        return self.path / "versions" / str(chosen)

    def models_of(self, number: int) -> int:
        """Return the version that was trained: another one where only the calibrator of this one was fitted again."""
        path = self.path / "versions" / str(number) / RECALIBRATED
        return int(read_json(path)["models"]) if path.is_file() else number

    def run_of(self, number: int) -> str | None:
        """Return the newest run that made a version, or the models of one; None where none did that is there."""
        number = self.models_of(number)
        for run in reversed(self.runs()):
            state = self.state(run)
            if state.version == number:
                return run
            packaged = self.run_folder(run) / "packaged.json"
            unfinished = state.status == "running" and packaged.is_file()
            if unfinished and documents.load(packaged, dict)["version"] == number:
                return run
        return None

    def made_by(self, number: int) -> str:
        """Return the newest run that made a version.

        Raises
        ------
        ProjectError
            None of the runs that are there has made it (MW-P080), or the state of one is damaged.
        """
        run = self.run_of(number)
        if run is None:
            raise ProjectError(
                f"no run of '{self.path}' has made version {number}",
                fix="name another version, or run 'modelwright run' again: what is not recorded cannot be told",
                code="MW-P080",
            )
        return run

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
