"""Input and output that both ends use: the real side of protocols.ports."""
