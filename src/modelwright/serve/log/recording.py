"""The hot side of the prediction log: rows to lines, in the thread of the event loop, after the reply went out."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from modelwright.data.contract import Contract
from modelwright.errors import ProjectError
from modelwright.serve.log.lines import feedback_header, prediction_header
from modelwright.serve.log.policy import LogPolicy, Mode, Protection, check_policy
from modelwright.serve.log.rows import (
    ROW_ERRORS,
    TEXT_LIMIT,
    Picker,
    encode,
    encode_lines,
    encode_safely,
    first_row,
    listed_columns,
)
from modelwright.serve.log.segments import FEEDBACK, PREDICTIONS, check_folder
from modelwright.serve.log.stream import Counters, Stream

__all__ = ["PredictionLog"]

NAME_LIMIT = 200  # characters of a request id and of a route; both come from outside
LINES_TOGETHER = 16  # of requests for one record; encoding them is felt by a request like the half of a prediction
LINES_AT_ONCE = 256  # few enough that one long text costs little, enough to encode at full speed
ROW_LIMIT = 2**31 - 1  # Parquet holds the number of a row as int32


class PredictionLog:
    """The prediction log of one server process. Made for one thread; has none of its own.

    Promises: `record`, `feedback`, `flush` and `close` never raise, whatever the rows hold and whatever the disk does,
    and hold at most ``policy.buffer_bytes`` for each of the two streams. What was flushed survives the death of the
    process.

    Parameters
    ----------
    folder : Path
        Of the log; made, and readable to its owner alone.
    contract : Contract
        Of the version that serves; values of other columns are not kept.
    policy : LogPolicy
    worker : int
        Number of the server process; goes into the names of files.
    key : bytes
        For hashed columns, and for which requests a sample holds; the same for all servers of a project.

    Raises
    ------
    UsageError
        The policy names a column that the contract does not have (MW-U654), or columns are to be hashed without a key
        (MW-U653).
    ProjectError
        Files cannot be made and locked in the folder (MW-P650).

    Attributes
    ----------
    counters, feedback_counters : Counters
    protection : Protection
        Which columns are kept, masked and hashed.
    """

    def __init__(
        self, folder: Path, contract: Contract, policy: LogPolicy, *, worker: int = 0, key: bytes = b""
    ) -> None:
        check_policy(policy, contract, key)
        self.folder = Path(folder)
        self.policy = policy
        self._key = key
        self._sample_key = hashlib.sha256(key).digest()
        self._on = policy.mode is not Mode.OFF
        self._limit = int(policy.share * 2**64) if policy.mode is Mode.SAMPLED else None
        if self._on:
            _make(self.folder)
        self.protection = Protection.of(policy, contract)
        self._picker = Picker(contract, self.protection, key)
        self._waiting: list[tuple] = []
        header = prediction_header(contract, self.protection)
        self._predictions = Stream(self.folder, PREDICTIONS, header, policy, worker)
        self._feedback = Stream(self.folder, FEEDBACK, feedback_header(), policy, worker)

    @property
    def counters(self) -> Counters:
        """What became of rows of predictions; the same object for ever."""
        return self._predictions.counters

    @property
    def feedback_counters(self) -> Counters:
        """What became of labels; the same object for ever."""
        return self._feedback.counters

    @property
    def failing(self) -> bool:
        """Whether the system refuses to write; it is tried again at every `flush`."""
        return self._predictions.failing or self._feedback.failing

    def use(self, contract: Contract) -> None:
        """Keep the columns of another contract from now on: another version serves."""
        self._encode_waiting()
        self.protection = Protection.of(self.policy, contract)
        self._picker = Picker(contract, self.protection, self._key)
        self._predictions.use(prediction_header(contract, self.protection))

    def keeps(self, request_id: str) -> bool:
        """Whether the rows of a request are kept; a caller who chooses ids cannot tell."""
        if self._limit is None:
            return self._on
        digest = hashlib.blake2b(request_id.encode("utf-8", "replace"), digest_size=8, key=self._sample_key).digest()
        return int.from_bytes(digest, "big") < self._limit

    def record(
        self,
        *,
        request_id: str,
        route: str,
        version: str,
        role: str,
        received: float,
        seconds: float,
        records: Sequence[Mapping[str, Any]] | None,
        columns: Any,
        answers: Mapping[str, Sequence[Any]],
        first: int = 0,
    ) -> None:
        """Keep the rows of a request and what was answered.

        Parameters
        ----------
        request_id, route, version : str
        role : str
            ``"champion"``, ``"challenger"`` or ``"shadow"``.
        received : float
            Seconds since 1970.
        seconds : float
            What the answer took.
        records : sequence of mapping, or None
            Raw values by column, one mapping per row.
        columns : mapping of sequences, or an Arrow table, or None
            Raw values by column; given where ``records`` is None.
        answers : mapping of sequences
            One value per row each.
        first : int
            Number of the first of these rows in the request, where it is kept in parts.
        """
        if not (self._on if self._limit is None else self.keeps(request_id)):
            return
        self._encode_waiting()  # which came before
        head = (received, request_id[:NAME_LIMIT])
        tail = (route[:NAME_LIMIT], version, role, seconds)
        try:
            if records is not None and len(records) == 1 and not first:
                self._one(head, tail, records[0], answers)
            elif records is None and isinstance(columns, dict) and not first and _length(None, columns) == 1:
                self._one(head, tail, first_row(columns), answers)
            else:
                self._many(head, tail, records, columns, answers, first)
        except ROW_ERRORS:
            self.counters.dropped += 1  # no rows, or columns of different lengths: nothing that was ever scored

    def record_one(
        self,
        *,
        request_id: str,
        route: str,
        version: str,
        role: str,
        received: float,
        seconds: float,
        record: Mapping[str, Any],
        answer: Mapping[str, Any],
    ) -> None:
        """Keep one record and what was answered, a value each; the rest as in `record`.

        Neither may change until `flush`: a few are encoded together, which takes half as long.
        """
        if not (self._on if self._limit is None else self.keeps(request_id)):
            return
        try:
            values = self._picker(record)
        except ROW_ERRORS:
            self.counters.dropped += 1
            return
        self._waiting.append(
            (received, request_id[:NAME_LIMIT], 0, route[:NAME_LIMIT], version, role, seconds, values, answer)
        )
        if len(self._waiting) == LINES_TOGETHER:
            self._encode_waiting()

    def feedback(self, request_id: str, row: int, label: Any, received: float) -> bool:
        """Keep a late label; return whether it was taken: not with the mode ``off``, nor where the buffer is full."""
        if not self._on or not 0 <= row <= ROW_LIMIT:
            return False
        before = self.feedback_counters.dropped
        line = (received, request_id[:NAME_LIMIT], row, *encode_safely((label,)))
        try:
            self._feedback.add(encode(line) + b"\n")
        except ROW_ERRORS:
            try:
                self._feedback.add(encode((received, *encode_safely(line[1:]))) + b"\n")
            except ROW_ERRORS:
                self.feedback_counters.dropped += 1
        return self.feedback_counters.dropped == before

    def flush(self, now: float | None = None) -> bool:
        """Hand to the system what has come together; return whether a segment was closed and `compact` has work."""
        self._encode_waiting()
        closed = self._predictions.flush(now)
        return self._feedback.flush(now) or closed

    def close(self) -> None:
        """Flush and close; a process that dies without it leaves what it flushed."""
        self._encode_waiting()
        self._predictions.close()
        self._feedback.close()

    # --- rows -------------------------------------------------------------------------------------------------------

    def _one(self, head: tuple, tail: tuple, record: Mapping[str, Any], answers: Mapping[str, Sequence[Any]]) -> None:
        answer = {name: given[0] for name, given in answers.items()}
        self._add((*head, 0, *tail, self._picker(record), answer))

    def _many(
        self,
        head: tuple,
        tail: tuple,
        records: Any,
        columns: Any,
        answers: Mapping[str, Sequence[Any]],
        first: int,
    ) -> None:
        names = list(answers)
        given = list(zip(*(listed_columns(v) for v in answers.values()), strict=True))
        n_rows = len(given) if names else _length(records, columns)
        rows = map(self._picker, records) if records is not None else self._picker.rows(columns, n_rows)
        lines: list[tuple] = []
        for number in range(n_rows):
            try:
                values = next(rows)
            except StopIteration:  # more answers than rows: what they answer is unknown
                self.counters.dropped += n_rows - number
                break
            except ROW_ERRORS:  # one row that is no mapping takes none of the others with it
                self.counters.dropped += 1
                continue
            lines.append((*head, first + number, *tail, values, dict(zip(names, given[number])) if names else {}))
            if len(lines) == LINES_AT_ONCE:
                self._add_all(lines)
                lines = []
        self._add_all(lines)

    def _encode_waiting(self) -> None:
        if self._waiting:
            lines, self._waiting = self._waiting, []
            self._add_all(lines)

    def _add_all(self, lines: list[tuple]) -> None:
        if not lines:
            return
        try:
            encoded = encode_lines(lines)
        except ROW_ERRORS:
            encoded = None
        if encoded is not None:
            self._predictions.add(encoded, len(lines))
            return
        for line in lines:
            self._add(line)

    def _add(self, line: tuple) -> None:
        try:
            encoded = encode(line)
            if len(encoded) > TEXT_LIMIT:  # else no text in it can be too long
                encoded = encode((*line[:-2], encode_safely(line[-2]), line[-1]))
        except ROW_ERRORS:
            try:
                *head, values, answer = line
                safe = dict(zip(encode_safely(list(answer)), encode_safely(list(answer.values()))))
                encoded = encode((*encode_safely(head), encode_safely(values), safe))
            except ROW_ERRORS:
                self.counters.dropped += 1
                return
        self._predictions.add(encoded + b"\n")


def _length(records: Any, columns: Any) -> int:
    if records is not None:
        return len(records)
    if hasattr(columns, "num_rows"):
        return int(columns.num_rows)
    return len(next(iter(columns.values()))) if columns else 0


def _make(folder: Path) -> None:
    try:
        check_folder(folder)
    except OSError as error:
        raise ProjectError(
            f"the folder of the prediction log, '{folder}', cannot be used: {error.strerror or error}",
            fix="let the server make and lock files there, keep the log elsewhere (--log-to), or serve with --log off",
            code="MW-P650",
        ) from error
