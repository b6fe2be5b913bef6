"""The one authority for how many there are, and who has a right to which."""
