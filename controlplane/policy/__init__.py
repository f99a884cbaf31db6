"""Rules are pure functions of frozen facts; their parameters are packs of data with their sources."""
