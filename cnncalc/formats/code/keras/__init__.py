"""Keras 3 models as text: one function a block, by one table kind -> layer; channels last."""
