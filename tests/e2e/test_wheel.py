"""The wheel holds its data, and works where there is no checkout."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(ROOT)],
        check=True, capture_output=True,
    )  # fmt: skip
    return next(out.glob("*.whl"))


def test_it_holds_queries_ontology_and_recipes(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    wanted = [f for folder in ("sparql", "ontology", "pipelines") for f in (ROOT / folder).rglob("*") if f.is_file()]
    assert not [f for f in wanted if f"met_kg/_data/{f.relative_to(ROOT).as_posix()}" not in names]
    assert "met_kg/py.typed" in names and not [n for n in names if n.startswith("tests/")]


def test_installed_elsewhere_it_runs(wheel: Path, tmp_path: Path) -> None:
    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    python = venv / "bin" / "python"
    site = next((venv / "lib").glob("python*/site-packages"))
    zipfile.ZipFile(wheel).extractall(site)
    # The libraries of this environment, but not its editable install of the package: a path without its .pth files.
    (site / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    said = subprocess.run(
        [python, "-c", "import met_kg; print(met_kg.__file__)"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert said.startswith(str(site))
    done = subprocess.run(
        [python, "-m", "met_kg.cli", "run", "quickstart", "--until", "quality", "--set=corpus.0.options.count=24"],
        cwd=tmp_path, check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "runs" / "quickstart" / "vqa.parquet").is_file()
