"""Writes the pages of `docs/rules/` from the rule classes, one per rule and an index, and the page of errors.

Run by ``make docs``.
"""

from __future__ import annotations

import sys
from pathlib import Path

from modelwright.audit import RULES
from modelwright.audit.findings import Rule
from modelwright.audit.runner import load_rule

RULES_FOLDER = Path(__file__).parent / "rules"
NOTE = "<!-- Written by docs/generate.py from the rule's class; change it there. -->"


def page(rule: type[Rule]) -> str:
    """Return the page of one rule as Markdown."""
    return f"""{NOTE}

# {rule.code} · {rule.title}

{rule.what}

## Why it matters

{rule.why_it_matters}

## How it is detected

{rule.how_detected}

## What is done

{rule.what_is_done}

## How to overrule it

On the command line, with `--allow {rule.code}` for every column or `--allow {rule.code}:COLUMN` for one; in
`brief.toml`:

```toml
[audit]
allow = ["{rule.code}:COLUMN"]
```

The finding stays in the report, with the note that the brief overruled it.
"""


def index(rules: list[type[Rule]]) -> str:
    """Return the table of all rules as Markdown."""
    rows = "\n".join(f"| [{r.code}]({r.code.lower()}.md) | {r.title} | {r.what} |" for r in rules)
    return f"""{NOTE}

# The rules of the audit

Every rule answers *passed*, *finding*, or *not applicable* with the reason. What a finding changes can be overruled,
see its page.

| code | rule | what it finds |
|---|---|---|
{rows}
"""


def pages() -> dict[str, str]:
    """Return the text of every page by file name."""
    rules = [load_rule(RULES[code]) for code in sorted(RULES)]
    return {"index.md": index(rules), **{f"{r.code.lower()}.md": page(r) for r in rules}}


def main() -> int:
    """Write all pages and remove those of rules that are gone; return the exit code."""
    import errors_page

    errors_page.main()
    RULES_FOLDER.mkdir(parents=True, exist_ok=True)
    made = pages()
    for old in RULES_FOLDER.glob("*.md"):
        if old.name not in made:
            old.unlink()
    for name, text in made.items():
        (RULES_FOLDER / name).write_text(text, encoding="utf-8")
    print(f"{len(made)} pages in {RULES_FOLDER}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
