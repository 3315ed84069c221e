"""PyTorch modules as text: one class a block, by one table kind -> module."""
