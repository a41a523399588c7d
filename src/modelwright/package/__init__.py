"""Versions: immutable, numbered bundles that load without running any code, checked before they are used."""
