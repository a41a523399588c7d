"""Report inputs as real runs give them: two classes with traps, seven classes, a regression, and the bare minimum."""

from __future__ import annotations

from dataclasses import replace
from math import exp, sqrt

import numpy as np

from modelwright.audit.findings import Action, Audit, Finding, Outcome, Severity
from modelwright.brief import Brief, Limits
from modelwright.data.contract import ColumnSpec, Contract, Kind
from modelwright.data.profile import ColumnProfile, Profile
from modelwright.data.source import Source
from modelwright.evaluate.measurements import (
    BreakEven,
    CalibrationBin,
    Cases,
    Comparison,
    Confusion,
    Curve,
    Evaluation,
    LearningPoint,
    Measurement,
    ProfitCurve,
    Residuals,
    Slice,
    Swing,
    TopList,
    Way,
    Worth,
)
from modelwright.explain.reasons import Effect, Explanation, Importance
from modelwright.frame.problem import Choice, Problem, SplitKind
from modelwright.govern.verdict import Gate, Reason, Verdict
from modelwright.ledger import Decision
from modelwright.report.inputs import AuditInput, ReportInput, VersionFacts
from modelwright.train.record import CandidateResult, Member, Training

AT = "2026-03-05T09:30:00Z"


def m(name, value, half=None, n=6782, *, method="DeLong", greater=True, unit="") -> Measurement:
    low, high = (None, None) if half is None or value is None else (value - half, value + half)
    return Measurement(
        name=name, value=value, low=low, high=high, n=n, method=method, greater_is_better=greater, unit=unit
    )


def numbers(name, low, middle, high, *, n=45211, missing=0, skew=1.0, kind=Kind.NUMBER, unit=None):
    """Return contract and profile of a numeric column with a plausible shape."""
    grid = np.linspace(0, 1, 15)
    edges = low + (high - low) * grid**skew
    counts = np.maximum(1, (n / 14 * np.exp(-((np.arange(14) - 6) ** 2) / 40))).astype(int)
    quantiles = np.interp([0, 0.05, 0.25, 0.5, 0.75, 0.95, 1], [0, 0.5, 1], [low, middle, high])
    spec = ColumnSpec(
        name=name,
        kind=kind,
        why="98% of the values are numbers",
        nullable=missing > 0,
        minimum=low,
        maximum=high,
        n_levels=min(n, 900),
        unit=unit,
    )
    profile = ColumnProfile(
        name=name,
        kind=kind.value,
        n_missing=missing,
        n_distinct=min(n, 900),
        mean=float(middle),
        std=float((high - low) / 5),
        minimum=float(low),
        maximum=float(high),
        quantiles=tuple(map(float, quantiles)),
        edges=tuple(map(float, edges)),
        counts=tuple(map(int, counts)),
    )
    return spec, profile


def levels(name, values, *, n=45211, missing=0, kind=Kind.CATEGORY):
    """Return contract and profile of a column of levels with falling counts."""
    weights = np.array([0.75**i for i in range(len(values))])
    counts = np.round(weights / weights.sum() * (n - missing)).astype(int)
    spec = ColumnSpec(
        name=name,
        kind=kind,
        why=f"{len(values)} distinct texts",
        nullable=missing > 0,
        levels=tuple(values),
        n_levels=len(values),
    )
    profile = ColumnProfile(
        name=name,
        kind=kind.value,
        n_missing=missing,
        n_distinct=len(values),
        top=tuple((v, int(c)) for v, c in zip(values, counts))[:20],
    )
    return spec, profile


def tabled(pairs, n):
    specs, profiles = zip(*pairs)
    return Contract(columns=specs, rows_seen=n), Profile(n_rows=n, columns=profiles)


def outcomes(found=()):
    titles = ("A column gives the target away", "Identifiers", "Duplicate rows", "Constant columns", "Mixed kinds")
    answers = {6: ("allowed", "1 finding, which the brief allows"), 13: ("not applicable", "no test file")}
    asked = []
    for i in range(1, 16):
        answer, why = answers.get(i, ("passed", "nothing above the threshold"))
        answer = "finding" if f"A{i:03d}" in found else answer
        asked.append(Outcome(code=f"A{i:03d}", title=titles[i % 5], answer=answer, why=why, seconds=0.003 * i))
    why = "it fits models, and the budget leaves no time for that"
    return (*asked, Outcome(code="A048", title="No signal", answer="not asked", why=why, seconds=0.0))


def finding(code, title, severity, columns, message, action, done, fix, **more):
    return Finding(
        code=code,
        title=title,
        severity=severity,
        columns=columns,
        message=message,
        evidence=more.pop("evidence", {}),
        action=action,
        done=done,
        fix=fix,
        **more,
    )


BANK_FINDINGS = (
    finding(
        "A003",
        "A column gives the target away",
        Severity.ERROR,
        ("duration",),
        "“duration” alone ranks the rows with ROC AUC 0.81, far more than any other column (0.64). It is the length "
        "of the call that is to be predicted, so it is not known when the model is used.",
        Action.DROP_COLUMN,
        "dropped: the model never sees it",
        "Leave the column out of the export, or overrule with --allow A003:duration if it is known in time.",
        evidence={"roc_auc_alone": 0.8079, "next_best": 0.6412},
    ),
    finding(
        "A009",
        "Missing values in disguise",
        Severity.WARNING,
        ("job", "education", "contact", "poutcome"),
        "“unknown” stands for a missing value in 4 columns, up to 82% of the rows of “poutcome”.",
        Action.AS_MISSING,
        "read as missing",
        "Write an empty field where a value is not known.",
        evidence={"rows_job": 288, "rows_poutcome": 36959, "token": "unknown"},
    ),
    finding(
        "A012",
        "Imbalanced classes",
        Severity.WARNING,
        ("deposit",),
        "11.7% of the rows are “yes”. Accuracy would be 0.88 for a model that always says “no”.",
        Action.TOLD,
        "the metric looks at rankings, not at accuracy",
        "Nothing to do, unless more events can be collected.",
        evidence={"share": 0.117},
    ),
    finding(
        "A005",
        "Duplicate rows",
        Severity.INFO,
        (),
        "14 rows occur twice, target included.",
        Action.DROP_ROWS,
        "the second of each was left out",
        "",
        rows=(17, 403, 4021),
        n_rows=14,
    ),
    finding(
        "A011",
        "Extreme values",
        Severity.INFO,
        ("balance", "previous"),
        "“previous” reaches 275, forty times its 99th percentile.",
        Action.TOLD,
        "",
        "Check the largest values at the source.",
    ),
)


def bank() -> ReportInput:
    """Two classes, imbalance, a leak, money."""
    jobs = ["management", "blue-collar", "technician", "admin.", "services", "retired", "self-employed", "student"]
    n = 45211
    contract, profile = tabled(
        [
            numbers("age", 18, 39, 95),
            levels("job", jobs, missing=288),
            levels("marital", ["married", "single", "divorced"]),
            levels("education", ["secondary", "tertiary", "primary"], missing=1857),
            levels("default", ["no", "yes"], kind=Kind.BOOLEAN),
            numbers("balance", -8019, 448, 102127, skew=3, unit="€"),
            levels("contact", ["cellular", "telephone"], missing=13020),
            numbers("day", 1, 16, 31),
            levels("month", ["may", "jul", "aug", "jun", "nov", "apr", "feb", "jan", "oct", "sep", "mar", "dec"]),
            numbers("duration", 0, 180, 4918, skew=2),
            numbers("pdays", 1, 194, 871, missing=36954),
            levels("poutcome", ["failure", "other", "success"], missing=36959),
            levels("deposit", ["no", "yes"]),
        ],
        n,
    )
    features = tuple(s.name for s in contract.columns if s.name not in ("deposit", "duration"))
    problem = Problem(
        objective="classify",
        target="deposit",
        classes=("no", "yes"),
        metric="roc_auc",
        split=SplitKind.STRATIFIED,
        group=None,
        time=None,
        n_folds=5,
        n_repeats=1,
        holdout=0.15,
        features=features,
        n_rows=45197,
        choices=(
            Choice(
                question="objective",
                value="classify",
                alternatives=("regress",),
                decided_by="default",
                why="“deposit” has two distinct texts",
            ),
            Choice(
                question="metric",
                value="ROC AUC",
                alternatives=("log loss", "accuracy"),
                decided_by="A012",
                why="11.7% of the rows are “yes”, so accuracy says little",
            ),
            Choice(
                question="split",
                value="stratified",
                alternatives=("time", "group"),
                decided_by="default",
                why="no column orders the rows and none groups them",
            ),
        ),
    )
    return ReportInput(
        brief=Brief(
            source="data/bank.csv",
            target="deposit",
            goal="Call the customers who are most likely to open a term deposit.",
            positive="yes",
            known_after=(),
            payoff={"tp": 80.0, "fp": -5.0, "fn": 0.0, "tn": 0.0},
            limits=Limits(budget_s=300.0),
        ),
        source=Source(
            location="data/bank.csv",
            format="csv",
            options={"delimiter": ";", "encoding": "utf-8", "decimal": "."},
            n_rows=n,
            n_rows_read=n,
            n_columns=13,
            n_bytes=4_610_348,
            digest="sha256:" + "a3" * 32,
            notes=("quotes around numbers were removed",),
        ),
        contract=contract,
        profile=profile,
        audit=Audit(
            findings=BANK_FINDINGS, outcomes=outcomes({f.code for f in BANK_FINDINGS}), n_rows=n, n_rows_examined=45211
        ),
        problem=problem,
        training=bank_training(),
        evaluation=bank_evaluation(),
        explanation=bank_explanation(),
        verdict=Verdict(
            answer="ship with conditions",
            summary="It ranks customers far better than every simple rule, and its probabilities are honest. It is "
            "clearly weaker on customers reached by telephone.",
            gates=(
                Gate(name="better than the baselines", passed=True, blocking=True, why="gain 0.044 (0.038 to 0.050)"),
                Gate(name="no serious finding left open", passed=True, blocking=True, why="A003 was acted on"),
                Gate(
                    name="even quality on parts of the rows",
                    passed=False,
                    blocking=False,
                    why="contact = telephone is worse by 0.051 than the rest",
                ),
            ),
            reasons=(
                Reason(
                    gate="copies",
                    because="12% of the rows repeat an earlier row, so the score is partly remembered",
                    do="find out whether new rows will repeat old ones too",
                    counts=True,
                ),
                Reason(
                    gate="simple",
                    because="a simple linear model does as well within the noise and is simpler",
                    do="give it more time",
                    counts=True,
                ),
                Reason(
                    gate="even",
                    because="contact = telephone is worse by 0.051 than the rest",
                    do="have predictions looked at there",
                    counts=False,
                ),
                Reason(gate="budget", because="the run was late", do="give it more time", counts=False),
            ),
        ),
        decisions=(
            Decision(
                stage="frame",
                question="metric",
                choice="roc_auc",
                alternatives=("log_loss", "accuracy"),
                decided_by="A012",
                why="11.7% of the rows are “yes”",
                at=AT,
            ),
            Decision(
                stage="train",
                question="ensemble",
                choice="3 of 9 candidates",
                alternatives=("the best alone",),
                decided_by="measurement",
                why="together they are better than the best alone",
                measurement=m("roc_auc", 0.0031, 0.0011, 38415, method="paired bootstrap"),
                at=AT,
            ),
        ),
        version=VersionFacts(
            number=1,
            path="bank-project/versions/1",
            size_bytes=2_430_000,
            latency_ms=0.21,
            digest="sha256:" + "0f" * 32,
            files=(("versions/1", "the model, JSON and native model files"), ("report.html", "this page")),
        ),
        project="bank-project",
        wall_s=287.3,
        peak_memory_bytes=1_930_000_000,
        run="2026-03-05T09-30",
        created_at=AT,
        software={"modelwright": "0.1.0", "python": "3.11.7", "numpy": "2.2.0"},
        digests={"audit.json": "sha256:" + "1b" * 32, "contract.json": "sha256:" + "2c" * 32},
    )


def bank_training() -> Training:
    rows = (
        ("catboost/default", 0.7992, 41.2, 0.52),
        ("lightgbm/default", 0.7961, 6.9, 0.33),
        ("lightgbm/deep", 0.7934, 14.1, 0.0),
        ("xgboost/default", 0.7929, 8.8, 0.0),
        ("random_forest/default", 0.7871, 21.0, 0.15),
        ("extra_trees/default", 0.7802, 17.3, 0.0),
        ("mlp/default", 0.7741, 30.5, 0.0),
        ("linear/default", 0.7605, 1.8, 0.0),
    )
    candidates = [
        CandidateResult(
            key=key,
            learner=key.split("/")[0],
            view="trees",
            status="done",
            score=score,
            fold_scores=tuple(score + d for d in (-0.006, -0.002, 0.001, 0.003, 0.004)),
            seconds=seconds,
            iterations=300,
            weight=weight,
        )
        for key, score, seconds, weight in rows
    ]
    candidates += [
        CandidateResult(
            key="knn/default", learner="knn", view="linear", status="skipped", reason="more than 20,000 rows"
        ),
        CandidateResult(
            key="catboost/deep",
            learner="catboost",
            view="native",
            status="stopped",
            reason="the time was up after 2 of 5 folds",
            seconds=33.0,
        ),
    ]
    return Training(
        metric="roc_auc",
        greater_is_better=True,
        candidates=tuple(candidates),
        members=(
            Member(key="catboost/default", weight=0.52),
            Member(key="lightgbm/default", weight=0.33),
            Member(key="random_forest/default", weight=0.15),
        ),
        ensemble_score=0.8023,
        refit="all rows: every member was fitted again on all training rows",
        resumed_trials=0,
        seconds=231.4,
        peak_memory_bytes=1_930_000_000,
        notes=(),
    )


def bank_evaluation() -> Evaluation:
    grid = np.linspace(0, 1, 101)
    roc = grid**0.28
    recall = np.linspace(0, 1, 101)
    precision = 0.117 + 0.62 * (1 - recall) ** 1.4
    head = m("roc_auc", 0.8001, 0.0124)
    return Evaluation(
        headline=head,
        metrics=(
            head,
            m("pr_auc", 0.4457, 0.031, method="logit, influence"),
            m("log_loss", 0.2822, 0.009, method="influence", greater=False),
            m("brier", 0.0812, 0.0031, method="influence", greater=False),
            m("accuracy", 0.8731, 0.0079, method="Wilson"),
            m("f1", 0.4712, 0.024, method="influence"),
            m("mcc", None, method="no event was predicted"),
        ),
        measured_on="the lockbox, 6,782 rows that chose nothing",
        comparisons=(
            comparison("constant", "always the share of “yes”, 11.7%", 0.5, None, 0.3001, 0.0124),
            comparison("one rule", "if poutcome is success, yes", 0.6011, 0.0121, 0.199, 0.0119),
            comparison("linear", "a logistic regression on the columns as they are", 0.7562, 0.0133, 0.0439, 0.0061),
        ),
        train_score=m("roc_auc", 0.8611, 0.004, 38415),
        fit_verdict="It fits well: 0.861 on the rows it was trained on, 0.800 on rows it never saw.",
        confusion=Confusion(classes=("no", "yes"), counts=((5401, 587), (274, 520)), threshold=0.184),
        calibration=tuple(
            CalibrationBin(
                predicted=p,
                observed=o,
                low=max(o - 1.96 * sqrt(o * (1 - o) / c), 0),
                high=o + 1.96 * sqrt(o * (1 - o) / c),
                n=c,
            )
            for p, o, c in (
                (0.02, 0.021, 1900),
                (0.05, 0.047, 1500),
                (0.08, 0.083, 1200),
                (0.14, 0.131, 900),
                (0.22, 0.24, 600),
                (0.37, 0.35, 400),
                (0.6, 0.63, 282),
            )
        ),
        calibration_error=m("ece", 0.0081, 0.003, greater=False),
        calibration_note="Isotonic calibration on out-of-fold predictions: the error fell from 0.021 to 0.008.",
        curves=(
            Curve(
                name="roc",
                x_label="false alarms among non-events",
                y_label="events found",
                x=tuple(map(float, grid)),
                y=tuple(map(float, roc)),
                thresholds=tuple(map(float, np.exp(-6 * grid))),
            ),
            Curve(
                name="precision_recall",
                x_label="recall",
                y_label="precision",
                x=tuple(map(float, recall)),
                y=tuple(map(float, precision)),
                thresholds=tuple(map(float, 1 - recall)),
            ),
        ),
        slices=(
            Slice(
                column="contact",
                value="telephone",
                score=m("roc_auc", 0.749, 0.035, 611),
                gap=-0.051,
                worse=True,
                added=m("added", 0.024, 0.011, 611),
                same_rows=("campaign = by phone",),
            ),
            Slice(column="age", value="60 – 95", score=m("roc_auc", 0.761, 0.04, 402), gap=-0.041, worse=False),
            Slice(column="job", value="blue-collar", score=m("roc_auc", 0.779, 0.03, 1420), gap=-0.027, worse=False),
            Slice(column="month", value="mar", score=m("roc_auc", 0.78, 0.06, 71), gap=-0.02, worse=False),
        ),
        learning_curve=tuple(
            LearningPoint(n_train=k, score=m("roc_auc", 0.802 - 0.12 * exp(-k / 7000), 0.012))
            for k in (1000, 4800, 9600, 19200, 38415)
        ),
        learning_note="Twice as many rows would add about 0.002, less than the noise: more columns would help more.",
        value_per_row=m("value_per_row", 5.62, 0.41, method="bootstrap", unit="€"),
        worth=bank_worth(),
        threshold=0.184,
        threshold_why="The threshold was chosen on out-of-fold predictions for the largest payoff.",
        cases=Cases(
            events=m("events", 0.117, 0.008),
            flagged=m("flagged", 0.142, 0.009),
            found=m("recall", 0.552, 0.035, 793, method="Wilson"),
            hit=m("precision", 0.455, 0.031, 963, method="Wilson"),
        ),
    )


def bank_worth() -> Worth:
    """Money for two classes, with a capacity."""

    def euro(name: str, value: float, half: float):
        return m(name, value, half, method="bootstrap-t, 999", unit="€")

    share = tuple(i / 40 for i in range(41))
    value = tuple(6200 * (1 - exp(-9 * s)) - 3400 * s for s in share)
    return Worth(
        currency="€",
        value=euro("value_per_row", 5.62, 0.41),
        model=euro("model", 5620, 410),
        per_thousand=euro("per_thousand", 1890, 330),
        ways=(
            Way(name="nothing", text="act on no case", value=euro("nothing", 0, 0), gain=euro("gain", 5620, 410)),
            Way(
                name="blindly",
                text="act on 300 of 2,000 cases, taken blindly",
                value=euro("blindly", 690, 90),
                gain=euro("gain", 4930, 400),
            ),
            Way(
                name="linear",
                text="a weighted sum of all columns",
                value=euro("linear", 3730, 380),
                gain=euro("gain", 1890, 330),
                modelled=True,
            ),
        ),
        rival="linear",
        acted=0.142,
        cases=2000,
        capacity=300,
        period="day",
        per_period=euro("per_period", 3780, 660),
        lists=tuple(
            TopList(
                share=part,
                n=round(6782 * part),
                chance=chance,
                hit=m("hit", hit, 0.03),
                found=m("found", found, 0.035),
                lift=hit / 0.117,
                gain=euro("gain", gain, 400),
                capacity=part == 0.15,
            )
            for part, chance, hit, found, gain in (
                (0.05, 0.41, 0.62, 0.265, 2480), (0.1, 0.26, 0.52, 0.444, 4100),
                (0.15, 0.184, 0.44, 0.564, 5580), (0.5, 0.07, 0.2, 0.855, 5400),
            )
        ),
        curve=ProfitCurve(
            share=share,
            value=value,
            low=tuple(v - 400 for v in value),
            high=tuple(v + 400 for v in value),
            chosen=0.142,
            best=0.31,
        ),
        break_even=(
            BreakEven(outcome="tp", given=80.0, low=21.5, high=None, rival_low="linear"),
            BreakEven(outcome="fp", given=-5.0, low=-31.0, high=None, rival_low="nothing"),
        ),
        swings=tuple(
            Swing(
                outcome=outcome,
                factor=factor,
                threshold=0.184,
                moved=0.0,
                lost=euro("lost", 0, 0),
                gain=euro("gain", 1890 * factor, 330),
                rival="linear",
            )
            for outcome in ("tp", "fp")
            for factor in (0.8, 1.2)
        ),
    )  # fmt: skip


def comparison(name, text, score, half, gain, gain_half, *, metric="roc_auc", greater=True, unit="") -> Comparison:
    return Comparison(
        name=name,
        text=text,
        score=m(metric, score, half, greater=greater, unit=unit),
        gain=m(metric, gain, gain_half, method="paired bootstrap", unit=unit),
        better=gain - gain_half > 0,
    )


def bank_explanation() -> Explanation:
    drops = (("month", 0.061), ("poutcome", 0.042), ("contact", 0.031), ("age", 0.019), ("balance", 0.009))
    drops += (("pdays", 0.007), ("day", 0.004), ("job", 0.0035), ("marital", 0.0006), ("default", -0.0001))
    months = ("may", "jul", "aug", "jun", "nov", "apr", "feb", "jan", "oct", "sep")
    return Explanation(
        importances=tuple(
            Importance(column=c, drop=m("roc_auc", d, 0.0009 + d * 0.12, 3000, method="5 shuffles")) for c, d in drops
        ),
        effects=(
            Effect(
                column="month",
                x=months,
                y=(0.08, 0.09, 0.1, 0.11, 0.1, 0.16, 0.14, 0.11, 0.31, 0.29),
                n=(90, 48, 40, 35, 26, 19, 17, 9, 5, 4),
                words="highest for “oct” (31%), lowest for “may” (8%)",
            ),
            Effect(
                column="poutcome",
                x=("failure", "other", "success", "missing"),
                y=(0.12, 0.14, 0.41, 0.1),
                n=(32, 12, 10, 246),
                words="highest for “success” (41%)",
            ),
            Effect(
                column="age",
                x=("23", "28", "31", "34", "38", "42", "47", "53", "58", "71"),
                y=(0.19, 0.13, 0.11, 0.105, 0.1, 0.1, 0.1, 0.105, 0.115, 0.22),
                n=(30,) * 10,
                words="lowest around 42, higher on both sides",
            ),
            Effect(
                column="balance",
                x=("−240", "0", "71", "220", "450", "820", "1,480", "2,900", "6,400"),
                y=(0.09, 0.095, 0.1, 0.105, 0.11, 0.12, 0.13, 0.135, 0.14),
                n=(33,) * 9,
                words="more balance, higher chance",
            ),
        ),
        measured_on="3,000 of the lockbox rows",
        outcome="chance of “yes”",
        notes=("“pdays” and “poutcome” carry much the same: each looks less important than the two together.",),
    )


def seven_classes() -> ReportInput:
    """Seven classes, repeated cross-validation without a lockbox, a time split is not asked."""
    base = bank()
    classes = tuple(f"{name} / fir and pine" for name in ("spruce", "lodgepole", "ponderosa", "willow", "aspen")) + (
        "douglas",
        "krummholz",
    )
    rng = np.random.default_rng(7)
    counts = rng.integers(0, 40, (7, 7)) + np.diag(rng.integers(150, 900, 7))
    contract, profile = tabled(
        [
            *(numbers(f"measure_{i}", 0, 50 * (i + 1), 200 * (i + 1), n=3200) for i in range(12)),
            levels("cover", classes, n=3200),
        ],
        3200,
    )
    problem = replace(
        base.problem,
        target="cover",
        classes=classes,
        metric="log_loss",
        n_folds=5,
        n_repeats=3,
        holdout=0.0,
        features=tuple(s.name for s in contract.columns[:-1]),
        n_rows=3200,
    )
    head = m("log_loss", 0.412, 0.021, 3200, method="BBC-CV", greater=False)
    evaluation = replace(
        base.evaluation,
        headline=head,
        metrics=(head, m("accuracy", 0.847, 0.012, 3200), m("balanced_accuracy", 0.781, 0.02, 3200)),
        measured_on="repeated cross-validation, 3,200 rows",
        comparisons=(
            comparison("constant", "the share of each class", 1.61, 0.02, 1.2, 0.03, metric="log_loss", greater=False),
            comparison("linear", "a logistic regression", 0.611, 0.02, 0.199, 0.02, metric="log_loss", greater=False),
        ),
        confusion=Confusion(classes=classes, counts=tuple(tuple(int(v) for v in row) for row in counts)),
        curves=(),
        slices=(),
        value_per_row=None,
        threshold=None,
        threshold_why="",
        cases=Cases(
            right=m("accuracy", 0.847, 0.012, 3200),
            right_without=m("accuracy", 0.488, 0.017, 3200),
            worst=classes[3],
            worst_found=m("found", 0.34, 0.06, 240),
            taken_for=classes[1],
            taken=m("taken", 0.41, 0.06, 240),
        ),
    )
    return replace(
        base,
        brief=replace(base.brief, target="cover", payoff={}, positive=None, goal=""),
        contract=contract,
        profile=profile,
        problem=problem,
        evaluation=evaluation,
        audit=Audit(findings=(), outcomes=outcomes(), n_rows=3200, n_rows_examined=3200),
        explanation=Explanation(importances=(), effects=(), measured_on="there was no time left"),
        verdict=Verdict(answer="ship", summary="It is better than every baseline by far.", gates=()),
        decisions=(),
        project="cover type",
    )


def houses() -> ReportInput:
    """A regression with a wide target, money as its unit, judged forward in time; not to be shipped."""
    base = bank()
    n = 1460
    rng = np.random.default_rng(3)
    pairs = [numbers(f"{c}_sf", 0, 900 + 40 * i, 4000 + 300 * i, n=n) for i, c in enumerate(("lot", "living", "base"))]
    pairs += [
        numbers("sold", 1.136e9, 1.2e9, 1.278e9, n=n, kind=Kind.DATETIME),
        levels("neighbourhood", [f"Neighbourhood number {i} by the old river" for i in range(25)], n=n),
        numbers("price", 34900, 163000, 755000, n=n, skew=2, unit="€"),
    ]
    contract, profile = tabled(pairs, n)
    actual = np.exp(rng.normal(12, 0.4, 400))
    predicted = actual * np.exp(rng.normal(0, 0.12, 400))
    edges = np.linspace(-120_000, 160_000, 29)
    histogram, _ = np.histogram(actual - predicted, edges)
    head = m("rmse", 27_412.0, 3_901.0, 219, method="influence", greater=False, unit="€")
    evaluation = Evaluation(
        headline=head,
        metrics=(
            head,
            m("mae", 17_208.0, 1_420.0, 219, greater=False, unit="€"),
            m("mape", 0.0961, 0.0074, 219, greater=False),
            m("r2", 0.887, 0.031, 219),
        ),
        measured_on="the lockbox, the latest 219 rows",
        comparisons=(
            comparison(
                "constant", "always the median", 79_900.0, 9e3, 52_500.0, 8e3, metric="rmse", greater=False, unit="€"
            ),
            comparison(
                "linear", "a ridge regression", 27_900.0, 4e3, 488.0, 2e3, metric="rmse", greater=False, unit="€"
            ),
        ),
        train_score=m("rmse", 9_120.0, 300.0, 1241, greater=False, unit="€"),
        fit_verdict="It overfits: off by 9,120 € on the rows it was trained on, by 27,400 € on later rows.",
        residuals=Residuals(
            predicted=tuple(map(float, predicted)),
            actual=tuple(map(float, actual)),
            edges=tuple(map(float, edges)),
            counts=tuple(int(c) for c in histogram),
            by_level=tuple(m(f"tenth {i + 1}", -3000 + 900.0 * i, 2500.0 + 500 * i, 22, unit="€") for i in range(10)),
        ),
        slices=(
            Slice(
                column="neighbourhood",
                value="Neighbourhood number 11 by the old river",
                score=m("rmse", 61_000.0, 21_000.0, 24, greater=False, unit="€"),
                gap=-37_000.0,
                worse=True,
            ),
        ),
        learning_note="Twice as many rows would make it better by about 3,100 €.",
        cases=Cases(
            half=m("median_ae", 11_200.0, 1_300.0, 219, greater=False, unit="€"),
            most=m("ae_90", 36_500.0, 5_100.0, 219, greater=False, unit="€"),
            half_without=m("median_ae", 44_100.0, 5_000.0, 219, greater=False, unit="€"),
            most_without=m("ae_90", 128_000.0, 17_000.0, 219, greater=False, unit="€"),
        ),
        learning_curve=tuple(
            LearningPoint(n_train=k, score=m("rmse", 27_000 + 30_000 * exp(-k / 300), 4_000.0, greater=False, unit="€"))
            for k in (155, 310, 620, 1241)
        ),
    )
    return replace(
        base,
        brief=Brief(source="houses.parquet", target="price", time="sold"),
        source=replace(base.source, location="houses.parquet", format="parquet", options={}, n_rows=n, n_columns=6),
        contract=contract,
        profile=profile,
        problem=replace(
            base.problem,
            objective="regress",
            target="price",
            classes=(),
            metric="rmse",
            split=SplitKind.TIME,
            time="sold",
            features=tuple(s.name for s in contract.columns[:-1]),
            n_rows=n,
            choices=(),
        ),
        training=replace(base.training, metric="rmse", greater_is_better=False, ensemble_score=26_100.0, candidates=()),
        evaluation=evaluation,
        explanation=Explanation(
            importances=(
                Importance(column="living_sf", drop=m("rmse", 21_000.0, 3_000.0, 219, unit="€")),
                Importance(column="neighbourhood", drop=m("rmse", 9_000.0, 2_000.0, 219, unit="€")),
            ),
            effects=(
                Effect(
                    column="living_sf",
                    x=("640", "900", "1,100", "1,400", "1,900"),
                    y=(121e3, 139e3, 158e3, 190e3, 244e3),
                    n=(40, 44, 44, 44, 44),
                    words="more living_sf, higher price",
                ),
                Effect(
                    column="neighbourhood",
                    x=tuple(f"Neighbourhood number {i} by the old river" for i in range(10)),
                    y=tuple(150e3 + 8e3 * i for i in range(10)),
                    n=tuple(40 - 3 * i for i in range(10)),
                    words="highest for “Neighbourhood number 9 by the old river”",
                ),
            ),
            measured_on="the lockbox, 219 rows",
            outcome="predicted price",
        ),
        verdict=Verdict(
            answer="do not ship",
            summary="A plain linear model does as well, so nothing is gained by using this one.",
            gates=(
                Gate(
                    name="better than the baselines",
                    passed=False,
                    blocking=True,
                    why="the gain over “linear” is 490 € (−1,500 to 2,500), within the noise",
                ),
            ),
        ),
        test_evaluation=replace(evaluation, measured_on="the test file, 400 rows"),
        test_note="The test file holds 400 rows with a target.",
    )


def hostile() -> ReportInput:
    """Names, levels and texts that try to be markup."""
    base = bank()
    evil = '<script>alert("x")</script>'
    pairs = [
        numbers(evil, 0, 1, 2),
        levels('"><img src=x onerror=alert(1)>', [evil, "a&b", "</table>", "{{ 7*7 }}"]),
        levels("deposit", ["no", evil]),
    ]
    contract, profile = tabled(pairs, 100)
    return replace(
        base,
        contract=contract,
        profile=profile,
        problem=replace(base.problem, classes=("no", evil), features=contract.names[:2]),
        audit=replace(
            base.audit,
            findings=(
                replace(base.audit.findings[0], columns=(evil,), message=evil, fix=evil, evidence={evil: evil}),
                *base.audit.findings[1:],
            ),
        ),
        evaluation=replace(
            base.evaluation,
            confusion=Confusion(classes=("no", evil), counts=((3, 1), (0, 0))),
            slices=tuple(replace(s, column=evil, value="</svg><script>1</script>") for s in base.evaluation.slices),
        ),
        explanation=replace(
            base.explanation,
            importances=(Importance(column=evil, drop=m("roc_auc", 0.1, 0.01)),),
            effects=(Effect(column=evil, x=(evil, "</style>"), y=(0.1, 0.2), n=(1, 2), words=evil),),
        ),
        project=f"x; rm -rf {evil}",
    )


def bare() -> ReportInput:
    """As little as a run can give: no interval, no finding, no explanation, no curve, no decision."""
    base = bank()
    head = m("roc_auc", 0.71, None, 14, method="too few rows for an interval")
    return replace(
        base,
        brief=Brief(target="deposit"),
        audit=Audit(findings=(), outcomes=(), n_rows=40, n_rows_examined=40),
        problem=replace(base.problem, choices=(), n_folds=2, n_repeats=1, holdout=0.0),
        training=replace(base.training, candidates=(), members=(), refit="", notes=()),
        evaluation=Evaluation(
            headline=head,
            metrics=(head, m("mcc", None, method="not defined on these rows")),
            measured_on="repeated cross-validation, 40 rows",
            comparisons=(),
            train_score=None,
            fit_verdict="",
        ),
        explanation=Explanation(importances=(), effects=(), measured_on=""),
        verdict=Verdict(answer="collect more data", summary="", gates=()),
        decisions=(),
        version=VersionFacts(number=1, path="p/versions/1", size_bytes=0),
        software={},
        digests={},
        run="",
        created_at="",
    )


def wide() -> ReportInput:
    """Hundreds of columns, thirty classes, long names."""
    base = seven_classes()
    classes = tuple(f"class {i:02d} with a rather long name" for i in range(30))
    rng = np.random.default_rng(1)
    counts = rng.integers(0, 9, (30, 30)) + np.diag(rng.integers(20, 200, 30))
    long = "a_column_whose_name_goes_on_and_on_without_any_blank_until_it_has_a_hundred_characters_or_so_and_more_"
    pairs = [numbers(f"feature_{i:03d}", -i - 1, 0, i + 1, n=5000) for i in range(450)]
    pairs += [numbers(long, 0, 1, 2, n=5000), levels("label", classes, n=5000)]
    contract, profile = tabled(pairs, 5000)
    return replace(
        base,
        contract=contract,
        profile=profile,
        problem=replace(base.problem, target="label", classes=classes, features=contract.names[:-1], n_rows=5000),
        evaluation=replace(
            base.evaluation,
            confusion=Confusion(classes=classes, counts=tuple(tuple(int(v) for v in row) for row in counts)),
        ),
        explanation=Explanation(
            importances=tuple(
                Importance(column=long if i == 0 else f"feature_{i:03d}", drop=m("log_loss", 0.5 / (i + 1), 0.02, 3000))
                for i in range(450)
            ),
            effects=(),
            measured_on="3,000 rows",
        ),
    )


def audit_only() -> AuditInput:
    """An audit without a model."""
    base = bank()
    return AuditInput(
        brief=base.brief,
        source=base.source,
        contract=base.contract,
        profile=base.profile,
        audit=base.audit,
        wall_s=1.8,
        created_at=AT,
        software=base.software,
    )


ALL = {
    "bank": bank,
    "seven_classes": seven_classes,
    "houses": houses,
    "hostile": hostile,
    "bare": bare,
    "wide": wide,
}
