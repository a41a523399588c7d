"""Shapley values of a prediction in the user's columns, against one reference row: exact for trees and linear models.

`explainer` puts together what `trees`, `sums` and `orders` say of single models.
"""
