"""Word lists of the rules, as tables."""
