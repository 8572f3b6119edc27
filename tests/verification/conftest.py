"""Folders that edgeq wrote, a fresh copy for each test."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import edgeq
from edgeq import emit
from edgeq.emission import formats
from edgeq.emitters.registry import EMITTERS
from edgeq.vectors.write import write_vectors
from tests.verification.folders import INPUTS, graph


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders with the data formats, with the C project, of vectors, and a bundle; tests copy what they change."""
    root = tmp_path_factory.mktemp("written")
    for name in formats():
        if EMITTERS[name].check is None:
            emit(graph(), name, root / "out")
            emit(graph(), name, root / "alone" / name)
    emit(graph(), "c", root / "project")
    edgeq.save(graph(), root / "net.edgeq")
    write_vectors(graph(), INPUTS, root / "vectors")
    return root


@pytest.fixture
def out(written: Path, tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """The data formats in one folder; for a test of one of their files, the format of that file alone."""
    path = getattr(request.node, "callspec", None) and request.node.callspec.params.get("path")
    homes = [home for home in sorted((written / "alone").iterdir()) if path and (home / path).is_file()]
    return Path(shutil.copytree(homes[0] if homes else written / "out", tmp_path / "out"))


@pytest.fixture
def project(written: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(written / "project", tmp_path / "project"))


@pytest.fixture
def vectors(written: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(written / "vectors", tmp_path / "vectors"))
