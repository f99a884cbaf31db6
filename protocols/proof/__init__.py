"""Proof that anybody can check offline: the log's tree and its checkpoints. Pure."""
