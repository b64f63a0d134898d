"""The command line: `vinculo …`."""

from __future__ import annotations

import os
import sys

# One thread per numeric library, before the first import of any of them: with more, a sentence costs a
# hundred times as much on busy cores.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")

import asyncio  # noqa: E402
from collections.abc import Callable, Coroutine  # noqa: E402
from typing import Annotated, Any, NoReturn  # noqa: E402

import typer  # noqa: E402

from bot.settings import ROOT, Settings, read_settings  # noqa: E402
from profiles.errors import VinculoError  # noqa: E402

WRONG = 2
cli = typer.Typer(
    name="vinculo",
    help="A one-to-one customer-relationship bot.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
users = typer.Typer(help="Accounts of the people of the company.", no_args_is_help=True)
cli.add_typer(users, name="users")


def main() -> None:
    """Run the command line; a mistake of the user ends with a sentence and status 2."""
    try:
        cli()
    except VinculoError as error:
        fail(error)


def fail(error: VinculoError) -> NoReturn:
    """Print the sentence of ``error`` and end with status 2."""
    sys.stderr.write(f"{error.message}\n")
    raise SystemExit(WRONG)


def say(line: str) -> None:
    """Print one line at once."""
    typer.echo(line)
    sys.stdout.flush()


@cli.command()
def run() -> None:
    """Start everything and serve until Ctrl-C."""
    from bot.logs import set_up_logs
    from bot.running import run as serve

    settings = read_settings()
    _writable(settings)
    set_up_logs(settings)
    _go(lambda: serve(settings, say))


@cli.command()
def train(
    force: Annotated[bool, typer.Option("--force", help="Train even if the model is up to date.")] = False,
) -> None:
    """Train the engine's model if the dialogue files have changed."""
    from bot.running import progress_line
    from bot.training import Trainer

    settings = read_settings()
    trainer = Trainer(ROOT, var=settings.var)
    if not force and trainer.current() is not None:
        say("The model is up to date.")
        return

    async def go() -> None:
        model = await trainer.train(progress_line(say))
        say(f"Trained {model.path.name}.")

    _go(go)


@cli.command()
def demo(
    customers: Annotated[int | None, typer.Option(help="How many customers in all.", min=1)] = None,
) -> None:
    """Fill the database with the demo company's synthetic customers; what is there stays."""
    from bot.business import load_business
    from bot.migrations import migrate
    from bot.running import fill_demo
    from profiles.database import Database

    settings = read_settings()
    _writable(settings)

    async def go() -> None:
        business = load_business(settings.business)
        database = Database(settings.database)
        try:
            await migrate(database)
            await fill_demo(settings, business, database, say, customers=customers)
        finally:
            await database.close()
        say("The demo's customers are in the database.")

    _go(go)


@cli.command()
def doctor() -> None:
    """Look at settings, business files, database, engine and model, and say what to mend."""
    from bot.doctor import examine

    settings = read_settings()
    problems = asyncio.run(examine(settings, say))
    raise SystemExit(1 if problems else 0)


@users.command("add")
def add_user(
    login: Annotated[str, typer.Argument(help="What the person types to log in.")],
    name: Annotated[str, typer.Option(help="The name that customers see.")],
    role: Annotated[str, typer.Option(help="agent, manager or admin.")] = "agent",
    language: Annotated[str, typer.Option(help="en or pt.")] = "en",
    password: Annotated[
        str,
        typer.Option(prompt=True, hide_input=True, confirmation_prompt=True, envvar="VINCULO_NEW_PASSWORD"),
    ] = "",
) -> None:
    """Add an account; the password is asked for."""
    from bot.migrations import migrate
    from profiles.database import Database
    from profiles.staff import do_add_staff

    settings = read_settings()
    _writable(settings)

    async def go() -> None:
        database = Database(settings.database)
        try:
            await migrate(database)
            async with database.transaction() as session:
                await do_add_staff(
                    session, login=login, name=name, role=role, password=password, language=language
                )
        finally:
            await database.close()
        say(f"Added {login} ({role}).")

    _go(go)


@users.command("list")
def list_users() -> None:
    """List the accounts."""
    from sqlalchemy import select

    from bot.migrations import migrate
    from profiles.database import Database
    from profiles.models import StaffMember

    settings = read_settings()
    _writable(settings)

    async def go() -> None:
        database = Database(settings.database)
        try:
            await migrate(database)
            async with database.reading() as session:
                members = (await session.scalars(select(StaffMember).order_by(StaffMember.login))).all()
        finally:
            await database.close()
        for member in members:
            say(f"{member.login}\t{member.role}\t{member.name}")

    _go(go)


def _go(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    import uvloop

    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(work())
    except KeyboardInterrupt:
        raise SystemExit(130) from None


def _writable(settings: Settings) -> None:
    try:
        settings.var.mkdir(parents=True, exist_ok=True)
        probe = settings.var / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise VinculoError(
            f"The state folder {settings.var} cannot be written ({error.strerror}). Set VINCULO_VAR to a "
            "folder that can.",
            code="var_not_writable",
        ) from error


if __name__ == "__main__":
    main()
