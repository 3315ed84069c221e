"""Questions about a network: one file each, all of them folds of the layers' own answers over a Graph."""
