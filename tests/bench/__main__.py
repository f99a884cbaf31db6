"""Run the benches: all of them, or the one that is named."""

import sys

from tests.bench import backlog, command_chain, floods, gateway, mbus, simulated_orders

BENCHES = {
    "backlog": backlog.main,
    "command_chain": command_chain.main,
    "floods": floods.main,
    "gateway": gateway.main,
    "mbus": mbus.main,
    "simulated_orders": simulated_orders.main,
}


def main(only: str) -> int:
    if only and only not in BENCHES:
        print(f"no bench is called {only}; there are: {', '.join(BENCHES)}", file=sys.stderr)
        return 2
    for name, bench in BENCHES.items():
        if only in ("", name):
            print(f"== {name}")
            bench()
    return 0


sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else ""))
