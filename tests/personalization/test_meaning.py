"""Meaning: unit vectors, kept for what was asked before, off the event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from personalization import meaning
from personalization.meaning import Meaning, SentenceEncoder
from tests.factories import sentence_encoder
from tests.fakes import WordEncoder


class Model:
    """Stands in for sentence-transformers; counts what it is asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def encode(self, texts: Sequence[str], **_: Any) -> Any:
        self.asked += texts
        return WordEncoder().encode(texts)


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Model:
    model = Model()
    monkeypatch.setattr(meaning, "_bundled_model", lambda: model)
    return model


def test_what_was_asked_before_is_not_computed_again(model: Model) -> None:
    encoder = SentenceEncoder()
    first = encoder.encode(["Um café", "um  CAFÉ ", "outro"])
    again = encoder.encode(["outro", "um café"])
    assert model.asked == ["um café", "outro"]
    assert np.array_equal(first[0], first[1])
    assert np.array_equal(again, first[[2, 0]])


def test_the_cache_has_a_limit_and_forgets_the_oldest(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meaning, "CACHE_SIZE", 2)
    encoder = SentenceEncoder()
    for text in ("a1", "b1", "a1", "c1", "a1"):
        encoder.encode([text])
    assert model.asked == ["a1", "b1", "c1"]
    encoder.encode(["b1"])
    assert model.asked[-1] == "b1"
    assert encoder.encode(["x1", "y1", "z1", "w1"]).shape[0] == 4


def test_nothing_gives_no_rows_and_an_endless_text_is_cut(model: Model) -> None:
    encoder = SentenceEncoder()
    assert len(encoder.encode([])) == 0
    encoder.encode(["a" * 100_000])
    assert max(len(text) for text in model.asked) == meaning.MAX_CHARACTERS


def test_the_model_is_loaded_at_the_first_use(model: Model) -> None:
    encoder = SentenceEncoder()
    assert not encoder.is_loaded
    encoder.load()
    assert encoder.is_loaded


@pytest.mark.anyio
async def test_encoding_leaves_the_event_loop_free() -> None:
    begun, let_go = threading.Event(), threading.Event()

    class Slow:
        def encode(self, texts: Sequence[str]) -> Any:
            begun.set()
            assert let_go.wait(10)
            return WordEncoder().encode(texts)

    one = Meaning(Slow())
    task = asyncio.create_task(one.encode(["a"]))
    await asyncio.to_thread(begun.wait, 10)
    assert not task.done()
    let_go.set()
    assert (await task).shape == (1, WordEncoder.WIDTH)
    one.close()


@pytest.mark.slow
def test_the_bundled_encoder_knows_both_languages() -> None:
    pt, en, other = sentence_encoder().encode(
        ["quero um café sem cafeína", "I want coffee without caffeine", "where is my order?"]
    )
    assert abs(float(np.linalg.norm(pt)) - 1) < 1e-3
    assert float(pt @ en) > 0.6
    assert float(pt @ other) < float(pt @ en) - 0.2
