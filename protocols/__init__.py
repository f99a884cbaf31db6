"""What travels on wires: pure, bytes in, events out."""
