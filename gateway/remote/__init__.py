"""The layer that the control plane may lay over the gateway's own file: narrower, never wider (CONTROL I4, I5)."""
