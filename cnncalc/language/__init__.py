"""The spec language: YAML with positions -> steps -> a Graph."""
