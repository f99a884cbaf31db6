"""Floods of junk, from a process of its own at a bounded rate, at every port and topic: what is valid goes on."""
