"""A folder that `docker build` makes an image of: the version, the server, and nothing else.

Whatever comes from the project (its name, its target) is written where it cannot be taken for an instruction: the name
in paths and tags is spelled with few characters, and texts are quoted, each on one line.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from modelwright.package.exports.docker_readme import render_readme
from modelwright.package.exports.wheel import write_wheel
from modelwright.package.libraries import complete, serving_libraries
from modelwright.package.verifying import SIGNATURE

if TYPE_CHECKING:
    from modelwright.package.bundle import Version

__all__ = ["IGNORED", "dockerfile", "plain_name", "write"]

MODEL, REQUIREMENTS = "model", "requirements.txt"
MODELS = "/opt/models"  # in the image
USER = 10001  # nobody of the base image; a number, because Kubernetes cannot tell whether a name is root
BASE = f"python:{sys.version_info.major}.{sys.version_info.minor}-slim-bookworm"
THREADS = "lightgbm"  # the library that needs the compiler's runtime for threads, which slim images lack

IGNORED = f"""*
!{REQUIREMENTS}
!*.whl
!{MODEL}
"""
"""``.dockerignore``: nothing that somebody puts beside these files gets into an image."""

HEALTH = (
    "import http.client, os, sys; from modelwright.serve.settings import port_of; "
    "asked = http.client.HTTPConnection('127.0.0.1', port_of(os.environ), timeout=3); "
    "asked.request('GET', '/health/ready'); sys.exit(asked.getresponse().status != 200)"
)


def write(version: Version, folder: Path) -> tuple[str, ...]:
    """Write ``Dockerfile`` and ``README.md``, and the version, the wheel and the requirements that they name."""
    project, libraries = _project_name(version), version.manifest.libraries
    name = plain_name(project)
    signed = (version.folder / SIGNATURE).is_file()
    needed = {**libraries, **serving_libraries(signed=signed)}
    wheel = write_wheel(folder)
    shutil.copytree(version.folder, folder / MODEL)
    texts = {
        "Dockerfile": dockerfile(
            name, project, version.manifest.version, wheel, threads=THREADS in libraries, alone=complete(libraries)
        ),
        ".dockerignore": IGNORED,
        REQUIREMENTS: "".join(f"{library}=={number}\n" for library, number in sorted(needed.items())),
        "README.md": render_readme(name, project, version, BASE),
    }
    for file, text in texts.items():
        (folder / file).write_text(text, encoding="utf-8", newline="\n")
    _let_all_read(folder)
    return (
        "the base image is named by its tag: pin it by digest before you ship it, as README.md says",
        "without keys the server starts in a container only when it is told that others keep the door, see README.md",
    )


def dockerfile(name: str, project: str, version: int, wheel: str, *, threads: bool, alone: bool) -> str:
    """Return the ``Dockerfile``.

    Parameters
    ----------
    name : str
        From `plain_name`.
    project : str
        For people; any text.
    version : int
    wheel : str
        Name of the file.
    threads : bool
        Install what LightGBM's threads need.
    alone : bool
        The requirements need nothing beside them.
    """
    packages = "" if not threads else (
        "# LightGBM's threads need it, and slim images lack it. Nothing is compiled, so no compiler is installed.\n"
        "RUN apt-get update && apt-get install -y --no-install-recommends libgomp1 && rm -rf /var/lib/apt/lists/*\n\n"
    )  # fmt: skip
    dependencies = " --no-deps" if alone else ""
    return f"""\
# Serves one version with Modelwright; README.md says how to build and run it.
#
# A tag may be moved to another image, a digest cannot. `docker buildx imagetools inspect {BASE}`
# tells the digest of today; build with --build-arg BASE={BASE}@sha256:...
ARG BASE={BASE}
FROM ${{BASE}}

LABEL org.opencontainers.image.title={quoted(project)}
LABEL org.opencontainers.image.version="{version}"

{packages}COPY {REQUIREMENTS} {wheel} /opt/install/
RUN pip install --no-cache-dir{dependencies} -r /opt/install/{REQUIREMENTS}
RUN pip install --no-cache-dir --no-deps /opt/install/{wheel}
COPY {MODEL}/ {MODELS}/{name}/

ENV MODEL_DIR={MODELS}/{name}
ENV PYTHONDONTWRITEBYTECODE=1
USER {USER}:{USER}
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=4s --start-period=20s CMD ["python", "-c", "{HEALTH}"]
ENTRYPOINT ["modelwright"]
CMD ["serve"]
"""


def quoted(text: str) -> str:
    """Return a text as one quoted word of a Dockerfile: on one line, and nothing in it is expanded or ends it."""
    plain = "".join(c if c.isprintable() else " " for c in text)
    for special in '\\"$':
        plain = plain.replace(special, "\\" + special)
    return f'"{plain}"'


def plain_name(project: str) -> str:
    """Return the name of the model in URLs, the same that `modelwright serve` gives to a project; never empty."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "-" for c in project)
    return plain.strip("-.") or "model"


def _project_name(version: Version) -> str:
    """Return the name of the folder of the project; of a version that lies alone, its target's."""
    folder = version.folder.resolve()
    return folder.parent.parent.name if folder.parent.name == "versions" else version.manifest.target


def _let_all_read(folder: Path) -> None:
    """Set the modes that the files have in the image, where another user reads them."""
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
