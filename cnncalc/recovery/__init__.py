"""A Graph -> the blocks, loops and tables that a person would write, proved by reading them back."""
