"""Networks and products as people write them: YAML and CSV, read with every problem and its place, and written."""
