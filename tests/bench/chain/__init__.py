"""The command chain, end to end over real processes: what an order costs beside the line's physical time."""
