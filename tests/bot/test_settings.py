"""Settings: from the environment, all mistakes at once, secrets made once."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from bot.settings import Settings, WrongSettings, kept_secret, read_settings


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting from outside."""
    import os

    for name in list(os.environ):
        if name.startswith("VINCULO_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def test_without_settings_everything_has_a_sensible_value() -> None:
    settings = read_settings()
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert settings.database == f"sqlite:///{settings.var / 'vinculo.db'}"
    assert settings.tracker_url == f"sqlite:///{settings.var / 'engine.db'}"
    assert (settings.business / "business.yml").exists()


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("VINCULO_PORT", "15911")
    monkeypatch.setenv("VINCULO_VAR", str(tmp_path))
    monkeypatch.setenv("VINCULO_DATABASE_URL", "postgresql://someone@host/name")
    settings = read_settings()
    assert settings.port == 15911
    assert settings.database == "postgresql://someone@host/name"
    assert settings.tracker_url.endswith(f"{tmp_path}/engine.db")


def test_settings_come_from_a_file_and_the_environment_wins(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("VINCULO_PORT=15912\nVINCULO_HOST=::1\nOTHER=1\n")
    monkeypatch.setenv("VINCULO_PORT", "15913")
    settings = read_settings()
    assert (settings.host, settings.port) == ("::1", 15913)


def test_all_mistakes_are_told_at_once_with_their_names(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = {
        "VINCULO_PORT": "99999",
        "VINCULO_ENGINE_PORT": "many",
        "VINCULO_DATABASE_URL": "mysql://host/name",
        "VINCULO_SECRET": "short",
        "VINCULO_LOGIN_KEY": "short",
        "VINCULO_MESSAGES_PER_S": "0",
        "VINCULO_MESSAGES_BURST": "0",
    }
    for name, value in wrong.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(WrongSettings) as refused:
        read_settings()
    lines = refused.value.message.splitlines()
    assert sorted(line.split(":")[0] for line in lines) == sorted(wrong)
    assert all(".env" in line for line in lines)


@pytest.mark.parametrize("url", ["not a url", "mysql://host/name", "://", "sqlite", "postgresql"])
def test_a_database_that_we_cannot_use_is_told(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("VINCULO_DATABASE_URL", url)
    with pytest.raises(WrongSettings, match="VINCULO_DATABASE_URL"):
        read_settings()


def test_a_password_in_a_wrong_url_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VINCULO_DATABASE_URL", "mysql://someone:hidden-word@host/name")
    with pytest.raises(WrongSettings) as refused:
        read_settings()
    assert "hidden-word" not in refused.value.message


@pytest.mark.parametrize("level", ["DEBUG", "info", "Warning"])
def test_the_level_of_the_log_may_be_chosen(monkeypatch: pytest.MonkeyPatch, level: str) -> None:
    monkeypatch.setenv("VINCULO_LOG_LEVEL", level)
    assert read_settings().log_level.upper() == level.upper()


def test_a_level_nobody_knows_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VINCULO_LOG_LEVEL", "loud")
    with pytest.raises(WrongSettings, match="VINCULO_LOG_LEVEL"):
        read_settings()


def test_a_secret_is_made_once_and_kept_for_its_owner(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, var=tmp_path)
    secret = kept_secret(settings, "secret")
    assert len(secret) >= 32
    assert kept_secret(settings, "secret") == secret
    assert kept_secret(settings, "login_key") != secret
    file = tmp_path / "secrets" / "secret"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_a_secret_that_is_set_is_used_and_not_written(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, var=tmp_path, secret="x" * 32)
    assert kept_secret(settings, "secret") == "x" * 32
    assert not (tmp_path / "secrets").exists()


def test_secrets_are_not_in_what_is_printed(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, var=tmp_path, secret="x" * 32, login_key="y" * 32)
    assert "x" * 32 not in repr(settings)
    assert "y" * 32 not in repr(settings)
