"""What the processes decide: plain Python, standard library only, tested without Temporal."""
