"""What tells rows that are unlike training: `fitting` makes it when a version is packaged, `documents` reads it.

Kept as ``unusual.json``. No training row is in it.
"""
