"""Simulated crews: a device that signs as a real one does, and a camera. What they report is read off the world."""
