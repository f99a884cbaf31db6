"""The command-line front door."""

__version__ = "0.1.0"
