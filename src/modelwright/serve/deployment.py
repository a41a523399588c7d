"""Which version answers: the champion, a challenger for a share of the requests or in the shadow, and how they change.

A change is one assignment in the thread of the event loop: a request is answered by the version that it began with,
and the answer names it. A version that cannot be loaded, or does not answer its golden requests, never gets there: the
one before goes on.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from pathlib import Path

from modelwright.champions import POINTER
from modelwright.errors import ModelwrightError
from modelwright.project import Project
from modelwright.project.secrets import note_key
from modelwright.serve.models import Model, load_model
from modelwright.serve.settings import Settings, plain_name

__all__ = ["CHALLENGER", "CHAMPION", "SHADOW", "Deployment", "Followed"]

RETRY_S, LONGEST_RETRY_S = 2.0, 60.0  # until a champion that was refused is tried again: it may be still on its way
CHAMPION, CHALLENGER, SHADOW = "champion", "challenger", "shadow"


class Followed:
    """The pointer to the champion of a project, looked at again and again at the cost of one ``stat``."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._path = project.path / POINTER
        self._stamp: tuple[int, int, int] | None = None  # so that what is promoted while we start is seen

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

    def champion(self) -> int | None:
        """Return the champion's number, None where none was promoted, or the pointer is gone for the moment."""
        found = self._project.champion
        return None if found is None else found.version


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
        self._again_at: float | None = None
        self._pause = RETRY_S

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
        challenger = None if settings.challenger is None else _load(settings, settings.challenger)
        return cls(settings, _load(settings, settings.version), challenger)

    @property
    def shadows(self) -> bool:
        """Whether the challenger is scored in the shadow: it answers nobody, and is logged."""
        return self.challenger is not None and not self._below

    def choose(self, request_id: str, version: str | None = None) -> tuple[Model, str]:
        """Return who answers a request, and as what; the same for the same id. A version that is named chooses."""
        if version is not None and version == self.champion.facts.version:
            return self.champion, CHAMPION
        if version is not None and self.challenger is not None and version == self.challenger.facts.version:
            return self.challenger, CHALLENGER
        if self._below and self.challenger is not None:
            drawn = hashlib.blake2b(request_id.encode("utf-8", "replace"), digest_size=8, person=b"canary").digest()
            if int.from_bytes(drawn, "big") < self._below:
                return self.challenger, CHALLENGER
        return self.champion, CHAMPION

    @property
    def doubt(self) -> str:
        """Why the version that answers is no champion, one sentence; empty for the champion and outside projects."""
        if not self.settings.is_project:
            return ""
        return Project(self.settings.place).not_champion(self.champion.number)

    def behind(self) -> bool:
        """Return whether to look who is champion: the pointer was written, or it is time to try again what failed.
        Cheap enough to be asked several times a second."""
        if self._followed is None:
            return False
        again = self._again_at is not None and time.monotonic() >= self._again_at
        return self._followed.changed() or again

    def wanted(self) -> int:
        """Return the number of the version that should answer; the one that does where nobody was promoted.

        Raises
        ------
        ProjectError
            The pointer is damaged.
        """
        if self._followed is None:
            return self.champion.number
        return self._followed.champion() or self.champion.number

    def agrees(self) -> None:
        """Note that the one who answers is the one who should."""
        self.failure, self._again_at, self._pause = "", None, RETRY_S

    def fetch(self, number: int) -> Model:
        """Return a version, loaded and tried. Slow.

        Raises
        ------
        ModelwrightError
            It was refused.
        """
        return _load(self.settings, number)

    def catch_up(self, tell: Callable[[str], None]) -> None:
        """Have the champion answer before anything is answered: a worker may begin long after the server did."""
        try:
            number = self.wanted()
            if number != self.champion.number:
                self.swap(self.fetch(number), tell)
            self.agrees()
        except Exception as error:  # noqa: BLE001 - whatever is wrong with the new one, the old one goes on
            self.refused(error, tell)

    def swap(self, model: Model, tell: Callable[[str], None]) -> None:
        """Have another version answer from now on."""
        before = self.champion.number
        self.champion = model
        self.agrees()
        tell(f"version {model.number} answers now, {before} did before")

    def refused(self, error: Exception, tell: Callable[[str], None]) -> None:
        """Stay with the version that answers, and say why."""
        self.failure = error.code if isinstance(error, ModelwrightError) else type(error).__name__
        self._again_at = time.monotonic() + self._pause
        self._pause = min(2 * self._pause, LONGEST_RETRY_S)
        tell(f"version {self.champion.number} goes on: the new champion was refused: {error}")


def name_of(settings: Settings) -> str:
    """Return the name of the model in URLs."""
    return settings.name or plain_name(settings.place.resolve().name) or "model"


def _load(settings: Settings, number: int | None) -> Model:
    """Return a version of the project that is served; None: the champion, and the newest where none was promoted."""
    folder = Project(settings.place).version_folder(number)
    note_key(Path(settings.place))
    return load_model(folder, name_of(settings), public_key=settings.public_key)
