"""`make install` on Pythons that lack something."""

import hashlib
import os
import sys
from pathlib import Path

import pytest

from deploy import install

WITHOUT_ENSUREPIP = """#!/bin/sh
case "$*" in
  *--without-pip*) exec {python} "$@" ;;
  *"-m venv"*) echo "ensurepip is not available" >&2; exit 1 ;;
  *) exec {python} "$@" ;;
esac
"""


def test_a_python_without_ensurepip_still_makes_an_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    crippled = tmp_path / "python3"
    crippled.write_text(WITHOUT_ENSUREPIP.format(python=sys.executable))
    crippled.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(crippled))
    install.make_environment(tmp_path / "env")
    assert install.works(tmp_path / "env" / "bin" / "python")


def test_a_python_without_venv_is_told_which_package_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(install.InstallError, match=rf"apt install python3\.{sys.version_info.minor}-venv"):
        install.make_environment(tmp_path / "env")


def test_an_environment_that_is_up_to_date_is_left_alone(tmp_path: Path) -> None:
    lock = tmp_path / "some.lock"
    lock.write_text("")
    environment = tmp_path / "env"
    environment.mkdir()
    state = hashlib.sha256(lock.read_bytes() + sys.version.encode() + install.UV.encode()).hexdigest()
    (environment / ".installed").write_text(state)
    install.install(environment, lock)
    assert os.listdir(environment) == [".installed"]  # noqa: PTH208 - names are what is compared


def test_a_moved_or_half_made_environment_does_not_count(tmp_path: Path) -> None:
    assert not install.works(tmp_path / "bin" / "python")


def test_uvs_own_sources_are_not_overridden(tmp_path: Path) -> None:
    assert install.uv_has_sources({"UV_DEFAULT_INDEX": "https://mirror.example/simple"})
    (tmp_path / "uv").mkdir()
    (tmp_path / "uv" / "uv.toml").write_text("")
    assert install.uv_has_sources({"XDG_CONFIG_HOME": str(tmp_path)})
