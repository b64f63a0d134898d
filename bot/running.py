"""`vinculo run`: everything in two processes, started in order and stopped together."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from hashlib import sha256

import uvicorn

from bot.application import Secrets, create_app
from bot.bootstrap import bootstrap
from bot.business import Business, load_business
from bot.demo import load_demo
from bot.demo_staff import demo_password, do_add_demo_staff
from bot.engine_client import EngineClient
from bot.engine_process import EngineProcess
from bot.migrations import migrate
from bot.settings import ROOT, Settings, kept_secret
from bot.training import Trainer, TrainingFailed
from profiles.database import Database, utc_now
from profiles.errors import VinculoError
from profiles.value import decide_all_tiers

logger = logging.getLogger(__name__)
Say = Callable[[str], None]
GRACE_S = 5


class PortInUse(VinculoError):
    """Somebody else listens on the port already."""

    code = "port_in_use"


async def prepare(settings: Settings, business: Business, say: Say) -> None:
    """Bring the database up to date and, for a demo company, fill it. Raises ``DatabaseUnusable``."""
    database = Database(settings.database)
    try:
        await migrate(database)
        if business.settings.demo:
            await fill_demo(settings, business, database, say)
        await refresh_tiers(settings, business, database, say)
    finally:
        await database.close()


async def refresh_tiers(settings: Settings, business: Business, database: Database, say: Say) -> None:
    """Decide everybody's tier again where the company's definitions have changed since the last time."""
    files = [business.folder / name for name in ("tiers.yml", "costs.yml")]
    present = sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
    kept = settings.var / "tiers-decided-by"
    if kept.exists() and kept.read_text(encoding="utf-8") == present:
        return
    counts = await decide_all_tiers(database, business.definitions, cause="definition")
    if counts:
        say("Tiers: " + ", ".join(f"{tier} {count}" for tier, count in sorted(counts.items())))
    kept.write_text(present, encoding="utf-8")


async def fill_demo(
    settings: Settings, business: Business, database: Database, say: Say, *, customers: int | None = None
) -> None:
    """Write the demo's customers, orders and staff that are not there yet, and decide their tiers."""
    summary = await load_demo(database, business, now=utc_now(), customers=customers)
    await do_add_demo_staff(database, business, demo_password(settings))
    if summary.customers:
        tiers = await decide_all_tiers(database, business.definitions, cause="demo")
        counts = ", ".join(f"{tier} {count}" for tier, count in sorted(tiers.items()))
        say(f"Demo: {summary.customers} synthetic customers with {summary.orders} orders ({counts}).")


async def run(settings: Settings, say: Say) -> None:
    """Serve until SIGINT or SIGTERM. Raises a ``VinculoError`` for whatever keeps it from starting."""
    business = load_business(settings.business)
    listening = _listen(settings.host, settings.port)
    try:
        settings.var.mkdir(parents=True, exist_ok=True)
        await prepare(settings, business, say)
        await _serve(settings, business, listening, say)
    finally:
        listening.close()


async def _serve(settings: Settings, business: Business, listening: socket.socket, say: Say) -> None:
    secrets = Secrets(
        session=kept_secret(settings, "secret"),
        login_key=kept_secret(settings, "login_key"),
        action_key=kept_secret(settings, "engine_key"),
    )
    key = secrets.action_key
    engine_port = settings.engine_port or _free_port()
    async with EngineClient(f"http://127.0.0.1:{engine_port}", key) as engine:
        services = bootstrap(settings, business, engine=engine)
        port = listening.getsockname()[1]
        app = create_app(
            services,
            secrets,
            beside=lambda: _engine_beside(settings, key, engine_port, port, engine, say),
        )
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=GRACE_S,
            ws_max_size=1 << 20,
            ws_per_message_deflate=False,  # frames are small: packing them costs more than it saves
            server_header=False,
        )
        _print_addresses(settings, business, port, say)
        await uvicorn.Server(config).serve(sockets=[listening])


@asynccontextmanager
async def _engine_beside(
    settings: Settings, key: str, engine_port: int, port: int, client: EngineClient, say: Say
) -> AsyncIterator[None]:
    """Train if needed and keep the engine running, while the app serves already."""

    async def keep() -> None:
        try:
            model = await Trainer(ROOT, var=settings.var).ensure(progress_line(say))
        except TrainingFailed as error:
            say(f"{error.message}\nUntil then messages are stored, and people are asked.")
            return
        process = EngineProcess(
            ROOT,
            model,
            key=key,
            port=engine_port,
            action_url=f"http://127.0.0.1:{port}/actions/{key}",
            tracker_url=settings.tracker_url,
            var=settings.var,
        )
        async with process:
            say("Engine: starting (messages are taken meanwhile)")
            while not (await client.health()).ready:  # noqa: ASYNC110 -- another process
                await asyncio.sleep(0.3)
            say("Engine: ready")
            await asyncio.Event().wait()

    task = asyncio.create_task(keep(), name="engine")
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def progress_line(say: Say) -> Callable[[str, float], None]:
    """Return a report for the trainer that says something every ten seconds."""
    last = -10.0

    def report(stage: str, seconds: float) -> None:
        nonlocal last
        if seconds - last >= 10:
            last = seconds
            say(f"Training: {stage} ({seconds:.0f} s)")

    return report


def _listen(host: str, port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(512)
    except OSError as error:
        listening.close()
        raise PortInUse(
            f"Cannot listen on {host}:{port} ({error.strerror}). Stop what runs there, or set VINCULO_PORT "
            "to another port."
        ) from error
    return listening


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _print_addresses(settings: Settings, business: Business, port: int, say: Say) -> None:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    address = f"http://{host}:{port}"
    if business.settings.demo and business.demo is not None:
        say(f"\n{business.settings.name}, the demo company:\n  shop and chat   {address}/")
        say(f"  support desk    {address}/desk\n  managers        {address}/managers")
        password = demo_password(settings)
        for member in business.demo.staff:
            say(f"  log-in          {member.login} / {password}   ({member.role})")
    else:
        say(f"\n{business.settings.name}:\n  support desk    {address}/desk")
        say(f"  managers        {address}/managers")
    say("Stop with Ctrl-C.\n")
