"""Money: what outcomes are worth, what follows for decisions, and what the model earns on rows that chose nothing."""
