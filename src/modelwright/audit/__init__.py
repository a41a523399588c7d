"""The audit: what the data is like, what is wrong with it, and what is done about it.

`runner.run_audit` asks every rule of `RULES` and returns an `Audit`; `acting.apply` says what the findings change. A
rule is one class in one file of `audit/rules/`; `checks.check_rule` is the exam that every rule passes, those of
other packages too. The names are resolved late, so that importing this package costs nothing.
"""

from __future__ import annotations

import re
from pathlib import Path

__all__ = ["RULES"]

_FILE = re.compile(r"(a\d{3})_\w+\.py")


def _found() -> dict[str, str]:
    """Return the rules of this package by code: every file of `audit/rules/` named for one."""
    names = sorted(path.name for path in (Path(__file__).parent / "rules").iterdir())
    return {m[1].upper(): f"{__name__}.rules.{n.removesuffix('.py')}" for n in names if (m := _FILE.fullmatch(n))}


RULES: dict[str, str] = _found()
"""The module of each rule by its code, ``"package.module"`` or, where it holds several, ``"package.module:Class"``."""
