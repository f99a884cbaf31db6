"""Real processes, killed for real at moments that a seed draws; afterwards their files and the valves are judged."""
