"""What the documentation says is so: links, commands, code, tables, and the examples."""

from __future__ import annotations

import os
import re
import runpy
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields
from functools import cache
from pathlib import Path

import click
import pytest

import modelwright
from modelwright.brief import _LIMIT_FIELDS, Brief, read_brief
from modelwright.data.contract import Kind
from modelwright.errors import ModelwrightError

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted({*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *ROOT.glob("benchmarks/*.md")} - {ROOT / "LICENSE"})
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`(modelwright [^`]+)`")
SKIPPED = {".conformance", ".git", ".venv", "scratch", "__pycache__", "build", "dist", ".hypothesis"}


def page(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def blocks(text: str, *languages: str) -> Iterator[str]:
    """The code blocks in one of the languages."""
    for language, body in FENCE.findall(text):
        if language in languages:
            yield body


def rows(text: str) -> list[list[str]]:
    """The cells of all tables of a page."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def code_in(cell: str) -> str:
    found = re.match(r"`([^`]+)`", cell)
    return found.group(1) if found else ""


# --------------------------------------------------------------------------------------------------------- links


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_links_resolve(path):
    for target in LINK.findall(FENCE.sub("", page(path))):
        if "://" in target:
            continue
        place, _, anchor = target.partition("#")
        file = (path.parent / place).resolve() if place else path
        assert file.exists(), f"{name_of(path)} links to {target}"
        if anchor:
            assert anchor in anchors(file), f"{name_of(path)} links to {target}"


def anchors(path: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", page(path)), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", h.lower()).strip().replace(" ", "-") for h in headings}


def test_every_guide_is_in_the_index():
    index = page(DOCS / "README.md")
    for path in DOCS.glob("*.md"):
        assert path.name == "README.md" or f"({path.name})" in index, path.name


def test_pictures_are_small():
    for picture in (DOCS / "images").iterdir():
        assert picture.stat().st_size < 300_000, picture.name


# ------------------------------------------------------------------------------------------------------ commands


def commands(text: str) -> Iterator[tuple[str, bool]]:
    """Each command line shown, and whether it is complete."""
    for body in blocks(text, "console"):
        yield from ((line[2:], True) for line in body.splitlines() if line.startswith("$ modelwright "))
    for body in blocks(text, "sh"):
        yield from ((line, True) for line in body.splitlines() if line.startswith("modelwright "))
    yield from ((line, False) for line in INLINE.findall(FENCE.sub("", text)))


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_commands_are_real(path):
    from modelwright.cli.app import app

    for line, complete in commands(page(path)):
        words = shlex.split(line.replace("\\\n", ""), comments=True)[1:]
        if words[0].startswith("-"):
            continue
        command = app.get_command(click.Context(app), words[0])
        assert command is not None, f"{name_of(path)}: {line}"
        try:
            command.make_context(words[0], words[1:])
        except click.MissingParameter:
            assert not complete, f"{name_of(path)}: {line}"
        except click.ClickException as error:
            pytest.fail(f"{name_of(path)}: {line}: {error.format_message()}")


def test_make_targets_are_real():
    targets = set(re.findall(r"^([\w./-]+):", page(ROOT / "Makefile"), re.MULTILINE))
    for path in PAGES:
        text = page(path)
        shown = re.findall(r"`make ([\w-]+)", text)
        for body in blocks(text, "sh", ""):
            shown += re.findall(r"^make ([\w-]+)", body, re.MULTILINE)
        assert set(shown) <= targets, name_of(path)


# ----------------------------------------------------------------------------------------------------------- code


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_python_compiles(path):
    for body in blocks(page(path), "python"):
        compile(body, name_of(path), "exec")


def test_the_code_of_extending_runs(monkeypatch, tmp_path):
    from modelwright.audit import RULES
    from modelwright.audit.runner import load_rule

    monkeypatch.syspath_prepend(str(ROOT / "examples"))
    monkeypatch.setattr("modelwright.audit.RULES", dict(RULES))
    (tmp_path / "extending.py").write_text("\n".join(blocks(page(DOCS / "extending.md"), "python")))
    made = runpy.run_path(str(tmp_path / "extending.py"), run_name="extending")
    assert load_rule(made["RULES"]["X001"]).title == "Personal data"
    assert "X001" not in RULES


# --------------------------------------------------------------------------------------------------------- tables


def test_public_names_are_documented():
    named = {code_in(r[0]).removeprefix("mw.") for r in rows(page(DOCS / "README.md")) if code_in(r[0])}
    assert named == set(modelwright.__all__)


def test_the_brief_page_lists_exactly_the_fields():
    table = [r for r in rows(page(DOCS / "brief.md")) if len(r) == 5 and code_in(r[0])]
    in_toml = [code_in(r[0]) for r in table]
    assert in_toml == [f.name for f in fields(Brief) if f.name not in {"limits", "seed"}] + ["seed", *_LIMIT_FIELDS]
    assert [code_in(r[2]) for r in table] == in_toml, "a keyword has the name of the field"


def test_the_brief_page_names_the_flags():
    from modelwright.cli.commands.run import command

    table = [r for r in rows(page(DOCS / "brief.md")) if len(r) == 5 and code_in(r[0])]
    flags = {code_in(r[1]) for r in table} - {"SOURCE"}
    others = {"--brief", "--project", "--json", "--quiet"}
    real = {next(o for o in p.opts if o.startswith("--")) for p in command.params if isinstance(p, click.Option)}
    assert flags | others == real
    assert all(f"`{flag}`" in page(DOCS / "brief.md") for flag in others)


def test_the_brief_page_names_kinds_and_metrics():
    from modelwright.evaluate.metrics import METRICS

    text = page(DOCS / "brief.md")
    kinds, metrics = (text.split(f"## {title}")[1].split("\n## ")[0] for title in ("Kinds", "Metrics"))
    assert set(re.findall(r"`(\w+)`", kinds)) == {k.value for k in Kind}
    assert re.findall(r"`(\w+)`", metrics) == list(METRICS)


def test_the_briefs_shown_can_be_read(tmp_path):
    shown = list(blocks(page(DOCS / "brief.md"), "toml"))
    (tmp_path / "brief.toml").write_text(shown[0])
    assert read_brief(tmp_path / "brief.toml").target == "deposit"
    example = read_brief(ROOT / "examples" / "brief.toml")
    assert Path(example.source).is_file() and example.payoff and example.known_after == ("duration",)


def test_reading_the_report_has_every_section_in_order():
    template = ROOT / "src" / "modelwright" / "report" / "templates" / "report.html"
    sections = re.findall(r'entry\("\w+", "([^"]+)"\)', page(template))
    assert re.findall(r"^\| \*\*([^*]+)\*\* \|", page(DOCS / "reading-the-report.md"), re.MULTILINE) == sections


def test_the_files_of_a_version_are_documented():
    from modelwright.package.readme import FILES

    text = page(DOCS / "project-folder.md")
    for names, _ in FILES:
        for name in names.split(", "):
            assert f"`{name}`" in text, name


def test_the_page_of_serving_names_every_option():
    from modelwright.cli.commands.serve import command

    text = page(DOCS / "serving.md")
    options = {max(p.opts, key=len): p.envvar for p in command.params if isinstance(p, click.Option)}
    assert [o for o in options if not re.search(rf"{o}\b", text)] == []
    shown = set(re.findall(r"MODELWRIGHT_SERVE_[A-Z_]+", text))
    assert shown and shown <= set(options.values())


def test_the_page_of_serving_names_scopes_metrics_and_routes():
    from modelwright.serve.keys import Scope
    from modelwright.serve.metrics import FAMILIES
    from modelwright.serve.routes import OPEN, ROUTES

    text = page(DOCS / "serving.md")
    scopes = [code_in(r[0]) for r in rows(text.split("| scope |")[1].split("\n\n")[0]) if code_in(r[0])]
    assert scopes == [scope.value for scope in Scope]
    metrics = text.split("| metric |")[1].split("\n\n")[0]
    assert set(re.findall(r"`(\w+)`", metrics)) <= set(FAMILIES)
    named = next(line for line in text.splitlines() if line.startswith("Open to everybody"))
    assert {r.template for r in ROUTES if r.scope is OPEN and "/health" not in r.template} == {
        path for path in re.findall(r"`(/[^`]*)`", named) if "health" not in path
    }


def test_the_page_of_errors_is_fresh():
    made = runpy.run_path(str(DOCS / "errors_page.py"))
    assert page(DOCS / "errors.md") == made["render"](), "run 'make docs'"


def test_every_error_code_is_on_the_page():
    source = "".join(page(p) for p in (ROOT / "src").rglob("*.py"))
    in_source = set(re.findall(r"\"(MW-[A-Z]\d{3})\"", source))
    on_page = set(re.findall(r"MW-[A-Z]\d{3}", page(DOCS / "errors.md")))
    assert in_source == on_page


# ------------------------------------------------------------------------------------------------------- the contract


@cache
def bank_contract():
    from modelwright.data.kinds import infer_contract
    from modelwright.data.reading import read_table

    table, _ = read_table(ROOT / "src" / "modelwright" / "demo" / "bank.csv.gz")
    contract = infer_contract(table, target="deposit")
    return contract.only([n for n in contract.names if n not in {"deposit", "duration"}])


def test_odd_rows_are_told_as_documented(tmp_path):
    from modelwright.data.canonical import canonicalise
    from modelwright.data.reading import read_table

    text = page(DOCS / "contract-and-predicting.md")
    (tmp_path / "odd.csv").write_text(next(blocks(text, "csv")))
    table, _ = read_table(tmp_path / "odd.csv")
    _, violations = canonicalise(table, bank_contract(), required=bank_contract().names)
    shown = [line.removeprefix("note: ") for line in text.splitlines() if line.startswith("note: ")]
    assert [v.message for v in violations] == shown


def test_missing_columns_are_refused_as_documented():
    from modelwright.data.canonical import canonicalise

    text = page(DOCS / "contract-and-predicting.md")
    given = {n: ["1"] for n in (*bank_contract().names, "previously") if n not in {"previous", "poutcome"}}
    with pytest.raises(ModelwrightError) as caught:
        canonicalise(given, bank_contract(), required=bank_contract().names)
    error = caught.value
    assert f"error: {error.what}\n  fix: {error.fix}\n  {error.code}\n" in text


# --------------------------------------------------------------------------------------------------- what is not there


def texts() -> Iterator[Path]:
    """Every text file of the repository."""
    for folder, names, files in os.walk(ROOT):
        names[:] = [n for n in names if n not in SKIPPED and not n.endswith((".egg-info", "_cache"))]
        for file in files:
            if file.endswith((".py", ".md", ".toml", ".txt", ".lock", ".json", ".jsonl", ".html", ".css", ".js")):
                yield Path(folder, file)


def test_no_registry_and_no_path_of_a_machine():
    hosts = ["pypi" + ".org", "python" + "hosted", "ana" + "conda", "crates" + ".io", "npm" + "js"]
    # where KServe mounts a model is part of its contract
    machine = r"|(?<![\w./~-])/(?:work|home|root|Users|mnt)/(?!models\b)\w"
    forbidden = re.compile("|".join(map(re.escape, hosts)) + machine)
    for path in texts():
        found = forbidden.search(page(path))
        assert found is None, f"{name_of(path)} holds {found.group()!r}"


# ------------------------------------------------------------------------------------------------------------ examples


def example(name: str, *arguments: str, cwd: Path) -> str:
    done = subprocess.run(
        [sys.executable, str(ROOT / "examples" / name), *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=200,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_example_of_a_rule(tmp_path):
    told = example("personal_data.py", cwd=tmp_path)
    assert told.startswith("X001 Personal data: 'contact' holds 300 e-mail addresses")
    assert not list(tmp_path.iterdir())


def test_example_of_a_client(tmp_path):
    from tests.serve.running import make_project, serving

    with serving(make_project(tmp_path / "bank")) as server:
        told = example("serving_client.py", f"http://127.0.0.1:{server.port}", cwd=tmp_path)
        refused = subprocess.run(
            [sys.executable, str(ROOT / "examples" / "serving_client.py"), f"http://127.0.0.1:{server.port}/nowhere"],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
    assert re.match(r"version 1 of bank says '\w+'\n", told) and told.endswith("labels taken: 1\n")
    assert refused.returncode == 1 and refused.stderr.startswith("MW-S301: ")


@pytest.mark.slow
def test_example_of_cross_validation(tmp_path):
    told = example("cross_validation.py", "2s", cwd=tmp_path)
    ours = re.search(r"modelwright, 2s per fit: ([\d., ]+)", told)
    assert ours and all(float(score) > 0.97 for score in ours.group(1).split(", "))


@pytest.mark.slow
def test_example_of_the_main_job(tmp_path):
    told = example("bank_calls.py", "calls", "20s", cwd=tmp_path)
    assert re.search(r"^roc_auc 0\.\d{3} \(0\.\d{3} to 0\.\d{3}\) on 9,042 rows$", told, re.MULTILINE)
    assert "'duration': dropped" in told and "probability_yes" in told
    assert (tmp_path / "calls" / "report.html").is_file()
