"""A browser without a screen: it logs in as a role, keeps its cookies, and sends forms as the pages make them."""

import re
from dataclasses import dataclass, field
from urllib.parse import urlencode

import httpx

from tests.controlplane.desk_clerk import Clerk

HTML = {"accept": "text/html"}
FORM = {"content-type": "application/x-www-form-urlencoded", **HTML}


@dataclass
class Visitor:
    """`Visitor(clerk).enter(Role.OPERATOR).get("/c/situation")`."""

    clerk: Clerk
    cookies: dict[str, str] = field(default_factory=dict)

    def enter(self, who: str) -> "Visitor":
        """Log in with the role's token."""
        answer = self.post("/login", {"token": self.clerk.tokens[who]}, csrf=False)
        assert answer.status_code == 303, answer.text
        return self

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self._send("GET", path, None, {**HTML, **{k.replace("_", "-"): v for k, v in headers.items()}})

    def post(self, path: str, form: dict[str, str] | None = None, *, csrf: bool = True) -> httpx.Response:
        """Send a form, with what the session's forms carry."""
        made = {"csrf": self.csrf} if csrf else {}
        return self._send("POST", path, urlencode({**made, **(form or {})}), FORM)

    @property
    def csrf(self) -> str:
        found = re.search(r'name="csrf" value="([0-9a-f]+)"', self.get("/c/situation").text)
        return found.group(1) if found is not None else ""

    def _send(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> httpx.Response:
        kept = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        sent = {**headers, "cookie": kept} if kept else headers
        answer = self.clerk.loop.run(self.clerk.http.request(method, path, content=body, headers=sent))
        self.clerk.http.cookies.clear()
        for told in answer.headers.get_list("set-cookie"):
            name, _, value = told.partition(";")[0].partition("=")
            self.cookies[name] = value.strip('"')
        return answer
