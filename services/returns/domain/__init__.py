"""The rules of coming back and paying back: frozen values and pure functions."""
