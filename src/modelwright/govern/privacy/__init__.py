"""Privacy: what a policy asks for, which columns it concerns, what is stored of whom, and how somebody is forgotten.

What is done to a value lies in `modelwright.data.treating`, because every reader of rows does it.
"""
