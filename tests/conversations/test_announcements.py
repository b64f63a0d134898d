"""News: to everybody who listens to the topic, in order; who lags too far is cut off."""

from __future__ import annotations

import asyncio

import pytest

from conversations import announcements
from conversations.announcements import Announcer, QueueChanged, Typing

pytestmark = pytest.mark.anyio


def typing(on: bool = True) -> Typing:
    return Typing("c-1", "bot", on)


async def test_everybody_who_listens_hears_it_in_order() -> None:
    announcer = Announcer()
    async with announcer.subscribe("a") as first, announcer.subscribe("a", "b") as second:
        announcer.publish("a", typing(True))
        announcer.publish("b", QueueChanged())
        announcer.publish("a", typing(False))
        assert [await anext(first) for _ in range(2)] == [typing(True), typing(False)]
        assert [await anext(second) for _ in range(3)] == [typing(True), QueueChanged(), typing(False)]


async def test_nobody_listening_is_no_trouble_and_nothing_is_kept() -> None:
    announcer = Announcer()
    announcer.publish("a", typing())
    async with announcer.subscribe("a") as news:
        announcer.publish("a", typing(False))
        assert await anext(news) == typing(False)


async def test_who_leaves_is_forgotten_also_after_an_error() -> None:
    announcer = Announcer()

    async def leave() -> None:
        async with announcer.subscribe("a", "b"):
            assert (announcer.listeners("a"), announcer.listeners("b")) == (1, 1)
            raise RuntimeError("gone")

    with pytest.raises(RuntimeError):
        await leave()
    assert (announcer.listeners("a"), announcer.listeners("b")) == (0, 0)


async def test_who_lags_too_far_is_cut_off_and_the_others_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(announcements, "BACKLOG", 3)
    announcer = Announcer()
    async with announcer.subscribe("a") as slow, announcer.subscribe("a") as quick:
        for number in range(5):
            announcer.publish("a", typing(number % 2 == 0))
            await anext(quick)
        heard = [news async for news in slow]
        assert len(heard) == 3
        assert announcer.listeners("a") == 1


async def test_waiting_for_news_can_be_cancelled() -> None:
    announcer = Announcer()
    async with announcer.subscribe("a") as news:
        task = asyncio.create_task(anext(news))  # type: ignore[arg-type]
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert announcer.listeners("a") == 0
