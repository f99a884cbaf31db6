"""Meter models as data. Loaded by `drivers`; explained in the README beside this file."""
