"""Retraining: what to learn from, challenger against champion, promotion, rollback, and all of it in one process."""
