"""Tensors of the Open Inference Protocol: values in JSON, flat or nested, or bytes behind the JSON."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from itertools import chain
from typing import Annotated, Any

import msgspec
import numpy as np

from modelwright.serve.limits import Limits
from modelwright.serve.protocols import refusals
from modelwright.serve.protocols.bodies import Integer, refusal_of

__all__ = ["DATATYPES", "Tensor", "packed", "read_tensor"]


class TensorParameters(msgspec.Struct):
    """Parameters of an input that are read here."""

    binary_data_size: int | None = None


_SIZE = msgspec.Meta(ge=-(2**62), le=2**62)


class Tensor(msgspec.Struct):
    """An input of a request. Its sizes are whole numbers, however they are written: to JSON 3.0 is the number 3."""

    name: str
    shape: list[Annotated[int, _SIZE] | Annotated[float, _SIZE]]
    datatype: str
    parameters: TensorParameters | None = None
    data: msgspec.Raw = msgspec.Raw(b"")


_NUMPY = {
    "BOOL": "?", "INT8": "<i1", "INT16": "<i2", "INT32": "<i4", "INT64": "<i8", "UINT8": "<u1", "UINT16": "<u2",
    "UINT32": "<u4", "UINT64": "<u8", "FP16": "<f2", "FP32": "<f4", "FP64": "<f8",
}  # fmt: skip
DATATYPES = (*_NUMPY, "BYTES")


def _decoders(value: Any) -> tuple[Any, Any]:
    return msgspec.json.Decoder(list[value]), msgspec.json.Decoder(list[list[value]])  # type: ignore[valid-type]


# Null is a missing value in any datatype. A number may stand where a boolean is declared and the other way round
# (the contract reads both), a text may not.
_NUMBERS = _decoders(bool | Integer | float | None)
_TEXTS = _decoders(str | None)


def read_tensor(tensor: Tensor, number: int, size: int, tail: memoryview, limits: Limits) -> tuple[Any, memoryview]:
    """Return the values of a tensor, row-major and flat, and what is left of the bytes behind the JSON.

    Parameters
    ----------
    number : int
        Of the input, from 1, for messages.
    size : int
        Values that its shape asks for.

    Raises
    ------
    RequestError
        The datatype is unknown, or the data does not fit datatype or shape.
    """
    if tensor.datatype not in DATATYPES:
        raise refusals.unfit_tensor(number, "its datatype is unknown", f"use one of {', '.join(DATATYPES)}")
    n_bytes = tensor.parameters.binary_data_size if tensor.parameters is not None else None
    if n_bytes is None:
        return _from_json(tensor, number, size), tail
    if not 0 <= n_bytes <= len(tail):
        fix = "send its bytes behind the JSON, with the header Inference-Header-Content-Length"
        raise refusals.unfit_tensor(number, "its 'binary_data_size' is more than the bytes there are", fix)
    part, rest = tail[:n_bytes], tail[n_bytes:]
    return (_texts(part, number, size) if tensor.datatype == "BYTES" else _numbers(tensor, part, number, size)), rest


def _from_json(tensor: Tensor, number: int, size: int) -> list[Any]:
    data = bytes(tensor.data)
    if not data:
        raise refusals.unfit_tensor(number, "it has no 'data'", "add it, a list of values row by row")
    flat, nested = _TEXTS if tensor.datatype == "BYTES" else _NUMBERS
    try:
        values = flat.decode(data)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        try:
            rows = nested.decode(data)
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            if isinstance(error, msgspec.ValidationError) and "Expected `int` " not in str(error):
                fix = "send a list, or a list of lists, of texts for BYTES and of numbers for the others"
                raise refusals.unfit_tensor(number, "its data does not fit its datatype", fix) from None
            if isinstance(error, msgspec.ValidationError):
                raise refusals.number_out_of_range(f"a value of input {number:,}") from None
            raise refusal_of(error, data, ()) from None
        _check_rows(tensor, rows, number)
        values = list(chain.from_iterable(rows))
    _check_size(len(values), number, size)
    return values


def _check_rows(tensor: Tensor, rows: list[list[Any]], number: int) -> None:
    width = tensor.shape[1] if len(tensor.shape) == 2 else 1
    if any(len(row) != width for row in rows):
        raise refusals.unfit_tensor(number, "its rows are not of the width of its shape", "make data and shape agree")


def _check_size(got: int, number: int, size: int) -> None:
    if got != size:
        raise refusals.unfit_tensor(number, f"it has {got:,} values, its shape asks for {size:,}", "make them agree")


def _numbers(tensor: Tensor, part: memoryview, number: int, size: int) -> np.ndarray:
    dtype = np.dtype(_NUMPY[tensor.datatype])
    if len(part) != size * dtype.itemsize:
        raise refusals.unfit_tensor(
            number, f"it has {len(part):,} bytes, its shape and datatype ask for {size * dtype.itemsize:,}",
            "make them agree",
        )  # fmt: skip
    if tensor.datatype == "BOOL":
        return np.frombuffer(part, np.uint8) != 0  # any other byte than 0 and 1 is no bool of numpy
    return np.frombuffer(part, dtype)


def _texts(part: memoryview, number: int, size: int) -> list[str]:
    """Return texts, each behind its length in four bytes."""
    values: list[str] = []
    at = 0
    try:
        while at < len(part):
            (length,) = struct.unpack_from("<I", part, at)
            end = at + 4 + length
            if end > len(part):
                raise refusals.unfit_tensor(number, "a text ends behind its bytes", "state its length in four bytes")
            values.append(str(part[at + 4 : end], "utf-8"))
            at = end
    except (struct.error, UnicodeError):
        raise refusals.unfit_tensor(number, "a text is not UTF-8 behind its length", "send UTF-8") from None
    _check_size(len(values), number, size)
    return values


def packed(values: Sequence[Any], datatype: str) -> bytes:
    """Return the values as the bytes of a tensor; ``datatype`` is BYTES, BOOL or FP64."""
    if datatype == "BYTES":
        texts = [str(value).encode() for value in values]
        return b"".join(part for text in texts for part in (struct.pack("<I", len(text)), text))
    if datatype == "BOOL":
        return bytes(values)
    numbers = [np.nan if value is None else value for value in values]
    return np.asarray(numbers, dtype="<f8").tobytes()
