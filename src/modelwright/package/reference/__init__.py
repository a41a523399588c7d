"""The reference of a version: what training rows were like, in so few numbers that a window can be compared with them.

Kept as ``reference.json``. No training row is in it: shares of bins, how much those vary from one stretch of the
training rows to the next, what the models erred by on rows they were not fitted on, and what in a row makes it err.
`fitting` makes it when a version is packaged, `documents` reads it, `binning` brings a window's columns into its bins.
"""
