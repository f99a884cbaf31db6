"""Photographs and documents as they were sent: kept unaltered, read once, compared with each other."""
