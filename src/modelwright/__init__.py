"""Modelwright: the machine learning engineer as software."""
