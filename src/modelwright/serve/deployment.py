"""Which version answers: the champion, a challenger for a share of the requests or in the shadow, and how they change.

A change is one assignment in the thread of the event loop: a request is answered by the version that it began with,
and the answer names it. A version that cannot be loaded, or does not answer its golden requests, never gets there: the
one before goes on.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

from modelwright.errors import ModelwrightError, ProjectError
from modelwright.project import Project
from modelwright.serve.models import Model, load_model
from modelwright.serve.settings import Settings

__all__ = ["Deployment", "Followed"]

CHAMPION, CHALLENGER, SHADOW = "champion", "challenger", "shadow"


class Followed:
    """The pointer to the champion of a project, looked at again and again at the cost of one ``stat``."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._path = project.path / "champion.json"
        self._stamp = self._look()

    def _look(self) -> tuple[int, int, int]:
        try:
            found = os.stat(self._path)
        except OSError:
            return (0, 0, 0)
        return (found.st_mtime_ns, found.st_ino, found.st_size)

    def changed(self) -> bool:
        """Return whether the pointer was written since the last time that this was asked."""
        stamp = self._look()
        changed, self._stamp = stamp != self._stamp, stamp
        return changed

    def number(self) -> int:
        """Return the champion's number; the newest version's where none was promoted.

        Raises
        ------
        ProjectError
            There is no version, or the pointer is damaged.
        """
        champion = self._project.champion
        known = self._project.versions()
        if champion is not None:
            return champion.version
        if not known:
            raise ProjectError(f"'{self._project.path}' has no version yet", fix="finish a run first", code="MW-P071")
        return known[-1]


class Deployment:
    """The versions that answer, and who of them answers which request.

    Parameters
    ----------
    settings : Settings
    champion : Model
    challenger : Model or None
    """

    def __init__(self, settings: Settings, champion: Model, challenger: Model | None = None) -> None:
        self.settings = settings
        self.champion = champion
        self.challenger = challenger
        self.failure = ""
        self._followed = Followed(Project(settings.place)) if settings.is_project and settings.version is None else None
        self._below = int(settings.share * 2**64)

    @classmethod
    def load(cls, settings: Settings) -> Deployment:
        """Return the deployment that the settings ask for.

        Raises
        ------
        ModelwrightError
            There is no such version, or it was refused.
        """
        if not settings.is_project:
            return cls(settings, load_model(settings.place, name_of(settings), public_key=settings.public_key))
        project = Project(settings.place)
        number = settings.version if settings.version is not None else Followed(project).number()
        challenger = None if settings.challenger is None else _load(settings, settings.challenger)
        return cls(settings, _load(settings, number), challenger)

    @property
    def shadows(self) -> bool:
        """Whether the challenger is scored in the shadow: it answers nobody, and is logged."""
        return self.challenger is not None and not self._below

    def choose(self, request_id: str) -> tuple[Model, str]:
        """Return who answers a request, and as what; the same for the same id."""
        if self._below and self.challenger is not None:
            drawn = hashlib.blake2b(request_id.encode("utf-8", "replace"), digest_size=8, person=b"canary").digest()
            if int.from_bytes(drawn, "big") < self._below:
                return self.challenger, CHALLENGER
        return self.champion, CHAMPION

    def changed(self) -> bool:
        """Return whether another version was promoted; cheap enough to be asked several times a second."""
        return self._followed is not None and self._followed.changed()

    def next_champion(self) -> Model | None:
        """Return the version that is champion now, loaded and tried; None where it is the one that serves. Slow.

        Raises
        ------
        ModelwrightError
            It was refused.
        """
        assert self._followed is not None
        number = self._followed.number()
        return None if number == self.champion.number else _load(self.settings, number)

    def swap(self, model: Model, tell: Callable[[str], None]) -> None:
        """Have another version answer from now on."""
        before = self.champion.number
        self.champion, self.failure = model, ""
        tell(f"version {model.number} answers now, {before} did before")

    def refused(self, error: Exception, tell: Callable[[str], None]) -> None:
        """Stay with the version that answers, and say why."""
        self.failure = error.code if isinstance(error, ModelwrightError) else type(error).__name__
        tell(f"version {self.champion.number} goes on: the new champion was refused: {error}")


def name_of(settings: Settings) -> str:
    """Return the name of the model in URLs."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "-" for c in settings.place.resolve().name)
    return settings.name or plain.strip("-.") or "model"


def _load(settings: Settings, number: int) -> Model:
    folder = Path(settings.place) / "versions" / str(number)
    if not folder.is_dir():
        raise ProjectError(
            f"'{settings.place}' has no version {number}", fix="see 'modelwright versions'", code="MW-P072"
        )
    return load_model(folder, name_of(settings), public_key=settings.public_key)
