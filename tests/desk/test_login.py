"""Log-in: who gets in, where he gets to, what he is told; and that no other path is touched."""

from datetime import timedelta

import httpx
import pytest
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import update

from desk import sessions
from desk.login import wanted_page
from profiles.models import StaffMember
from profiles.staff import MAX_FAILURES
from tests.desk.world import PASSWORD, World


def log_in(client: httpx.Client, login: str, password: str = PASSWORD, **form: str) -> httpx.Response:
    return client.post("/staff/login", data={"login": login, "password": password, **form})


def test_without_a_session_every_page_leads_to_the_log_in_and_back(client: httpx.Client) -> None:
    for path in ("/desk", "/managers", "/managers/overview", "/managers?tier=MVC", "/managers/customers/x"):
        sent = client.get(path)
        assert sent.status_code == 303
        page = client.get(sent.headers["location"])
        wanted = path.replace("?", "?").replace("&", "&amp;")
        assert f'name="next" value="{wanted}"' in page.text
        assert "session has ended" not in page.text


def test_a_right_password_opens_the_page_wanted(client: httpx.Client) -> None:
    answer = log_in(client, " RUI ", next="/managers?tier=MVC")
    assert (answer.status_code, answer.headers["location"]) == (303, "/managers?tier=MVC")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert client.get("/managers?tier=MVC").status_code == 200


def test_a_wrong_password_and_an_unknown_log_in_read_the_same(client: httpx.Client) -> None:
    for login in ("ben", "nobody"):
        answer = log_in(client, login, "wrong")
        assert answer.status_code == 401
        assert "not right" in answer.text
        assert client.cookies == httpx.Cookies()
    portuguese = client.post(
        "/staff/login", data={"login": "ben", "password": "x"}, headers={"Accept-Language": "pt-BR,en;q=0.5"}
    )
    assert "Usuário ou senha incorretos" in portuguese.text
    assert '<html lang="pt">' in portuguese.text
    assert log_in(client, "ben").status_code == 303  # a right one forgets the wrong ones


def test_a_locked_account_says_so(client: httpx.Client) -> None:
    for _ in range(MAX_FAILURES):
        log_in(client, "eve", "wrong")
    answer = log_in(client, "eve")
    assert answer.status_code == 429
    assert "try again in 5 min" in answer.text
    assert int(answer.headers["retry-after"]) > 200


def test_an_empty_form_is_answered_with_what_to_do(client: httpx.Client) -> None:
    answer = log_in(client, "", "")
    assert answer.status_code == 422
    assert "Write your log-in" in answer.text
    assert client.post("/staff/login", content=b"x" * 20_000).status_code == 422
    assert client.post("/staff/login", content=b"&".join([b"a=1"] * 50)).status_code == 422


def test_a_form_of_another_site_is_refused(client: httpx.Client) -> None:
    answer = client.post(
        "/staff/login", data={"login": "ana", "password": PASSWORD}, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


def test_what_is_written_into_the_form_comes_back_as_text(client: httpx.Client) -> None:
    answer = log_in(client, '"><script>alert(1)</script>', "x", next='/desk"><script>')
    assert "<script" not in answer.text


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ("/desk", "/desk"),
        ("/desk?conversation=1", "/desk?conversation=1"),
        ("/managers/customers/1", "/managers/customers/1"),
        ("https://evil.example/desk", "/desk"),
        ("//evil.example/desk", "/desk"),
        ("/desk\\evil", "/desk"),
        ("/deskevil", "/desk"),
        ("/", "/desk"),
        (None, "/desk"),
    ],
)
def test_log_in_leads_to_pages_of_ours_only(asked: str | None, given: str) -> None:
    assert wanted_page(asked) == given


def test_log_out_ends_the_session(client: httpx.Client) -> None:
    log_in(client, "ana")
    assert client.get("/desk").status_code == 200
    answer = client.post("/staff/logout")
    assert "You have logged out" in client.get(answer.headers["location"]).text
    assert client.get("/desk").status_code == 303


def test_an_agent_does_not_get_to_the_managers_pages(client: httpx.Client) -> None:
    log_in(client, "ana")
    for path in ("/managers", "/managers/overview", "/managers/customers/x"):
        answer = client.get(path)
        assert answer.status_code == 403
        assert "This page is for managers" in answer.text


def test_a_forged_or_old_session_leads_to_the_log_in_with_the_reason(
    client: httpx.Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    log_in(client, "ana")
    token = client.cookies[sessions.COOKIE]
    forged = URLSafeTimedSerializer("another secret", salt="vinculo-staff-session").dumps(["x", "y"])
    for wrong in (forged, token[:-2], "nonsense"):
        client.cookies = httpx.Cookies({sessions.COOKIE: wrong})
        assert client.get("/desk").status_code == 303
    client.cookies = httpx.Cookies({sessions.COOKIE: token})
    assert client.get("/desk").status_code == 200
    monkeypatch.setattr(sessions, "LIFETIME", timedelta(seconds=-1))
    sent = client.get("/desk")
    assert "why=over" in sent.headers["location"]
    assert "session has ended" in client.get(sent.headers["location"]).text


def test_a_new_password_ends_the_sessions_before_it(client: httpx.Client, world: World) -> None:
    log_in(client, "ana")
    member = world.run(world.member, "ana")

    async def set_hash(value: str) -> None:
        async with world.database.transaction() as session:
            await session.execute(
                update(StaffMember).where(StaffMember.id == member.id).values(password_hash=value)
            )

    world.run(set_hash, "another")
    try:
        assert client.get("/desk").status_code == 303
    finally:
        world.run(set_hash, member.password_hash)
    assert client.get("/desk").status_code == 200


def test_a_role_taken_away_counts_at_once(client: httpx.Client, world: World) -> None:
    log_in(client, "rui")

    async def set_role(role: str) -> None:
        async with world.database.transaction() as session:
            await session.execute(update(StaffMember).where(StaffMember.login == "rui").values(role=role))

    assert client.get("/managers").status_code == 200
    world.run(set_role, "agent")
    try:
        assert client.get("/managers").status_code == 403
    finally:
        world.run(set_role, "manager")


def test_other_paths_stay_the_products_own(client: httpx.Client) -> None:
    home = client.get("/")
    assert home.json() == {"shop": True}
    assert "set-cookie" not in home.headers
    assert client.get("/later").json() == {"later": True}  # added after the pages were mounted
    for path in ("/chat", "/socket.io/", "/widget.js", "/desk/x", "/deskx", "/nothing"):
        missing = client.get(path)
        assert (missing.status_code, missing.json()) == (404, {"detail": "Not Found"})


def test_a_customer_that_does_not_exist_is_said_so(client: httpx.Client) -> None:
    log_in(client, "rui")
    answer = client.get("/managers/customers/%3Cscript%3E")
    assert answer.status_code == 404
    assert "This customer does not exist" in answer.text
    assert "<script" not in answer.text
