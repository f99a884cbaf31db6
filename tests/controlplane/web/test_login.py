"""Logging in and out: with a token, with a link that counts once; sessions end with their time and with their token."""

import pytest

from controlplane.access.roles import Permission, Role, may
from controlplane.access.service import revoke
from controlplane.access.sessions import COOKIE, LASTS, LINK_LASTS
from controlplane.web.login import HOME, TRIES, local
from tests.controlplane.desk_clerk import Clerk, refused
from tests.controlplane.web.visitor import Visitor

PAGE = "/c/situation"


def test_the_form_opens_a_session_whose_cookie_no_script_reads(clerk: Clerk) -> None:
    visitor = Visitor(clerk)
    answer = visitor.post("/login", {"token": f" {clerk.tokens[Role.OPERATOR]}\n", "next": PAGE}, csrf=False)
    assert (answer.status_code, answer.headers["location"]) == (303, PAGE)
    cookie = answer.headers["set-cookie"].lower()
    assert all(word in cookie for word in ("httponly", "samesite=strict", "path=/", "max-age=43200"))
    assert visitor.get(PAGE).status_code == 200


def test_who_is_not_logged_in_is_shown_the_form_and_comes_back_to_the_page(clerk: Clerk) -> None:
    answer = Visitor(clerk).get(PAGE)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/login?next={PAGE}")
    form = Visitor(clerk).get(answer.headers["location"]).text
    assert f'name="next" value="{PAGE}"' in form
    stream = clerk.loop.run(clerk.http.get(f"{PAGE}/live", headers={"accept": "text/event-stream"}))
    refused(stream, 401, "unauthenticated")


def test_a_wrong_token_is_told_in_clear_words_and_nothing_of_it_comes_back(clerk: Clerk) -> None:
    answer = Visitor(clerk).post("/login", {"token": "tok_x.secret-thing"}, csrf=False)
    assert answer.status_code == 401
    assert "Questo token non è valido" in answer.text
    assert "secret-thing" not in answer.text
    assert COOKIE not in answer.headers.get("set-cookie", "")


def test_tries_are_bounded_for_an_address_and_wait_a_minute(clerk: Clerk) -> None:
    visitor = Visitor(clerk)
    for _ in range(TRIES):
        assert visitor.post("/login", {"token": "x"}, csrf=False).status_code == 401
    right = {"token": clerk.tokens[Role.OPERATOR]}
    assert visitor.post("/login", right, csrf=False).status_code == 429
    clerk.clock.run(61)
    assert visitor.post("/login", right, csrf=False).status_code == 303


def test_only_roles_that_read_pages_log_in(clerk: Clerk) -> None:
    for role in Role:
        answer = Visitor(clerk).post("/login", {"token": clerk.tokens[role]}, csrf=False)
        allowed = may(role, Permission.PAGES_READ)
        assert answer.status_code == (303 if allowed else 403), role
        assert (COOKIE in answer.headers.get("set-cookie", "")) is allowed


def test_a_session_ends_with_its_time(clerk: Clerk) -> None:
    visitor = Visitor(clerk).enter(Role.OPERATOR)
    clerk.clock.run(LASTS.total_seconds() - 1)
    assert visitor.get(PAGE).status_code == 200
    clerk.clock.run(1)
    assert visitor.get(PAGE).status_code == 303


def test_a_session_ends_with_its_token(clerk: Clerk) -> None:
    visitor = Visitor(clerk).enter(Role.OPERATOR)
    with clerk.engine.begin() as db:
        revoke(db, clerk.tokens[Role.OPERATOR].split(".")[0], clerk.clock.now())
    assert visitor.get(PAGE).status_code == 303


def test_a_session_ends_when_one_logs_out_whatever_the_browser_keeps(clerk: Clerk) -> None:
    visitor = Visitor(clerk).enter(Role.OPERATOR)
    kept = dict(visitor.cookies)
    answer = visitor.post("/c/logout")
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    assert Visitor(clerk, kept).get(PAGE).status_code == 303


def test_a_link_logs_in_once(clerk: Clerk) -> None:
    path = clerk.made("/login-links", None, Role.SUPERVISOR)["path"]
    visitor = Visitor(clerk)
    assert visitor.get(path).headers["location"] == HOME
    assert "supervisor" in visitor.get(PAGE).text
    again = Visitor(clerk).get(path)
    assert again.status_code == 401
    assert "già stato usato" in again.text


def test_a_link_does_not_last(clerk: Clerk) -> None:
    path = clerk.made("/login-links", None, Role.SUPERVISOR)["path"]
    clerk.clock.run(LINK_LASTS.total_seconds())
    assert Visitor(clerk).get(path).status_code == 401


def test_a_link_of_a_revoked_token_does_not_count(clerk: Clerk) -> None:
    path = clerk.made("/login-links", None, Role.SUPERVISOR)["path"]
    with clerk.engine.begin() as db:
        revoke(db, clerk.tokens[Role.SUPERVISOR].split(".")[0], clerk.clock.now())
    assert Visitor(clerk).get(path).status_code == 401


def test_a_cookie_opens_no_api_and_a_token_no_page(clerk: Clerk) -> None:
    visitor = Visitor(clerk).enter(Role.ADMIN)
    refused(visitor.get("/api/v1/orders"), 401, "unauthenticated")
    bearer = {"authorization": f"Bearer {clerk.tokens[Role.ADMIN]}", "accept": "application/json"}
    refused(clerk.loop.run(clerk.http.get(PAGE, headers=bearer)), 401, "unauthenticated")


@pytest.mark.parametrize(
    "path", ["//evil.example", "https://evil.example", "/\\evil.example", "", "javascript:x", "/a\r\nb", "/à", None]
)
def test_nobody_is_sent_away_from_here(path: str | None) -> None:
    assert local(path) == HOME


def test_language_and_theme_are_kept_by_the_browser(clerk: Clerk) -> None:
    visitor = Visitor(clerk).enter(Role.OPERATOR)
    assert '<html lang="it" data-theme="auto">' in visitor.get(PAGE).text
    assert '<html lang="en"' in visitor.get(PAGE, accept_language="fr, en;q=0.8, it;q=0.7").text
    assert visitor.get(f"/preferences?language=en&theme=dark&next={PAGE}").headers["location"] == PAGE
    assert '<html lang="en" data-theme="dark">' in visitor.get(PAGE, accept_language="it").text
    visitor.get("/preferences?language=xx&theme=<script>&next=//evil")
    assert '<html lang="en" data-theme="dark">' in visitor.get(PAGE).text


def test_pages_let_nothing_foreign_in_and_nobody_keeps_them(clerk: Clerk) -> None:
    visitor = Visitor(clerk).enter(Role.OPERATOR)
    for answer in (visitor.get(PAGE), visitor.get("/login"), visitor.get("/c/nothing"), Visitor(clerk).get(PAGE)):
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
    assert visitor.get(PAGE).headers["cache-control"] == "no-store"
