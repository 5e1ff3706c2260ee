"""Where references, positives and negatives are drawn from."""
