"""The doors by which documents come in beside gRPC: webhooks, a watched folder, and what is fetched from platforms.

Each keeps what it gets before anything else is done with it, so that a crash loses nothing: what was kept and not read
is read by the next sweep.
"""
