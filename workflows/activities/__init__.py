"""What the processes ask of the services: a few idempotent calls a step, their errors mapped, no rule.

A step that has to change several services is one activity that makes keyed calls in order, because each call repeats
safely and one activity costs a sixth of the history of three.
"""
