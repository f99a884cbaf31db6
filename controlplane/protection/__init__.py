"""Protections and holds at a supply point: recorded, told to each order they reach, ended, never erased."""
