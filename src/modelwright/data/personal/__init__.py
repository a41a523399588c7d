"""What personal data looks like: by the name of a column (`naming`), by its values (`shapes`).

One truth for the audit, which tells of it, and for the prediction log, which masks it.
"""
