"""The rules of stock: plain Python, no I/O."""
