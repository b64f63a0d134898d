"""When to train, what a training leaves behind, and which models are ours."""

import asyncio
import os
from pathlib import Path

import pytest

from bot.training import ModelNotTrusted, Trainer, TrainingFailed, check_model

pytestmark = pytest.mark.anyio

MAKES_A_MODEL = """
while [ $# -gt 0 ]; do
  case "$1" in --out) out=$2 ;; --fixed-model-name) name=$2 ;; esac
  shift
done
echo "x  Starting to train component 'RulePolicy'."
sleep ${PAUSE:-0}
echo model > "$out/$name.tar.gz"
"""


def project(folder: Path, program: str = MAKES_A_MODEL) -> Trainer:
    (folder / "data" / "nlu").mkdir(parents=True)
    (folder / "config.yml").write_text("pipeline: []\n")
    (folder / "domain.yml").write_text("intents: [greet]\n")
    (folder / "data" / "nlu" / "greet.yml").write_text("- oi\n")
    python = folder / "python"
    python.write_text(f"#!/bin/sh\n{program}\n")
    python.chmod(0o755)
    return Trainer(folder, python=python)


async def test_it_trains_once_for_the_same_files(tmp_path: Path) -> None:
    trainer = project(tmp_path)
    assert trainer.current() is None
    model = await trainer.ensure()
    written = model.path.stat().st_mtime_ns
    assert trainer.current() == model == await trainer.ensure()
    assert model.path.stat().st_mtime_ns == written
    assert check_model(model.path) == model


@pytest.mark.parametrize("name", ["config.yml", "domain.yml", "data/nlu/greet.yml", "data/nlu/new.yml"])
async def test_a_changed_dialogue_file_asks_for_another_model(tmp_path: Path, name: str) -> None:
    trainer = project(tmp_path)
    await trainer.train()
    (tmp_path / name).write_text("changed\n")
    assert trainer.current() is None


async def test_a_model_that_was_changed_is_not_trusted(tmp_path: Path) -> None:
    trainer = project(tmp_path)
    model = await trainer.train()
    model.path.write_text("something else")
    with pytest.raises(ModelNotTrusted, match="vinculo train"):
        check_model(model.path)
    assert trainer.current() is None


async def test_a_model_from_elsewhere_is_not_trusted(tmp_path: Path) -> None:
    path = tmp_path / "model.tar.gz"
    path.write_text("hello")
    with pytest.raises(ModelNotTrusted):
        check_model(path)


async def test_a_failed_training_says_why_and_where(tmp_path: Path) -> None:
    trainer = project(tmp_path, "echo 'YamlSyntaxException: line 3'; exit 1")
    with pytest.raises(TrainingFailed, match="line 3") as failed:
        await trainer.train()
    assert str(trainer.log) in failed.value.message
    assert trainer.current() is None


async def test_a_training_without_a_model_has_failed(tmp_path: Path) -> None:
    with pytest.raises(TrainingFailed):
        await project(tmp_path, "exit 0").train()


async def test_a_missing_environment_is_said(tmp_path: Path) -> None:
    trainer = project(tmp_path)
    (tmp_path / "python").unlink()
    with pytest.raises(TrainingFailed, match="scripts/install"):
        await trainer.train()


async def test_progress_names_the_component(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAUSE", "1.5")
    stages: list[tuple[str, float]] = []
    await project(tmp_path).train(lambda stage, seconds: stages.append((stage, seconds)))
    assert [stage for stage, _ in stages] == ["RulePolicy"]
    assert stages[0][1] > 0.5


async def test_a_cancelled_training_leaves_no_process(tmp_path: Path) -> None:
    trainer = project(tmp_path, "echo $$ > pid; exec sleep 60")
    training = asyncio.create_task(trainer.train())
    pid_file = tmp_path / "pid"
    async with asyncio.timeout(5):
        while not (pid_file.exists() and pid_file.read_text()):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    training.cancel()
    with pytest.raises(asyncio.CancelledError):
        await training
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid_file.read_text()), 0)
