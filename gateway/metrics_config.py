"""The table `[metrics]` of the gateway's file: where a scraper on this machine finds figures; without it nowhere."""

from drivers.toml_lines import Table


def metrics_port(root: Table) -> int | None:
    """The port on the loopback, None where nothing is served; TomlError with file, line and key."""
    if not root.has("metrics"):
        return None
    table = root.table("metrics")
    port = table.integer("port", 1, 65_535)
    table.done()
    return port
