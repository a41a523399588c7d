"""Papers on a version: model card, datasheet, technical file, decision log, description of the data.

Each is made of what the run recorded; every number cites the place it is from. What only a person knows is a gap.
"""

from modelwright.report.papers.writing import FORMATS, KINDS, document, write_papers

__all__ = ["FORMATS", "KINDS", "document", "write_papers"]
