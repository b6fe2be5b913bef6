"""What the customer ordered, and where each unit of it stands."""
