"""The model on a page: the best of a points table, a short equation and a small tree, and what it costs in score.

It is fitted in every run beside the model that is shipped, on the same rows, chosen on the same folds and measured on
the same rows that chose nothing. Where it is as good within the noise, it should be taken: what people can check by
hand, they do.
"""
