"""The uplink protocol between gateway and control plane: messages, topics, envelopes. Pure."""
