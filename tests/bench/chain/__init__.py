"""The command chain over real processes: what an order costs beside the line, counted and step by step."""
