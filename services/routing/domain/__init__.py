"""The rules of routing: what a node is, what it would cost, and which plan is best. Plain Python."""
