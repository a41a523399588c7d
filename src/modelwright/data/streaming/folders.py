"""A folder of files with the same columns, one stream after the other in order of their names."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from modelwright.data.readers.folder import as_text, check_columns, data_files, no_files
from modelwright.data.streaming.base import Stream
from modelwright.data.tidying import listed

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["FolderStream"]


class FolderStream(Stream):
    """The rows of all data files of a folder.

    Files are opened one at a time: first all of them for their columns, then again for their rows.
    """

    def __init__(self, folder: Path, opened: Callable[[Path], AbstractContextManager[Stream]]) -> None:
        self._files, self._passed_over = data_files(folder)
        if not self._files:
            raise no_files(folder, self._passed_over)
        self._opened, self.format = opened, "folder"
        self._at, self._share = 0, 0.0
        self._manners = [""] * len(self._files)
        self._said: list[tuple[str, ...]] = [()] * len(self._files)
        self._learn()

    def _learn(self) -> None:
        """Learn the columns of every file, and which differ in their type: those are read as text."""

        kinds: dict[str, set[pa.DataType]] = {}
        untyped: list[bool] = []
        for file in self._files:
            with self._opened(file) as stream:
                if not self.names:
                    self.names = stream.names
                check_columns(self._files[0], self.names, file, stream.names)
                untyped.append(stream.texts_only)
                for name, kind in (stream.types or {}).items():
                    kinds.setdefault(name, set()).add(kind)
        self.texts_only = all(untyped)
        self._texts = [name for name in self.names if len(kinds.get(name, ())) > 1 and not _numeric(kinds[name])]

    @property
    def manner(self) -> str:  # type: ignore[override]
        return "\n".join(self._manners)

    @manner.setter
    def manner(self, value: str) -> None:
        found = value.split("\n")
        if len(found) == len(self._manners):
            self._manners = found

    def tables(self, columns: Collection[str] | None = None) -> Iterator[pa.Table]:
        for position, file in enumerate(self._files):
            self._at = position
            with ExitStack() as stack:
                stream = stack.enter_context(self._opened(file))
                if self._manners[self._at]:
                    stream.manner = self._manners[self._at]
                try:
                    for table in stream.tables(columns):
                        self._share = stream.share() or 0.0
                        yield self._alike(table)
                finally:
                    self._manners[self._at] = stream.manner
                self._said[self._at] = stream.notes()

    def _alike(self, table: pa.Table) -> pa.Table:
        table = table.select([name for name in self.names if name in table.column_names])
        for name in self._texts:
            if name in table.column_names:
                table = as_text(table, name)
        return table

    def notes(self) -> tuple[str, ...]:
        notes = [f"{f.name}: {note}" for f, said in zip(self._files, self._said, strict=True) for note in said]
        if self._passed_over:
            notes.append(f"passed over, no data files: {listed(self._passed_over)}")
        notes += [f"the type of '{name}' differs between the files: read as text" for name in self._texts]
        return tuple(notes)

    def share(self) -> float | None:
        return (self._at + self._share) / len(self._files)


def _numeric(kinds: set[pa.DataType]) -> bool:
    import pyarrow as pa

    return all(pa.types.is_integer(k) or pa.types.is_floating(k) for k in kinds)
