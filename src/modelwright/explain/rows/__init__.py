"""Why single rows are predicted as they are, what would be if they were otherwise, and what would have to change."""
