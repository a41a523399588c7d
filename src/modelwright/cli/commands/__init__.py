"""One command per file; each has a click command named ``command``."""
