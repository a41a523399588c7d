"""Encoders: each learns from training rows what its operation of the scoring plan needs.

`modelwright.features.views.fit_view` puts them together into what one family of learners sees. An encoder is a small
frozen class of settings with ``fit`` (returns an operation) or, where the encoding uses the target, with
``fit_transform`` (returns the operation and the block of features for the training rows, which must be out-of-fold).
"""
