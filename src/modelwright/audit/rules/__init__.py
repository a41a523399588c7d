"""The rules of the audit, one class and one file each; `modelwright.audit.RULES` is their table."""
