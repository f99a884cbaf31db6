"""Wired M-Bus (EN 13757-2, -3): pure functions and sans-I/O machines; somebody else owns the line."""
