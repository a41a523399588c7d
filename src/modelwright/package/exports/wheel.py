"""The package that runs, as a wheel: the code that scores elsewhere is then the code that was tried here."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from importlib import metadata
from pathlib import Path

import modelwright

__all__ = ["write_wheel"]

SCRIPT = "[console_scripts]\nmodelwright = modelwright.cli:main\n"
LEFT_OUT = {"__pycache__"}
FIRST_DAY = (1980, 1, 1, 0, 0, 0)  # a zip has no earlier one; the same code gives the same bytes
PLAIN_FILE = 0o100644 << 16


def write_wheel(folder: Path) -> str:
    """Write the wheel into a folder; return its name.

    It names no dependencies: it is installed beside exactly those that are needed, with ``--no-deps``. Format:
    https://packaging.python.org/specifications/binary-distribution-format.
    """
    version = modelwright.__version__
    name = f"modelwright-{version}-py3-none-any.whl"
    about = f"modelwright-{version}.dist-info"
    contents = {f"modelwright/{place}": path.read_bytes() for place, path in _sources()}
    contents |= {f"{about}/{place}": text.encode("utf-8") for place, text in _documents(version).items()}
    record = "".join(f"{place},{_digest(content)},{len(content)}\n" for place, content in contents.items())
    contents[f"{about}/RECORD"] = f"{record}{about}/RECORD,,\n".encode()
    with zipfile.ZipFile(folder / name, "w", zipfile.ZIP_DEFLATED) as archive:
        for place, content in contents.items():
            entry = zipfile.ZipInfo(place, FIRST_DAY)
            entry.external_attr, entry.compress_type = PLAIN_FILE, zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return name


def _sources() -> list[tuple[str, Path]]:
    root = Path(modelwright.__file__).parent
    found = [path for path in root.rglob("*") if path.is_file() and not LEFT_OUT & set(path.parts)]
    return sorted((path.relative_to(root).as_posix(), path) for path in found)


def _documents(version: str) -> dict[str, str]:
    texts = {
        "METADATA": f"Metadata-Version: 2.1\nName: modelwright\nVersion: {version}\nLicense: Apache-2.0\n"
        "Requires-Python: >=3.11\n",
        "WHEEL": "Wheel-Version: 1.0\nGenerator: modelwright\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "entry_points.txt": SCRIPT,
    }
    try:
        licence = metadata.distribution("modelwright").read_text("licenses/LICENSE")
    except metadata.PackageNotFoundError:
        licence = None
    return texts if licence is None else {**texts, "LICENSE": licence}


def _digest(content: bytes) -> str:
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
