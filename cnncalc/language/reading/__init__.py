"""A YAML text -> a Document of steps: one file for each thing that can be written."""
