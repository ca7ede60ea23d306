"""Planted tasks: inputs whose right answer, and the elements that decide it, are known to whoever made them."""
