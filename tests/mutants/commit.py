"""Which commit this is: what the draw depends on."""

import subprocess

from tests.mutants.mutant import ROOT


def head() -> str:
    """The id of the commit that is checked out; `none` outside of a repository."""
    done = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else "none"
