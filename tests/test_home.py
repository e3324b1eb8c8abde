"""Where everything is, and that it is private."""

import os
from pathlib import Path

import pytest

from hsmith import home as homes
from hsmith.home import Trouble


def test_one_folder_for_everything() -> None:
    home = homes.find({"HSMITH_HOME": "/x/y"})
    assert home.socket == Path("/x/y/keeper.sock")
    assert home.start_lock == Path("/x/y/start.lock")
    assert home.keeper_lock == Path("/x/y/keeper.lock")
    assert (home.store, home.config, home.log) == (
        Path("/x/y/store"),
        Path("/x/y/config.toml"),
        Path("/x/y/keeper.log"),
    )


def test_a_relative_home_is_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert homes.find({"HSMITH_HOME": "here"}).data == tmp_path / "here"


def test_the_folders_of_the_user() -> None:
    home = homes.find({"HOME": "/u", "XDG_RUNTIME_DIR": "/run/user/7", "HSMITH_HOME": ""})
    assert home.data == Path("/u/.local/share/hsmith")
    assert home.socket == Path("/run/user/7/hsmith/keeper.sock")
    assert home.config == Path("/u/.config/hsmith/config.toml")
    assert home.log == Path("/u/.local/state/hsmith/keeper.log")


def test_without_a_runtime_folder_the_socket_is_with_the_data() -> None:
    assert homes.find({"HOME": "/u"}).socket == Path("/u/.local/share/hsmith/keeper.sock")
    assert homes.find({"HOME": "/u", "XDG_RUNTIME_DIR": "run"}).runtime == Path("/u/.local/share/hsmith")


def test_the_xdg_variables() -> None:
    env = {"HOME": "/u", "XDG_DATA_HOME": "/d", "XDG_CONFIG_HOME": "/c", "XDG_STATE_HOME": "relative"}
    home = homes.find(env)
    assert (home.data, home.config) == (Path("/d/hsmith"), Path("/c/hsmith/config.toml"))
    assert home.log == Path("/u/.local/state/hsmith/keeper.log")


def test_folders_are_private_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        home = homes.find({"HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path / "run")})
        home.prepare()
        os.close(homes.open_private(home.keeper_lock))
    finally:
        os.umask(before)
    for folder in (home.data, home.runtime, home.log.parent):
        assert folder.stat().st_mode & 0o777 == 0o700
    assert home.keeper_lock.stat().st_mode & 0o777 == 0o600


def test_an_empty_folder_is_closed_to_others_but_not_one_that_serves_others(tmp_path: Path) -> None:
    empty, other = tmp_path / "empty", tmp_path / "other"
    for folder in (empty, other):
        folder.mkdir()
        folder.chmod(0o755)
    (other / "something").touch()
    homes.make_private(empty)
    assert empty.stat().st_mode & 0o777 == 0o700
    (other / "start.lock").touch()  # the module's, which does not look first
    with pytest.raises(Trouble, match="chmod 700"):
        homes.make_private(other)
    assert other.stat().st_mode & 0o777 == 0o755


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_somebody_else_is_refused_in_words(tmp_path: Path) -> None:
    os.chown(tmp_path, 12345, 0)
    with pytest.raises(Trouble, match="belongs to user 12345"):
        homes.make_private(tmp_path)


def test_a_home_that_cannot_be_made_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(Trouble, match=str(tmp_path)):
            homes.make_private(path)


def test_a_link_in_the_place_of_a_file_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "target")
    with pytest.raises(OSError, match="symbolic"):
        homes.open_private(tmp_path / "link")
    assert not (tmp_path / "target").exists()
