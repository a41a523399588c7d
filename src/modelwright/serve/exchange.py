"""What goes between the server and its protocols: a request in, what it asks, what was scored, a reply out.

A protocol (`modelwright.serve.protocols`) is two pure functions: `decode` makes an `Asked` of a `Request`, `encode` a
`Reply` of what was scored. Neither knows of HTTP servers, logs or access.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from modelwright.data.contract import Contract, Violation
from modelwright.errors import RequestError

if TYPE_CHECKING:
    from modelwright.explain.rows.documents import RowExplanation

__all__ = ["JSON", "Asked", "ModelFacts", "Protocol", "Reply", "Request", "RequestError", "Scored"]

JSON = "application/json"


@dataclass(slots=True)
class Request:
    """One HTTP request, its body read and within the limits.

    Attributes
    ----------
    method, path : str
        ``path`` is without the query.
    headers : mapping of str
        Names in lower case.
    body : bytes
    query : mapping of str
    parameters : mapping of str
        Parts of the path: ``{"model": "bank", "version": "3"}``.
    request_id : str
        The caller's ``X-Request-Id`` where it is plain, else one of ours.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    query: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    request_id: str = ""

    @property
    def content_type(self) -> str:
        """The media type in lower case, without parameters; JSON where none is given, and where it is the one that
        ``curl --data`` gives to whatever it sends."""
        kind = self.headers.get("content-type", JSON).partition(";")[0].strip().lower()
        return JSON if kind in ("", "application/x-www-form-urlencoded") else kind


@dataclass(slots=True)
class Asked:
    """What a request asks for. Exactly one of ``records`` and ``columns`` is given.

    Attributes
    ----------
    records : list of dict or None
        Raw values by column, a dict per row.
    columns : mapping of sequences or None
        Raw values by column, or a `pyarrow.Table`.
    probabilities : bool
        Whether the probabilities of the classes are wanted beside the label.
    interval : float or None
        Coverage of the prediction interval, or of the set of classes, that is wanted, 0 < interval < 1.
    reasons : int
        How many reasons are wanted per row.
    abstain : float or None
        Risk at which rows are left to a person; None: that of the version, if it has one.
    unusual : bool
        Whether it is wanted which rows are unlike training.
    explain : bool
        Whether the one record is to be explained.
    what_if : mapping of str, or None
        Other values of some of its columns: the answer to the row with them is told, too.
    extra : Any
        What `encode` needs to know of the request: an id to echo, names of outputs.
    """

    records: list[dict[str, Any]] | None = None
    columns: Any = None
    probabilities: bool = True
    interval: float | None = None
    reasons: int = 0
    abstain: float | None = None
    unusual: bool = False
    explain: bool = False
    what_if: dict[str, Any] | None = None
    extra: Any = None

    @property
    def plain(self) -> bool:
        """Whether nothing is wanted beside the prediction that a row alone does not get anyway."""
        return self.interval is None and not self.reasons and self.abstain is None and not self.unusual


@dataclass(slots=True)
class Scored:
    """What came of it.

    Attributes
    ----------
    answers : dict of list
        ``prediction`` and, for classes, ``probability_<class>``; values of JSON, one per row. With intervals
        ``low`` and ``high`` too, or for classes ``set``, a list of names. With a risk, asked for or of the version,
        ``abstain``, a bool; with ``unusual`` a bool and ``unusual_columns``, a list of names.
    reasons : list of list of dict, or None
        Per row ``{"column": …, "effect": …}``, strongest first.
    violations : tuple of Violation
        How the rows differ from the contract; never with data values.
    explanation : RowExplanation or None
        Of the one record, where it is to be explained.
    """

    answers: dict[str, Sequence[Any]]
    n_rows: int
    violations: tuple[Violation, ...] = ()
    reasons: list[list[dict[str, Any]]] | None = None
    explanation: RowExplanation | None = None


@dataclass(slots=True)
class Reply:
    """An HTTP answer."""

    status: int = 200
    body: bytes = b""
    content_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, document: Any, status: int = 200) -> Reply:
        """Return the reply that holds a JSON document; numpy values are written as numbers."""
        return cls(status, msgspec.json.encode(document, enc_hook=_plain))


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} is no value of JSON")


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What protocols may know of the version that serves.

    Attributes
    ----------
    name : str
        Name of the model in URLs.
    version : str
        Number of the version, as text.
    objective : str
    classes : tuple of str
        Empty for values.
    target : str
    contract : Contract
        The columns a row needs, in order.
    digest : str
    created : str
    example : dict
        A row that the version can score, raw values.
    most_coverage : float
        Highest coverage of the intervals, or sets of classes, that it has; 0 where it has none.
    can_abstain, abstains : bool
        Whether it can tell which rows to leave to a person, and whether it does so without being asked.
    tells_unusual : bool
        Whether it can tell rows that are unlike training.
    """

    name: str
    version: str
    objective: str
    classes: tuple[str, ...]
    target: str
    contract: Contract
    digest: str = ""
    created: str = ""
    example: dict[str, Any] = field(default_factory=dict)
    most_coverage: float = 0.0
    can_abstain: bool = False
    abstains: bool = False
    tells_unusual: bool = False

    @property
    def probability_names(self) -> tuple[str, ...]:
        """Names of the columns of answers that hold probabilities, by number of the class."""
        return tuple(f"probability_{name}" for name in self.classes)


@dataclass(frozen=True, slots=True)
class Protocol:
    """A way of asking for predictions.

    Promises: ``decode`` raises `RequestError` and nothing else, whatever the body holds, and its messages hold no value
    of the request; ``encode`` does not fail on what `decode` asked for. Both are pure and may run in any thread.

    Attributes
    ----------
    decode : callable
        ``decode(request, facts) -> Asked``
    encode : callable
        ``encode(asked, scored, facts, request) -> Reply``
    """

    decode: Callable[[Request, ModelFacts], Asked]
    encode: Callable[[Asked, Scored, ModelFacts, Request], Reply]
