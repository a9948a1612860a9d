"""The house rules that no linter sees."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "jiesu"
# Migrations are generated: what they say of the tables stands in the models.
MODULES = sorted(path for path in SOURCE.rglob("*.py") if path.parent.name != "migrations")
LONGEST_MODULE = 600
LONGEST_FUNCTION = 60


def name(path: Path) -> str:
    return str(path.relative_to(SOURCE))


def test_core_imports_without_any_installed_package() -> None:
    modules = [f"jiesu.core.{path.stem}" for path in (SOURCE / "core").glob("[a-z]*.py")]
    code = f"import sys; sys.path.insert(0, {str(SOURCE.parent)!r}); import {', '.join(modules)}"
    done = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_city_folder_is_evaluated_without_django() -> None:
    modules = [
        ".".join(path.relative_to(SOURCE.parent).with_suffix("").parts)
        for folder in ("city", "sources", "evaluation", "insight", "briefing")
        for path in sorted((SOURCE / folder).rglob("[a-z]*.py"))
    ]
    code = (
        "import importlib, sys\n"
        "for name in ('django', 'ninja', 'axes', 'granian'): sys.modules[name] = None\n"
        f"for name in {modules!r}: importlib.import_module(name)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_modules_say_what_they_are_for_and_stay_short(path: Path) -> None:
    text = path.read_text("utf-8")
    assert ast.get_docstring(ast.parse(text))
    assert text.count("\n") <= LONGEST_MODULE


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_functions_stay_short(path: Path) -> None:
    long = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef):
            first = node.body[1 if ast.get_docstring(node) and len(node.body) > 1 else 0]
            if (node.end_lineno or 0) - first.lineno + 1 > LONGEST_FUNCTION:
                long.append(node.name)
    assert long == []


def test_folders_lie_at_most_two_deep() -> None:
    packages = {path.parent.relative_to(SOURCE) for path in MODULES}
    assert max(len(package.parts) for package in packages) <= 2


def project_files(root: Path) -> list[Path]:
    """The files of the project: those that git follows, without a history all but what is made."""
    command = ["git", "-c", "core.quotepath=false", "ls-files"]
    # A tree unpacked inside another repository has a history above it that is not its own.
    if (root / ".git").exists():
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            paths = [root / line for line in done.stdout.splitlines()]
            return [path for path in paths if path.is_file()]
    found: list[Path] = []
    for folder, names, files in os.walk(root):
        names[:] = [name for name in names if not is_made(name)]
        found += [Path(folder, file) for file in files]
    return found


def is_made(folder: str) -> bool:
    made = (".git", ".venv", "build", "dist", "__pycache__")
    return folder in made or folder.endswith((".egg-info", "_cache")) or folder == ".hypothesis"


def test_nothing_names_a_machine_or_a_package_index() -> None:
    words = ("/work/", "file:///", "/opt/pypi", "pypi.org", "pythonhosted", "index-url =")
    files = [path for path in project_files(ROOT) if path != Path(__file__).resolve()]
    assert files
    found = []
    for file in files:
        content = file.read_bytes()
        found += [f"{file}: {word}" for word in words if word.encode() in content]
    assert found == []


def test_without_a_history_all_files_but_those_made_are_the_project_s(tmp_path: Path) -> None:
    kept = ["a.py", "src/jiesu/b.py", "docs/c.md"]
    made = [".venv/x.py", "build/y", "dist/z.whl", ".mypy_cache/m", "src/jiesu/__pycache__/b.pyc"]
    for name in (*kept, *made, "src/jiesu.egg-info/PKG-INFO", ".hypothesis/h"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("", "utf-8")
    expected = {tmp_path / name for name in kept}
    assert set(project_files(tmp_path)) == expected
    # A broken history is as good as none.
    (tmp_path / ".git").write_text("gitdir: nowhere", "utf-8")
    assert set(project_files(tmp_path)) == {*expected, tmp_path / ".git"}
