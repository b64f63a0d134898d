"""Train the engine's model when the dialogue files ask for it, and know our own models again."""

import asyncio
import contextlib
import json
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from profiles.errors import VinculoError

CODE = ("encoders", "featurizer", "classifier", "regression")
SETTINGS = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "RASA_TELEMETRY_ENABLED": "false",
    "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
    "PYTHONUNBUFFERED": "1",
    "PYTHONWARNINGS": "ignore::DeprecationWarning",
}

Report = Callable[[str, float], None]
"""Is told what the training is at and how many seconds it has taken so far."""


class TrainingFailed(VinculoError):
    """`rasa train` made no model; the message says where its log is."""

    code = "training_failed"


class ModelNotTrusted(VinculoError):
    """The model is missing or is not the file that our training wrote."""

    code = "model_not_trusted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A trained model and the fingerprint of what it was trained from."""

    path: Path
    fingerprint: str
    sha256: str


class Trainer:
    """Trains in the engine environment: a model per fingerprint in `models/`, log in `var/log/train.log`."""

    def __init__(
        self, root: Path, *, var: Path | None = None, models: Path | None = None, python: Path | None = None
    ) -> None:
        self.root = root
        self.models = models or root / "models"
        self.log = (var or root / "var") / "log" / "train.log"
        self._python = python or root / ".venv-engine" / "bin" / "python"

    def fingerprint(self) -> str:
        """Return a hash of everything that the model depends on."""
        files = [self.root / name for name in ("config.yml", "domain.yml")]
        files += sorted(path for path in (self.root / "data").rglob("*") if path.suffix in (".yml", ".yaml"))
        files += [self.root / "engine" / f"{module}.py" for module in CODE]
        files.append(self.root / "engine" / "requirements.txt")
        digest = sha256()
        for path in files:
            content = path.read_bytes() if path.is_file() else b""
            digest.update(f"{path.relative_to(self.root)} {len(content)}\n".encode())
            digest.update(content)
        return digest.hexdigest()

    def current(self) -> Model | None:
        """Return the trusted model of the present files, or None: train."""
        path = self._path(self.fingerprint())
        try:
            return check_model(path)
        except ModelNotTrusted:
            return None

    async def ensure(self, report: Report | None = None) -> Model:
        """Return the model of the present files, training it when there is none yet."""
        return self.current() or await self.train(report)

    async def train(self, report: Report | None = None) -> Model:
        """Train a model of the present files and return it.

        Raises TrainingFailed; a cancelled training leaves no process behind.
        """
        fingerprint = self.fingerprint()
        path = self._path(fingerprint)
        if not self._python.exists():
            raise TrainingFailed(f"{self._python}: no engine environment; run scripts/install.")
        self.models.mkdir(parents=True, exist_ok=True)
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                *(self._python, "-m", "rasa", "train", "--skip-validation"),
                *("--out", self.models, "--fixed-model-name", path.name.removesuffix(".tar.gz")),
                cwd=self.root,
                env={**os.environ, **SETTINGS},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            status = await self._wait(process, report)
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
        if status != 0 or not path.is_file():
            raise TrainingFailed(f"The training failed: {_last_words(self.log)} The whole log: {self.log}")
        return record_model(path, fingerprint)

    async def _wait(self, process: asyncio.subprocess.Process, report: Report | None) -> int:
        started = time.monotonic()
        while True:
            try:
                return await asyncio.wait_for(process.wait(), 1.0)
            except TimeoutError:
                if report is not None:
                    report(_stage(self.log), time.monotonic() - started)

    def _path(self, fingerprint: str) -> Path:
        return self.models / f"vinculo-{fingerprint[:16]}.tar.gz"


def record_model(path: Path, fingerprint: str) -> Model:
    """Write down which file the training made, beside it."""
    model = Model(path=path, fingerprint=fingerprint, sha256=_hash(path))
    record = {"fingerprint": fingerprint, "sha256": model.sha256}
    _record(path).write_text(json.dumps(record) + "\n", encoding="utf-8")
    return model


def check_model(path: Path) -> Model:
    """Return the model at `path` when it is, byte for byte, what our training wrote.

    Raises ModelNotTrusted: a model is code, also for Rasa 3.6.21 (CVE-2024-49375).
    """
    try:
        record = json.loads(_record(path).read_text(encoding="utf-8"))
        found = _hash(path)
        if record["sha256"] != found:
            raise ModelNotTrusted(
                f"{path} is not the model that was trained here; train again: vinculo train."
            )
        return Model(path=path, fingerprint=str(record["fingerprint"]), sha256=found)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelNotTrusted(f"{path} is not a model that was trained here; run vinculo train.") from error


def _record(path: Path) -> Path:
    return path.with_name(f"{path.name}.json")


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        digest = sha256()
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _stage(log: Path) -> str:
    """Return the component that is being trained, for the progress line."""
    for line in reversed(log.read_text(encoding="utf-8", errors="replace").splitlines()):
        if "Starting to train component" in line:
            return line.rsplit("'", 2)[-2]
    return "reading the dialogue files"


def _last_words(log: Path) -> str:
    lines = [line.strip() for line in log.read_text(encoding="utf-8", errors="replace").splitlines()]
    return next((line[:300] for line in reversed(lines) if line), "it said nothing.")
