"""Web sessions: a signed visitor id, and what the company's log-in makes of it."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from hashlib import sha256

from itsdangerous import BadSignature, URLSafeTimedSerializer

from profiles.database import Database, new_id
from profiles.errors import BadToken
from profiles.identities import do_log_in, find_customer, read_login_token

SESSION_LIFETIME_S = 400 * 24 * 3600
CHANNEL = "web"


@dataclass(frozen=True, slots=True)
class WebSession:
    """One visitor and the token that he keeps."""

    visitor: str
    token: str


class WebSessions:
    """Makes and reads session tokens; they hold the visitor id and nothing else."""

    def __init__(self, database: Database, secret: str, login_key: str) -> None:
        self._database = database
        self._login_key = login_key
        key = hmac.new(secret.encode(), b"web-session", sha256).digest()
        self._signer = URLSafeTimedSerializer(key, salt="web-session")

    async def open(self, token: str | None, login: str | None) -> WebSession:
        """Return the session for a hello. Raises ``BadToken`` for a forged session or log-in.

        A log-in of somebody else than the session's customer gets a new session: what two people say at
        one computer is never mixed.
        """
        session = self._read(token) if token else None
        if login is None:
            return session or self._new()
        claim = read_login_token(self._login_key, login)
        async with self._database.transaction() as transaction:
            if session is not None:
                known = await find_customer(transaction, CHANNEL, session.visitor)
                proven = await find_customer(transaction, "company", claim.number)
                if known is not None and (proven is None or known.id != proven.id):
                    session = None
            session = session or self._new()
            await do_log_in(transaction, CHANNEL, session.visitor, claim)
        return session

    def _new(self) -> WebSession:
        visitor = new_id()
        return WebSession(visitor, self._signer.dumps(visitor))

    def _read(self, token: str) -> WebSession:
        try:
            visitor = self._signer.loads(token, max_age=SESSION_LIFETIME_S)
        except BadSignature as error:
            raise BadToken(
                "This session is not valid any more: a new one begins.", code="bad_session"
            ) from error
        return WebSession(str(visitor), token)
