"""Meters whose telegrams and valve bytes are written by hand, so that a mistake in a spec or a driver has a witness.

Nothing here reads a spec, a driver or the codec of `protocols.mbus`: a mistake made twice in the same code cancels out.
"""
