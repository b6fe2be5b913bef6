"""Where the relay delivers to."""
