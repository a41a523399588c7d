"""The audit: what the data is like, what is wrong with it, and what is done about it.

`runner.run_audit` asks every rule of `RULES` and returns an `Audit`; `acting.apply` says what the findings change. A
rule is one class in one file of `audit/rules/`; `checks.check_rule` is the exam that every rule passes, those of
other packages too. The names are resolved late, so that importing this package costs nothing.
"""

from __future__ import annotations

__all__ = ["RULES"]

_RULES = "modelwright.audit.rules"

RULES: dict[str, str] = {
    "A001": f"{_RULES}.a001_target_missing:TargetMissing",
    "A002": f"{_RULES}.a002_tiny_data:TinyData",
    "A003": f"{_RULES}.a003_rare_classes:RareClasses",
    "A004": f"{_RULES}.a004_imbalance:Imbalance",
    "A005": f"{_RULES}.a005_constant:ConstantColumn",
    "A006": f"{_RULES}.a006_identifier:Identifier",
    "A007": f"{_RULES}.a007_duplicate_rows:DuplicateRows",
    "A008": f"{_RULES}.a008_duplicate_columns:DuplicateColumns",
    "A009": f"{_RULES}.a009_disguised_missing:DisguisedMissing",
    "A010": f"{_RULES}.a010_mixed_types:MixedTypes",
    "A011": f"{_RULES}.a011_high_cardinality:HighCardinality",
    "A012": f"{_RULES}.a012_impossible_values:ImpossibleValues",
    "A013": f"{_RULES}.a013_single_column_leak:SingleColumnLeak",
    "A014": f"{_RULES}.a014_known_after:KnownAfter",
    "A015": f"{_RULES}.a015_additive_leak:AdditiveLeak",
    "A016": f"{_RULES}.a016_pair_leak:PairLeak",
    "A017": f"{_RULES}.a017_groups:GroupedRows",
    "A018": f"{_RULES}.a018_time_order:TimeOrder",
    "A019": f"{_RULES}.a019_shift:TestShift",
    "A020": f"{_RULES}.a020_row_order:RowOrderLeak",
}
