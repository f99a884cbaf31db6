"""Meters made from specs: what a spec says, a meter of this package does. Empty until the fleet moves in.

Not the reference meters: those are written by hand and never read a spec.
"""
