"""Graphs made of graphs: the same network in another form, from the layers' own rules."""
