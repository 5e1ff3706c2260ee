"""How a config becomes a resolved study."""
