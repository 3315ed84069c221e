"""A network as code of a framework, which does not need cnncalc."""
