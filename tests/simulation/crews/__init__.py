"""Crews of the simulated world: people, their devices, the radio between them and the house, and the office."""
