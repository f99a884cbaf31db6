"""Whatever is sent to the API, it answers as its OpenAPI document says: never a fault of ours, nothing undocumented.

Requests are made from the document itself, good ones and bad ones; half of the names in paths are of things that exist.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from controlplane import openapi
from controlplane.access.roles import Role
from controlplane.app import create
from controlplane.edge import API
from controlplane.orders.context import Context
from controlplane.policy import packs
from controlplane.proof.sequencer import Notary
from simulators.chance import SeededEntropy
from tests.controlplane.desk_clerk import HOUSE_KEY, Clerk
from tests.controlplane.house import Hands
from tests.controlplane.test_routes import things

if TYPE_CHECKING:
    from controlplane.edge import Edge

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
EXAMPLES = 60
NEVER_ENDS = ("GET", f"{API}/events")
UNASKED = Context(Hands(), SeededEntropy(7), packs.served("demo"))
NOBODY = Notary("curbstop", HOUSE_KEY, HOUSE_KEY.public)
DOCUMENT = openapi.document(create(cast("Edge", None), UNASKED, notary=NOBODY))
OPERATIONS = sorted((method.upper(), path) for path, verbs in DOCUMENT["paths"].items() for method in verbs)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clerk]:
    clerk = Clerk(f"sqlite:///{tmp_path_factory.mktemp('contract') / 'house.sqlite'}")
    yield clerk
    clerk.close()


@pytest.fixture(scope="module")
def known(house: Clerk) -> dict[str, str]:
    return things(house, house.mine)


@pytest.fixture(scope="module")
def api(house: Clerk) -> Any:
    headers = {"Authorization": f"Bearer {house.tokens[Role.ADMIN]}"}
    return schemathesis.openapi.from_asgi(f"{API}/openapi.json", app=house.app, headers=headers)


@pytest.mark.parametrize(("method", "path"), [each for each in OPERATIONS if each != NEVER_ENDS])
def test_an_answer_is_what_the_document_says(
    house: Clerk, api: Any, known: dict[str, str], method: str, path: str
) -> None:
    operation = api[path][method]
    headers = {"Authorization": f"Bearer {house.tokens[Role.ADMIN]}"}

    @given(
        st.one_of(*[operation.as_strategy(generation_mode=mode) for mode in GenerationMode]),
        st.booleans(),
        st.booleans(),
    )
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def ask(case: Any, exists: bool, keyed: bool) -> None:
        if exists and case.path_parameters:
            case.path_parameters = {name: known.get(name, told) for name, told in case.path_parameters.items()}
        sent = dict(headers)
        if keyed:
            sent |= {"idempotency-key": f"key-{next(house.numbers)}", "If-Match": '"1"'}
        case.call_and_validate(headers=sent, checks=CHECKS)

    ask()
