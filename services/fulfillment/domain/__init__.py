"""The rules of fulfillment: plain values and functions, no input or output."""
