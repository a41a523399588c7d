"""Bad input: each kind gives one clear error with a code and a fix, the right exit code, and leaves nothing on disk."""

from __future__ import annotations

import gzip
import re
import sqlite3
from pathlib import Path

import pytest

from modelwright.cli import main

from .helpers import table


def good(folder: Path) -> Path:
    path = folder / "good.csv"
    path.write_text(table())
    return path


def text(content: str, name: str = "bad.csv"):
    def make(folder: Path) -> list[str]:
        (folder / name).write_text(content)
        return [str(folder / name), "--target", "target"]

    return make


def raw(content: bytes, name: str):
    def make(folder: Path) -> list[str]:
        (folder / name).write_bytes(content)
        return [str(folder / name), "--target", "target"]

    return make


def flags(*more: str):
    def make(folder: Path) -> list[str]:
        return [str(good(folder)), "--target", "target", *more]

    return make


def database(folder: Path) -> list[str]:
    with sqlite3.connect(folder / "a.db") as connection:
        connection.execute("create table one (target text)")
        connection.execute("create table two (target text)")
    return [str(folder / "a.db"), "--target", "target", "--query", "select nothing from nowhere"]


def other_folder(folder: Path) -> list[str]:
    (folder / "taken").mkdir()
    (folder / "taken" / "thesis.doc").write_text("years of work")
    return [str(good(folder)), "--target", "target", "--project", str(folder / "taken")]


def brief_file(content: str):
    def make(folder: Path) -> list[str]:
        (folder / "brief.toml").write_text(content)
        return [str(good(folder)), "--target", "target", "--brief", str(folder / "brief.toml")]

    return make


def brief_bytes(content: bytes):
    def make(folder: Path) -> list[str]:
        (folder / "brief.toml").write_bytes(content)
        return [str(good(folder)), "--target", "target", "--brief", str(folder / "brief.toml")]

    return make


def number(*more: str):
    """Arguments for a table whose target is a number."""

    def make(folder: Path) -> list[str]:
        return [*text(table(target="number"), "good.csv")(folder), *more]

    return make


# Port 9 discards; nothing listens there.
NOWHERE = ("postgresql://user:secret@127.0.0.1:9/base", "--target", "target", "--query", "select 1")


def empty_folder(folder: Path) -> list[str]:
    (folder / "nothing").mkdir()
    return [str(folder / "nothing"), "--target", "target"]


def pictures(folder: Path) -> list[str]:
    (folder / "animals" / "pictures").mkdir(parents=True)
    (folder / "animals" / "pictures" / "cat.png").write_bytes(b"\x89PNG")
    return [str(folder / "animals" / "pictures"), "--target", "target"]


CASES = {
    # name: (what makes the arguments, exit code, words of the message)
    "no such file": (lambda f: ["nowhere.csv", "--target", "target"], 2, r"nowhere\.csv"),
    "no source": (lambda f: ["--target", "target"], 2, "no data"),
    "no target named": (lambda f: [str(good(f))], 2, "target"),
    "empty file": (text(""), 1, "empty"),
    "header only": (text("age,income,city,target\n"), 1, "row"),
    "one row": (text("age,target\n3,yes\n"), 1, "row|class|value"),
    "empty folder": (empty_folder, None, "nothing"),
    "binary garbage": (raw(bytes(range(256)) * 50, "bad.csv"), 1, r"bad\.csv"),
    "broken parquet": (raw(b"PAR1 this is none PAR1", "bad.parquet"), 1, r"bad\.parquet"),
    "truncated gzip": (raw(gzip.compress(table().encode())[:200], "bad.csv.gz"), 1, r"bad\.csv\.gz"),
    "malformed JSON line": (text('{"target": 1}\n{"target": \n', "bad.jsonl"), 1, "line 2|2"),
    "unknown format": (raw(b"%PDF-1.4 \x00\x01\x02", "bad.pdf"), None, r"bad\.pdf"),
    "SQL error": (database, None, "nowhere|query|SQL"),
    "one class": (text(table(target="one_class")), 1, "class"),
    "target all missing": (text(table(target="empty")), 1, "target"),
    "every row its own class": (text(table(target="own_class")), 1, "class"),
    "infinite target": (text(table(target="infinite")), 1, "target"),
    "only the target": (text("target\n" + "yes\nno\n" * 60), 1, "column"),
    "target not in the table": (lambda f: [str(good(f)), "--target", "targte"], 2, "did you mean 'target'"),
    "bad budget": (flags("--budget", "soon"), 2, "budget"),
    "bad memory": (flags("--memory", "lots"), 2, "size"),
    "unknown metric": (flags("--metric", "roc_ac"), 2, "roc_auc"),
    "metric of another objective": (flags("--metric", "rmse"), 2, "rmse"),
    "unknown objective": (flags("--objective", "guess"), 2, "classify"),
    "unknown split": (flags("--split", "fair"), 2, "split"),
    "group split without its column": (flags("--split", "group"), 2, "group"),
    "group column missing": (flags("--group", "custmer"), 2, "custmer"),
    "time column missing": (flags("--time", "when"), 2, "when"),
    "time column is the target": (flags("--time", "target"), 2, "target"),
    "dropped column missing": (flags("--drop", "incom"), 2, "did you mean 'income'"),
    "positive is no class": (flags("--positive", "maybe"), 2, "maybe"),
    "payoff without a number": (flags("--payoff", "tp"), 2, "payoff"),
    "payoff of an unknown outcome": (flags("--payoff", "win=3"), 2, "win"),
    "unknown kind": (flags("--kind", "age=numbr"), 2, "numbr"),
    "regression of words": (flags("--objective", "regress"), None, "number"),
    "unknown flag": (flags("--taget", "x"), 2, "taget"),
    "brief is no TOML": (brief_file("target = "), 2, "TOML"),
    "brief with an unknown field": (brief_file("colour = 'red'"), 2, "colour"),
    "project folder holds something else": (other_folder, 1, "not a Modelwright project"),
    "no such brief": (flags("--brief", "nowhere.toml"), 2, "nowhere"),
    "brief with a wrong value": (brief_file("drop = 3"), 2, "drop"),
    "brief with a wrong table": (brief_file("limits = 3"), 2, "limits"),
    "brief that is no text": (brief_bytes(b"\xff\xfe\x00"), 2, "TOML"),
    "bad latency": (flags("--latency", "quick"), 2, "latency"),
    "bad artefact size": (flags("--artefact-size", "small"), 2, "size"),
    "no trials": (flags("--trials", "0"), 2, "trials"),
    "negative budget": (flags("--budget", "-5s"), 2, "budget"),
    "budget of nothing": (flags("--budget", "0"), 2, "budget"),
    "endless budget": (flags("--budget", "inf"), 2, "budget"),
    "seed is no number": (flags("--seed", "lucky"), 2, "seed"),
    "negative seed": (flags("--seed", "-1"), 2, "seed"),
    "kind without a column": (flags("--kind", "number"), 2, "kind"),
    "kind of a missing column": (flags("--kind", "aeg=number"), 2, "did you mean 'age'"),
    "allowed rule does not exist": (flags("--allow", "A999"), 2, "A999"),
    "allowed column does not exist": (flags("--allow", "A013:nope"), 2, "nope"),
    "protected column missing": (flags("--protected", "gender"), 2, "gender"),
    "column known after missing": (flags("--known-after", "cty"), 2, "did you mean 'city'"),
    "target is left out": (flags("--drop", "target"), 2, "target"),
    "group column is the target": (flags("--group", "target"), 2, "target"),
    "all columns left out": (flags("--drop", "age", "--drop", "income", "--drop", "city"), 1, "no column is left"),
    "all features missing": (text("a,b,target\n" + ",NA,yes\n,?,no\n" * 40), 1, "no column is left"),
    "all features constant": (text("a,b,target\n" + "1,x,yes\n1,x,no\n" * 40), 1, "no column is left"),
    "no value anywhere": (text("a,b,target\n" + ",,\n" * 40), 1, "value"),
    "payoff for a value": (number("--payoff", "tp=3", "--payoff", "fp=-1"), 1, "class"),
    "positive for a value": (number("--positive", "5"), 1, "class"),
    "metric of classes for a value": (number("--metric", "accuracy"), None, "class"),
    "classes of a value": (number("--objective", "classify"), None, "class"),
    "time split without an order": (flags("--split", "time"), 2, "time"),
    "memory of nothing": (flags("--memory", "1KB"), None, "memory|MB"),
    "no such test file": (flags("--test", "later.csv"), 2, r"later\.csv"),
    "empty test file": (lambda f: [*flags()(f), "--test", text("", "test.csv")(f)[0]], 1, r"test\.csv"),
    "broken workbook": (raw(b"PK\x03\x04 no workbook", "bad.xlsx"), 1, r"bad\.xlsx"),
    "broken database": (raw(b"SQLite format 3\x00 and no more", "bad.db"), 1, r"bad\.db"),
    "database without the table": (lambda f: [*database(f)[:-1], "three"], 2, "three"),
    "database with several tables": (lambda f: database(f)[:-2], 2, "one"),
    "broken Arrow": (raw(b"ARROW1\x00\x00 no more", "bad.arrow"), 1, r"bad\.arrow"),
    "truncated zst": (raw(b"\x28\xb5\x2f\xfd\x00", "bad.csv.zst"), 1, r"bad\.csv\.zst"),
    "JSON that is no table": (text('"a lonely text"\n', "bad.json"), 1, r"bad\.json"),
    "unknown kind of URL": (lambda f: ["gopher://host/base", *NOWHERE[1:]], 2, "gopher"),
    "no server": (lambda f: list(NOWHERE), 1, "127.0.0.1"),
    "project is a file": (lambda f: [*flags()(f), "--project", str(f / "good.csv")], 1, r"good\.csv"),
    "project below a file": (lambda f: [*flags()(f), "--project", str(f / "good.csv" / "p")], 1, r"good\.csv"),
    "a table on its side": (text("age,3,4\ntarget,yes,no\ncity,a,b\ntall,1,2\n", "side.csv"), 2, "turn the table"),
    "no delimiter that is known": (text("age~target\n3~yes\n4~no\n"), 2, "the table has one column only, 'age~target'"),
    "a page saved as a table": (text("<!doctype html><p>sorry, log in</p>\n"), 1, "page of the web"),
    "folder of pictures": (pictures, 1, r"'cat\.png' is of no format that holds a table"),
    "folders of pictures": (
        lambda f: [str(Path(pictures(f)[0]).parent), "-t", "target"],
        1,
        r"below it \('pictures'\)",
    ),
    "test file without the columns": (
        lambda f: [*flags()(f), "--test", text("x,z\n1,2\n3,4\n", "test.csv")(f)[0]],
        1,
        "test",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_bad_input(name, tmp_path, monkeypatch, capsys):
    make, exit_code, words = CASES[name]
    arguments = make(tmp_path)
    monkeypatch.chdir(tmp_path)
    before = sorted(p.relative_to(tmp_path) for p in tmp_path.rglob("*"))
    if not any(a == "--budget" for a in arguments):
        arguments += ["--budget", "10s"]
    code = main(["run", *arguments])
    told = capsys.readouterr().err
    assert code in ((1, 2) if exit_code is None else (exit_code,)), told
    message = told[told.index("error: ") :]
    assert re.search(words, message), message
    assert re.search(r"\n  fix: \S", message) and re.search(r"\n  MW-[A-Z]\d{3}$", message.rstrip()), message
    assert "MW-Z001" not in message and "Traceback" not in told
    assert sorted(p.relative_to(tmp_path) for p in tmp_path.rglob("*")) == before


def test_json_errors_are_one_object(tmp_path, capsys):
    import json

    assert main(["run", "nowhere.csv", "--target", "y", "--json"]) == 2
    told = capsys.readouterr()
    assert set(json.loads(told.out)) == {"error", "fix", "code"}
