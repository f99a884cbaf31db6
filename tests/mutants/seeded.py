"""All mutants of the code's text, by name."""

from tests.mutants.control import CONTROL
from tests.mutants.edge import EDGE
from tests.mutants.field import FIELD
from tests.mutants.house import HOUSE
from tests.mutants.mutant import Mutant
from tests.mutants.proof import PROOF

MUTANTS: dict[str, Mutant] = {**EDGE, **CONTROL, **HOUSE, **FIELD, **PROOF}
