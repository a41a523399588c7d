"""How networks are trained: their inputs, their weights, their gradients, and the steps of Adam; numpy only."""
