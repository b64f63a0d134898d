"""Settings: environment ``VINCULO_*`` or a ``.env`` file; all mistakes at once."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from profiles.errors import VinculoError

ROOT = Path(__file__).resolve().parent.parent


class WrongSettings(VinculoError):
    """One or more settings are wrong; the message has a line for each."""

    code = "wrong_settings"


class Settings(BaseSettings):
    """Where everything is and how much is allowed."""

    model_config = SettingsConfigDict(env_prefix="VINCULO_", env_file=".env", extra="ignore", frozen=True)

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    var: Path = ROOT / "var"
    database_url: str = Field(default="", repr=False)
    business: Path = ROOT / "business"
    embedding_model: str = "bundled"
    secret: str = Field(default="", repr=False)
    login_key: str = Field(default="", repr=False)
    """shared with the company's own site, which signs its customers' log-ins with it"""
    engine_port: int = Field(default=0, ge=0, le=65535)
    """0: any free port"""
    messages_burst: int = Field(default=20, ge=1)
    messages_per_s: float = Field(default=2.0, gt=0)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @field_validator("secret", "login_key")
    @classmethod
    def _long_enough(cls, secret: str) -> str:
        if secret and len(secret) < 32:
            raise ValueError("is too short to be safe: use 32 characters or more")
        return secret

    @field_validator("log_level", mode="before")
    @classmethod
    def _in_capitals(cls, level: Any) -> Any:
        return level.upper() if isinstance(level, str) else level

    @field_validator("database_url")
    @classmethod
    def _readable(cls, url: str) -> str:
        if not url:
            return url
        try:
            name = make_url(url).drivername.split("+")[0]
        except ArgumentError as error:
            raise ValueError("is no database URL; such as postgresql://user@host/name") from error
        if name not in ("sqlite", "postgresql", "postgres"):
            raise ValueError(f"'{name}' is not supported: use sqlite or postgresql")
        return url

    @property
    def database(self) -> str:
        """The URL of the database: SQLite in the state folder where none is named."""
        return self.database_url or f"sqlite:///{self.var / 'vinculo.db'}"

    @property
    def tracker_url(self) -> str:
        """The URL of the engine's working memory, beside the database of the app."""
        return f"sqlite:///{self.var / 'engine.db'}"


def read_settings(**overrides: Any) -> Settings:
    """Return the settings. Raises ``WrongSettings`` with a line for each mistake."""
    try:
        return Settings(**overrides)
    except ValidationError as error:
        lines = []
        for mistake in error.errors():
            name = "VINCULO_" + "_".join(str(part) for part in mistake["loc"]).upper()
            message = mistake["msg"].removeprefix("Value error, ")
            lines.append(f"{name}: {message} — correct it in the environment or in .env")
        raise WrongSettings("\n".join(lines)) from error


def kept_secret(settings: Settings, name: str) -> str:
    """Return the secret called ``name``: the one set, or one made once and kept in the state folder."""
    given: str = getattr(settings, name, "")
    if given:
        return given
    path = settings.var / "secrets" / name.replace("_", "-")
    if path.exists():
        return path.read_text(encoding="utf-8").strip()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    made = secrets.token_urlsafe(32)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(made + "\n")
    return made
