"""Finished parts of a scoring, kept beside its output until that is whole.

A folder holds one Arrow file per part and a journal: a line that says what is scored with what, then a line per part.
A part counts once its line is on the disk, and its bytes are checked before it is used again. So a scoring that was
killed goes on after the last part, and one of another source or version starts anew.
"""

from __future__ import annotations

import glob
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import msgspec

from modelwright.data.enforcing import Tally
from modelwright.data.writing import cannot_write
from modelwright.documents import digest_file
from modelwright.errors import ProjectError
from modelwright.locking import held

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Parts", "folder_of"]

FORMAT = 1
LOCK = "lock"


@dataclass(frozen=True, kw_only=True)
class _Begin:
    """The first line of the journal: ``manner`` is how the source was read, see `Stream.manner`."""

    format: int
    key: str
    manner: str


@dataclass(frozen=True, kw_only=True)
class _Part:
    """A line of the journal."""

    name: str
    digest: str
    tally: Tally


def folder_of(output: Path) -> Path:
    """Return where the parts of an output are kept."""
    return output.with_name(f".{output.name}.scoring")


class Parts:
    """Tables that were scored, in order; on disk from the first `keep` on.

    Parameters
    ----------
    folder : Path
        Made when it is needed.
    key : str or None
        Tells equal scorings; None: this one never goes on.
    output : Path
        For messages.
    """

    def __init__(self, folder: Path, key: str | None, output: Path) -> None:
        self._folder, self._key, self._output = folder, key, output
        self._release: Callable[[], None] | None = None
        self._parts: list[_Part] = []
        self._schemas: list[pa.Schema] = []
        self.manner = ""

    def resume(self) -> Tally | None:
        """Find what an equal scoring has left, else remove what another one has; return what was counted so far.

        Raises
        ------
        ProjectError
            Another process is scoring into the same output.
        """
        _remove_stale(self._output)
        if self._folder.is_symlink():
            self._folder.unlink()
        if not self._folder.is_dir():
            return None
        self._hold()
        begin, parts = self._journal()
        if begin is None or begin.key != self._key or begin.format != FORMAT:
            self.clear()
            return None
        self.manner = begin.manner
        for part in parts:
            if not self._usable(part):
                break
            self._parts.append(part)
        self._rewrite()
        tally = None
        for part in self._parts:
            tally = part.tally if tally is None else tally + part.tally
        return tally

    def keep(self, tables: list[pa.Table], tally: Tally, manner: str) -> None:
        """Put tables on the disk as the next part.

        Raises
        ------
        ProjectError
            The disk is full, or the folder cannot be written. The parts before stay.
        """
        import pyarrow as pa

        table = pa.concat_tables(tables, promote_options="permissive") if _alike(tables) else _unified(tables)
        path = self._folder / f"{len(self._parts):06d}.arrow"
        try:
            if not self._parts:
                self._begin(manner)
            _write(table, path)
            part = _Part(name=path.name, digest=digest_file(path), tally=tally)
            self._append(part)
        except OSError as error:
            with suppress(OSError):
                path.unlink(missing_ok=True)
            raise cannot_write(self._output, error) from error
        self._parts.append(part)
        self._schemas.append(table.schema)

    def tables(self) -> Iterator[pa.Table]:
        """Yield the tables of all parts, batch by batch."""
        import pyarrow as pa

        for part in self._parts:
            with pa.OSFile(str(self._folder / part.name)) as source:
                reader = pa.ipc.open_file(source)
                for position in range(reader.num_record_batches):
                    yield pa.Table.from_batches([reader.get_batch(position)])

    @property
    def schemas(self) -> list[pa.Schema]:
        """The schema of each part."""
        return self._schemas

    def clear(self) -> None:
        """Remove all parts of this scoring; what another process holds, or none has taken up yet, stays."""
        self._parts, self._schemas = [], []
        if self._release is None:
            return
        for path in self._folder.glob("*"):
            if path.name != LOCK:  # it goes last: once it is gone, another process may put parts of its own here
                with suppress(OSError):
                    path.unlink()
        shutil.rmtree(self._folder, ignore_errors=True)
        self.close()

    def close(self) -> None:
        """Let another process go on with the parts."""
        if self._release is not None:
            self._release()
            self._release = None

    def _begin(self, manner: str) -> None:
        self._hold()
        self._append(_Begin(format=FORMAT, key=self._key or "", manner=manner), new=True)

    def _hold(self) -> None:
        """Take the lock of the folder that is there now: one that another process removes meanwhile counts no more."""
        taken = ProjectError(
            f"another process is scoring into '{self._output}'",
            fix="wait until it ends, or name another output",
            code="MW-P031",
        )
        while self._release is None:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            with suppress(FileNotFoundError), ExitStack() as stack:
                lock = open(self._folder / LOCK, "ab")  # noqa: SIM115 - closed by `held`
                stack.enter_context(held(lock, taken))
                if self._is_there(lock):
                    self._release = stack.pop_all().close

    def _is_there(self, lock: IO[bytes]) -> bool:
        try:
            return os.path.samestat(os.fstat(lock.fileno()), (self._folder / LOCK).stat())
        except FileNotFoundError:
            return False

    def _append(self, line: Any, *, new: bool = False) -> None:
        with open(self._folder / "journal.jsonl", "wb" if new else "ab") as journal:
            journal.write(msgspec.json.encode(line) + b"\n")
            journal.flush()
            os.fsync(journal.fileno())

    def _journal(self) -> tuple[_Begin | None, list[_Part]]:
        """Return what the journal says, up to a line that was cut short."""
        begin, parts = None, []
        with suppress(OSError, msgspec.DecodeError):
            for number, line in enumerate((self._folder / "journal.jsonl").read_bytes().split(b"\n")):
                if number == 0:
                    begin = msgspec.json.decode(line, type=_Begin)
                elif line:
                    parts.append(msgspec.json.decode(line, type=_Part))
        return begin, parts

    def _usable(self, part: _Part) -> bool:
        import pyarrow as pa

        path = self._folder / part.name
        try:
            if path.parent != self._folder or digest_file(path) != part.digest:
                return False
            with pa.OSFile(str(path)) as source:
                self._schemas.append(pa.ipc.open_file(source).schema)
        except (OSError, ValueError):
            return False
        return True

    def _rewrite(self) -> None:
        """Leave in the journal and the folder what counts, and nothing else."""
        try:
            self._append(_Begin(format=FORMAT, key=self._key or "", manner=self.manner), new=True)
            for part in self._parts:
                self._append(part)
            names = {part.name for part in self._parts}
            for path in self._folder.glob("*.arrow"):
                if path.name not in names:
                    path.unlink()
        except OSError as error:
            raise cannot_write(self._output, error) from error


def _write(table: pa.Table, path: Path) -> None:
    import pyarrow as pa

    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with open(path, "wb") as handle:
        with pa.ipc.new_file(handle, table.schema, options=options) as writer:
            writer.write_table(table)
        handle.flush()
        os.fsync(handle.fileno())


def _alike(tables: list[pa.Table]) -> bool:
    return all(table.schema.equals(tables[0].schema) for table in tables)


def _unified(tables: list[pa.Table]) -> pa.Table:
    import pyarrow as pa

    from modelwright.scoring.schemas import conformed, unified

    schema = unified([table.schema for table in tables])
    return pa.concat_tables([conformed(table, schema) for table in tables])


def _remove_stale(output: Path) -> None:
    """Remove what processes that were killed while they wrote the output have left of it."""
    for path in output.parent.glob(f".{glob.escape(output.name)}.*.tmp"):
        number = path.name.removesuffix(".tmp").rpartition(".")[2]
        if number.isdecimal() and not Path(f"/proc/{number}").exists() and Path("/proc/self").exists():
            path.unlink(missing_ok=True)
