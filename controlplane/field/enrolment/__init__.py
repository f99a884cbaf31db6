"""Crews and their devices: a device makes its key, and nothing it says counts before an operator approves it."""
