"""A Graph -> code of a framework: plain modules that do not need cnncalc."""
