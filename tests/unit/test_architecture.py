"""The house: imports run one way, the command line starts light, and every module says what it is for."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "kh02_pipelines"
MODULES = sorted(PACKAGE.rglob("*.py"))


def test_imports_run_one_way() -> None:
    tool = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([str(tool), "--no-cache"], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " 0 broken" in done.stdout


@pytest.mark.parametrize(
    "module", ["kh02_pipelines.cli.main", "kh02_pipelines.release.publish", "kh02_pipelines.catalogue.plan"]
)
def test_what_costs_seconds_is_not_imported_at_the_top(module: str) -> None:
    code = f"import sys, {module}; print([name for name in ('dagster', 'great_expectations') if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stdout.strip() == "[]"


def test_nothing_is_read_from_the_environment_at_import() -> None:
    code = "import kh02_pipelines.definitions, kh02_pipelines.cli.main"
    environment = {"KH02_HOME": "\0".join([]), "KH02_DATABASE_URL": "nonsense", "KH02_PROFILE": "nonsense", "PATH": ""}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_modules_are_small_and_say_what_they_are_for(path: Path) -> None:
    text = path.read_text("utf-8")
    assert len(text.splitlines()) <= 400
    tree = ast.parse(text)
    assert ast.get_docstring(tree)
    layer = path.relative_to(PACKAGE).parts[0]
    postponed = any(isinstance(node, ast.ImportFrom) and node.module == "__future__" for node in tree.body)
    assert not (postponed and layer in {"assets", "checks", "resources", "automation", "definitions.py"})


def test_no_loop_over_the_rows_of_frames() -> None:
    """iterrows never; itertuples only where a comment says why there are few rows."""
    for path in MODULES:
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
            assert ".iterrows(" not in line, f"{path}:{number}"
