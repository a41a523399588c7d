"""Pages as PDF, printed by a Chromium that is there already: it prints what a reader sees, and needs no library."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from modelwright.errors import ProjectError

__all__ = ["BROWSER", "find_browser", "print_pdf"]

BROWSER = "MODELWRIGHT_CHROMIUM"
"""In the environment: the browser to use."""
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge", "msedge")
SECONDS = 120
"""A page takes one or two; a machine that is busy takes longer."""


def find_browser() -> str:
    """Return the browser that prints.

    Raises
    ------
    ProjectError
        None is there (MW-P741), or the one that the environment names is not (MW-P742).
    """
    named = os.environ.get(BROWSER)
    if named:
        found = shutil.which(named)
        if found is None:
            raise ProjectError(
                f"{BROWSER} names '{named}', and there is no such program",
                fix="correct it, or unset it to have one found on the PATH",
                code="MW-P742",
            )
        return found
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        raise ProjectError(
            "a PDF is printed by Chromium or Chrome, and none is on the PATH",
            fix=f"install one, name one in {BROWSER}, or write --format html and print it from any browser",
            code="MW-P741",
        )
    return found


def print_pdf(html: str, path: Path) -> Path:
    """Print a page; return the path of the PDF.

    The browser gets a profile of its own that is removed again, no network, and no script of the page needs to run.

    Raises
    ------
    ProjectError
        There is no browser, or it printed nothing (MW-P743).
    """
    browser = find_browser()
    with tempfile.TemporaryDirectory(prefix="modelwright-pdf-") as folder:
        source, made = Path(folder) / "page.html", Path(folder) / "page.pdf"
        source.write_text(html, encoding="utf-8")
        command = [
            browser,
            "--headless",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--no-pdf-header-footer",
            f"--user-data-dir={folder}/profile",
            f"--print-to-pdf={made}",
            source.as_uri(),
        ]
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            command.insert(1, "--no-sandbox")  # Chromium refuses to sandbox itself for root; the page is our own
        said = _run(command)
        if not made.is_file():
            raise ProjectError(
                f"'{browser}' printed no PDF ({said})",
                fix="write --format html and print it from any browser",
                code="MW-P743",
            )
        shutil.move(made, path)
    return path


def _run(command: list[str]) -> str:
    """Run the browser; return the last it said."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        return f"it took longer than {SECONDS} s"
    except OSError as error:
        return error.strerror or str(error)
    return next(reversed(done.stderr.strip().splitlines()), f"it ended with {done.returncode}")
