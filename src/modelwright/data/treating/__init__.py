"""What is done to personal values where they are read, so that nothing behind it ever holds them.

A treatment is part of a column's specification: training, batch scoring, requests, the prediction log and retraining
all read a value by it. Every treatment may be done again to its own result and changes nothing then: rows of the log,
golden requests and rows kept for retraining hold treated values and are read like any others.
"""
