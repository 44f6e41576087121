"""How fast gdsolve is, as ratios to what people would use instead, measured side by side in one run."""
