"""The command line: a sentence and status 2 for every mistake, nothing half-started."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from bot import cli
from bot.settings import ROOT

PORT = 15910


@pytest.fixture(autouse=True)
def state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A state folder of our own, and no setting from outside."""
    for name in list(os.environ):
        if name.startswith("VINCULO_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VINCULO_VAR", str(tmp_path / "var"))
    return tmp_path / "var"


def vinculo(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """Run the command line in this process and return its status."""
    monkeypatch.setattr(sys, "argv", ["vinculo", *arguments])
    with pytest.raises(SystemExit) as end:
        cli.main()
    return int(end.value.code or 0)


def test_without_a_command_the_commands_are_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    vinculo(monkeypatch)
    shown = "".join(capsys.readouterr())
    for command in ("run", "train", "demo", "doctor", "users"):
        assert command in shown


def test_wrong_settings_are_all_told_and_end_with_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], state: Path
) -> None:
    monkeypatch.setenv("VINCULO_PORT", "nowhere")
    monkeypatch.setenv("VINCULO_SECRET", "short")
    assert vinculo(monkeypatch, "users", "list") == 2
    told = capsys.readouterr().err
    assert "VINCULO_PORT" in told
    assert "VINCULO_SECRET" in told
    assert "Traceback" not in told
    assert not state.exists()


def test_a_state_folder_that_cannot_be_written_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "a file").write_text("")
    monkeypatch.setenv("VINCULO_VAR", str(tmp_path / "a file" / "var"))
    assert vinculo(monkeypatch, "users", "list") == 2
    assert "VINCULO_VAR" in capsys.readouterr().err


def test_a_database_that_cannot_be_used_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VINCULO_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing")
    assert vinculo(monkeypatch, "users", "list") == 2
    assert "VINCULO_DATABASE_URL" in capsys.readouterr().err


def test_accounts_are_added_and_listed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VINCULO_NEW_PASSWORD", "a long password")
    added = ("users", "add", "Oscar", "--name", "Oscar Wells", "--role", "manager")
    assert vinculo(monkeypatch, *added) == 0
    assert vinculo(monkeypatch, "users", "list") == 0
    assert "oscar\tmanager\tOscar Wells" in capsys.readouterr().out
    assert vinculo(monkeypatch, *added) == 2
    assert "already" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("password", "role", "told"), [("short", "agent", "password"), ("a long password", "king", "role")]
)
def test_an_account_that_cannot_be_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], password: str, role: str, told: str
) -> None:
    monkeypatch.setenv("VINCULO_NEW_PASSWORD", password)
    assert vinculo(monkeypatch, "users", "add", "oscar", "--name", "Oscar", "--role", role) == 2
    assert told in capsys.readouterr().err.lower()


def test_the_demo_is_filled_once(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert vinculo(monkeypatch, "demo", "--customers", "12") == 0
    assert "12 synthetic customers" in capsys.readouterr().out
    assert vinculo(monkeypatch, "demo", "--customers", "12") == 0
    assert "synthetic customers with" not in capsys.readouterr().out


def test_a_wrong_company_is_told_with_every_mistake(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    from tests.companies import Company

    company = Company(tmp_path)
    company.replace("business.yml", "currency: BRL", "currency: XXQ")
    company.remove("tiers.yml")
    monkeypatch.setenv("VINCULO_BUSINESS", str(company.folder))
    assert vinculo(monkeypatch, "demo", "--customers", "1") == 2
    told = capsys.readouterr().err
    assert "business.yml" in told
    assert "tiers.yml" in told


def run_apart(**settings: str) -> subprocess.CompletedProcess[str]:
    """`vinculo run` as a process of its own that is expected to give up."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **settings}
    return subprocess.run(
        [sys.executable, "-m", "bot.cli", "run"],
        env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


@pytest.mark.slow
def test_a_port_in_use_is_told_and_nothing_is_started(state: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", PORT))
        taken.listen()
        ended = run_apart(VINCULO_PORT=str(PORT))
    assert ended.returncode == 2, ended.stderr
    assert f"127.0.0.1:{PORT}" in ended.stderr
    assert "VINCULO_PORT" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not (state / "vinculo.db").exists()


@pytest.mark.slow
def test_running_in_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "a file").write_text("")
    ended = run_apart(VINCULO_PORT=str(PORT), VINCULO_VAR=str(tmp_path / "a file" / "var"))
    assert ended.returncode == 2, ended.stderr
    assert "VINCULO_VAR" in ended.stderr
    assert "Traceback" not in ended.stderr
