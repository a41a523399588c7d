"""Known traps of public sets: are they found, and what is done about them?

    python benchmarks/judgement/traps.py --data DATA --to OUT [--only adult,titanic] [--rows 20000]

`traps.csv` holds one trap a line: the set, its target, the trap in words, the rules whose finding is a right answer,
the columns it is about, and what is needed: ``any`` of the columns named by such a finding, ``all`` of them, ``quiet``
(a right answer is to drop none of the columns, by any rule), or ``optional`` (shown, not counted: the reader may have
dealt with it already). Without columns the rule alone counts. The audit is run once for each set, on the file as it
was published, of which at most --rows rows are kept in their order.
"""

from __future__ import annotations

from dataclasses import asdict

from asking import Answer, ask, share_with_interval, write_results
from tables import asked_of, load

ABOUT_THE_TABLE = ("A001", "A003", "A004", "A007")  # they speak of rows, or name the target


def judged(answer: Answer, codes: list[str], columns: list[str], need: str) -> tuple[bool, list[str]]:
    """Return whether a trap was found, and what was done, a line for each finding that counts."""
    if need == "quiet":
        dropping = [t for t in answer.findings if t.action == "drop column" and set(t.columns) & set(columns)]
        return not dropping, [f"{t.code} dropped {', '.join(t.columns)}" for t in dropping] or ["stays"]
    counting = [
        t
        for t in answer.findings
        if t.code in codes and (not columns or t.code in ABOUT_THE_TABLE or set(t.columns) & set(columns))
    ]
    named = {c for t in counting for c in t.columns}
    found = set(columns) <= named if need == "all" else bool(counting)
    done = [f"{t.code} {t.severity}, {t.action}: {', '.join(t.columns[:4]) or 'rows'}" for t in counting]
    return found, done


def main() -> None:
    """Audit the sets and print a table."""
    asked, index, traps = asked_of(__doc__, "traps")
    results, lines, answers = [], [], {}
    for trap in traps:
        name = trap["set"]
        if name not in answers:
            answers[name] = ask(load(index[name], most_rows=asked.rows), trap["target"])
            print(f"{answers[name].seconds:6.1f} s  {name} {answers[name].refused}", flush=True)
        columns = trap["columns"].split("|") if trap["columns"] else []
        found, done = judged(answers[name], trap["codes"].split(), columns, trap["need"])
        results.append({**trap, "found": found, "done": done})
        shown = "; ".join(done[:3]) + (f"; {len(done) - 3} more" if len(done) > 3 else "")
        mark = "yes" if found else "–" if trap["need"] == "optional" else "**no**"
        lines.append(f"| {name} | {trap['trap']} | {mark} | {shown or 'nothing'} |")
    counted = [r for r in results if r["need"] != "optional"]
    hits = sum(r["found"] for r in counted)
    head = [
        "# Known traps of public sets",
        "",
        f"Found: {hits} of {len(counted)} traps in {len(answers)} sets, {share_with_interval(hits, len(counted))}.",
        "",
        "| set | trap | found | what was said and done |",
        "|---|---|---|---|",
    ]
    audits = {name: asdict(answer) for name, answer in answers.items()}
    write_results(asked.to, "traps", {"traps": results, "audits": audits}, [*head, *lines])


if __name__ == "__main__":
    main()
