"""The house rules that no linter sees."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "jiesu"
MODULES = sorted(SOURCE.rglob("*.py"))
LONGEST_MODULE = 600
LONGEST_FUNCTION = 60


def name(path: Path) -> str:
    return str(path.relative_to(SOURCE))


def test_core_imports_without_any_installed_package() -> None:
    modules = [f"jiesu.core.{path.stem}" for path in (SOURCE / "core").glob("[a-z]*.py")]
    code = f"import sys; sys.path.insert(0, {str(SOURCE.parent)!r}); import {', '.join(modules)}"
    done = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True)
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


def test_nothing_names_a_machine_or_a_package_index() -> None:
    words = ("/work/", "file:///", "/opt/pypi", "pypi.org", "pythonhosted", "index-url =")
    files = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert files
    found = []
    for file in files:
        if file == "tests/test_architecture.py" or not (ROOT / file).is_file():
            continue
        content = (ROOT / file).read_bytes()
        found += [f"{file}: {word}" for word in words if word.encode() in content]
    assert found == []
