"""The log: each step of each order, append-only, under signed checkpoints that anybody can check."""
