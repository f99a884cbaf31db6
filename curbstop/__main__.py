"""`python -m curbstop`."""

import sys

from curbstop.cli import main

sys.exit(main())
