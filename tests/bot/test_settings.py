"""Settings: every mistake at once, with what to do; secrets that are made once and kept."""

from pathlib import Path

import pytest

from bot.settings import Settings, WrongSettings, kept_secret, read_settings


def test_all_wrong_settings_are_told_at_once() -> None:
    with pytest.raises(WrongSettings) as caught:
        read_settings(port=99999, secret="short", database_url="mysql://x", log_level="loud")
    lines = caught.value.message.splitlines()
    assert sorted(line.partition(":")[0] for line in lines) == [
        "VINCULO_DATABASE_URL",
        "VINCULO_LOG_LEVEL",
        "VINCULO_PORT",
        "VINCULO_SECRET",
    ]


def test_the_log_level_may_be_written_small() -> None:
    assert read_settings(log_level="debug").log_level == "DEBUG"


def test_a_secret_is_made_once_for_its_user_alone(tmp_path: Path) -> None:
    settings = Settings(var=tmp_path)
    made = kept_secret(settings, "login_key")
    path = tmp_path / "secrets" / "login-key"
    assert (kept_secret(settings, "login_key"), path.read_text().strip()) == (made, made)
    assert (path.stat().st_mode & 0o777, len(made) >= 32) == (0o600, True)


def test_a_secret_that_is_set_is_taken_and_not_written(tmp_path: Path) -> None:
    settings = Settings(var=tmp_path, login_key="k" * 32)
    assert kept_secret(settings, "login_key") == "k" * 32
    assert not (tmp_path / "secrets").exists()
