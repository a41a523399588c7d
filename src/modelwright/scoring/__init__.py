"""Batch scoring: a source of any size in, a file of answers out, in bounded memory.

The way of a row: a stream of tables (`modelwright.data.streaming`) → chunks that are made canonical and scored by a
pool of threads (`working`, `flow`) → parts beside the output with a journal, from which a broken scoring goes on
(`parts`) → one file that appears at once (`scoring`).
"""

from __future__ import annotations

from modelwright.scoring.answers import Answers, ScoredFile
from modelwright.scoring.scoring import score_file, scored

__all__ = ["Answers", "ScoredFile", "score_file", "scored"]
