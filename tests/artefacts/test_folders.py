"""Folders are replaced whole, put back when that fails, and by one program at a time."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from edgeq.artefacts.files import new_folder
from edgeq.artefacts.regular import is_regular, require_regular
from edgeq.artefacts.turns import turn
from edgeq.errors import ArtefactError, BundleError


def make(folder: Path, text: str) -> Path:
    folder.mkdir()
    (folder / "file").write_text(text)
    return folder


def fail_rename(monkeypatch: pytest.MonkeyPatch, number: int, before: object = None) -> None:
    """Let the rename of that number fail, after ``before`` is called."""
    true_rename, calls = Path.rename, []

    def rename(self: Path, target: Path) -> Path:
        calls.append(self)
        if len(calls) == number:
            if callable(before):
                before()
            raise PermissionError(13, "Permission denied")
        return true_rename(self, target)

    monkeypatch.setattr(Path, "rename", rename)


@pytest.mark.parametrize("number", [1, 2])
def test_a_failed_rename_leaves_what_was_there(number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = make(tmp_path / "out", "old")
    fail_rename(monkeypatch, number)
    with pytest.raises(PermissionError), new_folder(out) as folder:
        (folder / "file").write_text("new")
    assert [p.name for p in tmp_path.iterdir()] == ["out"]
    assert (out / "file").read_text() == "old"


def test_what_cannot_be_put_back_is_kept_and_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = make(tmp_path / "out", "old")
    fail_rename(monkeypatch, 2, lambda: make(out, "of another program"))
    said = r"could not be replaced \(Directory not empty\); what it held is in"
    with pytest.raises(ArtefactError, match=said) as caught, \
            new_folder(out) as folder:
        (folder / "file").write_text("new")
    kept = Path(str(caught.value).rsplit(" in ", 1)[1])
    assert (kept / "file").read_text() == "old"
    assert (out / "file").read_text() == "of another program"


def test_a_folder_that_appears_meanwhile_is_not_written_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "out"
    monkeypatch.setattr(Path, "exists", lambda self: False)  # as seen a moment before
    with pytest.raises(ArtefactError, match="out: was changed while it was being written; run the command again"), \
            new_folder(out):
        make(out, "of another program")
    assert (out / "file").read_text() == "of another program"


def test_turns_exclude_each_other_and_leave_nothing(tmp_path: Path) -> None:
    said: list[str] = []

    def work(name: str) -> None:
        for _ in range(5):  # who comes again may find the lock's file new
            with turn(tmp_path / "out") as take_turn:
                take_turn()
                said.append(f"{name} in")
                time.sleep(0.002)
                said.append(f"{name} out")

    (tmp_path / ".out.lock").write_bytes(b"")  # of a program that was killed
    threads = [threading.Thread(target=work, args=(str(k),)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert [s.split()[1] for s in said] == ["in", "out"] * 40
    assert all(a.split()[0] == b.split()[0] for a, b in zip(said[::2], said[1::2], strict=True))
    assert list(tmp_path.iterdir()) == []


def test_a_turn_that_is_not_taken_writes_nothing(tmp_path: Path) -> None:
    with turn(tmp_path / "absent" / "out"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_only_files_themselves_are_regular(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    (tmp_path / "link").symlink_to("file")
    os.mkfifo(tmp_path / "pipe")
    assert is_regular(tmp_path / "file")
    for name in ("link", "pipe", "absent", "a" * 300, "a\0b", "."):
        assert not is_regular(tmp_path / name)
    assert not is_regular(Path("/dev/zero"))
    with pytest.raises(BundleError, match="pipe: missing, or not a regular file"):
        require_regular(tmp_path / "pipe", BundleError)
