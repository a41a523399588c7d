"""What the tests of rules share."""

from __future__ import annotations

import numpy as np
import pandas as pd

from modelwright.audit.findings import AuditContext, Finding, Rule


def findings(rule: type[Rule], context: AuditContext) -> list[Finding]:
    """Return the rule's findings; fail where it says that it does not apply."""
    answer = rule().check(context)
    assert isinstance(answer, list), answer
    return answer


def accused(rule: type[Rule], context: AuditContext) -> set[str]:
    """Return the columns that the rule's findings name."""
    return {c for f in findings(rule, context) for c in f.columns}


def honest(rng: np.random.Generator, n: int = 600) -> pd.DataFrame:
    """Return a frame with an honest, moderately predictable target ``goal`` of two classes and ``value``, a number."""
    x = rng.normal(size=(n, 3))
    colour = rng.choice(["red", "green", "blue"], n)
    value = x[:, 0] + 0.7 * x[:, 1] + (colour == "red") + rng.normal(size=n)
    return pd.DataFrame(
        {
            "height": x[:, 0],
            "weight": x[:, 1],
            "depth": x[:, 2],
            "colour": colour,
            "value": value,
            "goal": np.where(value > 0.3, "yes", "no"),
        }
    )
