"""The training data described in Croissant 1.0, the JSON-LD vocabulary of MLCommons for data sets.

https://docs.mlcommons.org/croissant/docs/croissant-spec.html. Data sets whose file has no delimiter that readers of
Croissant guess, databases and tables in memory are described without a file: their columns are, and where they lie.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from modelwright import format as fmt
from modelwright.audit.findings import Action
from modelwright.data.contract import Kind
from modelwright.report.papers.base import GAP
from modelwright.report.papers.evidence import Evidence
from modelwright.report.papers.forms import FORMS

__all__ = ["CONTEXT", "croissant", "render_croissant"]

CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
"""The context that the specification gives, appendix 1."""

CONFORMS = "http://mlcommons.org/croissant/1.0"
LEFT = ("license", "creator", "citeAs", "url", "datePublished")
"""Properties that the specification asks for and only a person knows."""
PERSONAL = "A045"
USER = "user"
"""Who decided on a column, see `modelwright.govern.privacy.documents.ColumnPrivacy`."""
MEDIA = {"parquet": "application/x-parquet", "jsonl": "application/jsonlines", "excel": "application/vnd.ms-excel"}
"""By format of the source; delimited text by its delimiter."""
DELIMITED = {",": "text/csv", "\t": "text/tsv"}
TYPES = (
    (r"u?int\d+", "sc:Integer"),
    (r"(half)?float\d*|double|decimal.*", "sc:Float"),
    (r"bool", "sc:Boolean"),
    (r"timestamp.*", "sc:DateTime"),
    (r"date.*", "sc:Date"),
)
"""Of how a column is stored; all else is text."""
ISO_DATE = "%Y-%m-%d"
FILE, ROWS = "data-file", "rows"


def render_croissant(ev: Evidence) -> str:
    """Return the description as JSON."""
    return json.dumps(croissant(ev), ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def croissant(ev: Evidence) -> dict[str, Any]:
    """Return the description as JSON-LD."""
    media = _media(ev)
    made: dict[str, Any] = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": CONFORMS,
        "name": _name(ev),
        "description": _description(ev),
        "identifier": ev.get("source/digest"),
    }
    done = [
        f"{f['title']} ({f['code']}): {f['done']}"
        for _, f in ev.each("audit/findings")
        if f["action"] not in (Action.TOLD, Action.GROUP, Action.TIME) and f["done"] and not f["overruled"]
    ]
    personal = _personal(ev)
    if done:
        made["rai:dataPreprocessingProtocol"] = done
    if personal:
        made["rai:personalSensitiveInformation"] = personal
    made["distribution"] = [_file(ev, media)] if media else []
    made["recordSet"] = [_rows(ev, file=bool(media))]
    return made


def _personal(ev: Evidence) -> list[str]:
    """Return the columns with personal data: found, treated or dropped as such, or kept because the user says so.

    Columns of which only rare values are pooled are none of them.
    """
    found = [c for _, f in ev.each("audit/findings") if f["code"] == PERSONAL for c in f["columns"]]
    treated = [c["column"] for _, c in ev.each("privacy/columns") if c["datum"] or c["decided_by"] == USER]
    return list(dict.fromkeys([*found, *treated, *ev.names("privacy/kept")]))


def _name(ev: Evidence) -> str:
    location = str(ev.get("source/location"))
    return "table in memory" if location == "<memory>" else Path(location.split("?")[0]).name or location


def _description(ev: Evidence) -> str:
    rows, columns = (FORMS["count"](ev.get(f"source/{name}")) for name in ("n_rows", "n_columns"))
    goal = f" {FORMS['sentence'](ev.get('brief/goal'))}" if ev.get("brief/goal") else ""
    return (
        f"{rows} rows and {columns} columns, from which “{ev.get('problem/target')}” is learned.{goal} "
        f"{fmt.joined(LEFT, len(LEFT))}: {GAP}"
    )


def _media(ev: Evidence) -> str:
    """Return the media type of the source, empty where it is no file that readers of Croissant open."""
    source: dict[str, Any] = ev.get("source")
    if source["format"] == "csv":
        return DELIMITED.get(source["options"].get("delimiter", ","), "")
    return MEDIA.get(source["format"], "")


def _file(ev: Evidence, media: str) -> dict[str, Any]:
    source: dict[str, Any] = ev.get("source")
    made = {
        "@type": "cr:FileObject",
        "@id": FILE,
        "name": _name(ev),
        "contentUrl": Path(source["location"]).name,
        "encodingFormat": media,
        "sha256": source["digest"].removeprefix("sha256:"),
    }
    if source["n_bytes"] is not None:
        made["contentSize"] = f"{source['n_bytes']} B"
    return made


def _rows(ev: Evidence, *, file: bool) -> dict[str, Any]:
    profiles = {c["name"]: c for _, c in ev.each("profile/columns")}
    fields: list[dict[str, Any]] = []
    used: set[str] = set()
    for number, (_, spec) in enumerate(ev.each("contract/columns"), 1):
        identity = _identity(spec["name"], number, used)
        used.add(identity)
        made: dict[str, Any] = {
            "@type": "cr:Field",
            "@id": identity,
            "name": spec["name"],
            "description": _about(spec, profiles.get(spec["name"]), ev),
            "dataType": _type(spec),
        }
        if file:
            made["source"] = {"fileObject": {"@id": FILE}, "extract": {"column": spec["name"]}}
        fields.append(made)
    return {"@type": "cr:RecordSet", "@id": ROWS, "name": ROWS, "field": fields}


def _identity(name: str, number: int, used: set[str]) -> str:
    plain = f"{ROWS}/{name}"
    return plain if re.fullmatch(r"[A-Za-z0-9_.-]+", name) and plain not in used else f"{ROWS}/column-{number}"


def _type(spec: dict[str, Any]) -> str:
    """Return the type of a column as it is stored; of texts, those that every reader of numbers and dates reads."""
    found = next((kind for pattern, kind in TYPES if re.fullmatch(pattern, spec["storage"])), "sc:Text")
    if found != "sc:Text":
        return found
    odd = spec["missing_tokens"] or spec["thousands"] or spec["unit"] or spec["decimal"] != "."
    if spec["kind"] == Kind.NUMBER and not odd and not spec["formats"]:
        return "sc:Float"
    dates = spec["kind"] == Kind.DATETIME and spec["formats"] and not spec["missing_tokens"]
    return "sc:DateTime" if dates and all(f.startswith(ISO_DATE) for f in spec["formats"]) else "sc:Text"


def _about(spec: dict[str, Any], profile: dict[str, Any] | None, ev: Evidence) -> str:
    told = f"{spec['kind']}; {FORMS['values'](spec)}"
    if spec["name"] == ev.get("problem/target"):
        told += "; the target"
    if profile is None:
        return told
    return f"{told}; {FORMS['count'](profile['n_missing'])} of {FORMS['count'](ev.get('profile/n_rows'))} missing"
