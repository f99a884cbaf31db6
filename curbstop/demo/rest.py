"""A client of the REST API, as anybody would write one: a token, JSON, and a key that makes each POST count once."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from curbstop.demo.child import DemoError
from protocols.ports import Entropy

Document = dict[str, Any]
TRIES, AGAIN_AFTER_S = 3, 0.5
ANSWERS_WITHIN_S = 10.0
KEY_BYTES = 16


class RestError(DemoError):
    """The control plane refused, or can't be reached. `code` is the refusal's, empty where there was none."""

    def __init__(self, text: str, code: str = "") -> None:
        super().__init__(text)
        self.code = code


def client(base: str) -> httpx.AsyncClient:
    """A client for loopback: proxies that the environment names are for elsewhere."""
    return httpx.AsyncClient(base_url=base, timeout=ANSWERS_WITHIN_S, trust_env=False)


@dataclass(frozen=True, slots=True)
class Api:
    """The API as one principal sees it."""

    http: httpx.AsyncClient
    token: str
    entropy: Entropy

    @property
    def credentials(self) -> dict[str, str]:
        """The header that says who asks."""
        return {"Authorization": f"Bearer {self.token}"}

    async def get(self, path: str, **query: str | int) -> Document:
        """Read; RestError with the problem's code and words."""
        return await self._ask("GET", path, params=query, headers=self.credentials)

    async def post(self, path: str, body: Mapping[str, object]) -> Document:
        """Do it once, however often it has to be sent; RestError with the problem's code and words."""
        key = self.entropy.token(KEY_BYTES).hex()
        return await self._ask("POST", path, json=body, headers={**self.credentials, "Idempotency-Key": key})

    async def put(self, path: str, data: bytes) -> Document:
        """Put bytes where their name says that they belong, however often; RestError as above."""
        return await self._ask("PUT", path, content=data, headers=self.credentials)

    async def download(self, path: str, **query: str | int) -> bytes:
        """Read a file; RestError as above."""
        answer = await self._answer("GET", path, params=query, headers=self.credentials)
        if answer.is_error:
            _document("GET", path, answer)
        return answer.content

    async def _ask(self, method: str, path: str, **parts: Any) -> Document:
        return _document(method, path, await self._answer(method, path, **parts))

    async def _answer(self, method: str, path: str, **parts: Any) -> httpx.Response:
        for left in reversed(range(TRIES)):
            try:
                return await self.http.request(method, f"/api/v1{path}", **parts)
            except httpx.TransportError as error:
                if not left:
                    raise RestError(f"{method} {path}: the control plane does not answer ({error!r})") from None
                await asyncio.sleep(AGAIN_AFTER_S)
        raise AssertionError("a loop of at least one try has ended without an answer")


def _document(method: str, path: str, answer: httpx.Response) -> Document:
    try:
        document = answer.json()
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise RestError(f"{method} {path}: answered {answer.status_code} without a JSON object")
    if answer.is_error:
        code, detail = document.get("code"), document.get("detail")
        raise RestError(f"{method} {path}: refused with {answer.status_code} {code}: {detail}", str(code))
    return document
