"""A Document -> the nodes of a Graph: loops run, blocks called, shapes worked out."""
