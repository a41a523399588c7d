"""The table as the audit would have it, and a script of one's own that makes it: ``modelwright audit FILE --fix``.

`table.repaired_table` is what a run learns from: read by the contract, without what findings drop. What
`script.pandas_script` returns writes the same as readable code. Both are made from one `plan.RepairPlan`, and tests
hold them equal.
"""
