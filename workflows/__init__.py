"""What happens next, and what if it fails: the long-running processes that drive every order."""
