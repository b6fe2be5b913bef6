"""Lint the protos, check their format, and compare them with the last release.

Works on descriptor sets built by protos/build.py, so it needs no network. `released.binpb` is what clients out there
were built against: a change that would break them is refused.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

PROTOS = Path(__file__).resolve().parent
CONFIG = PROTOS / "buf.yaml"
RELEASED = PROTOS / "released.binpb"
BUF = Path(sys.executable).parent / "buf"


def check(current: Path, released: Path = RELEASED) -> list[str]:
    """Return what is wrong with the descriptor set `current`, one line each."""
    lint = _buf("lint", str(current), "--path", "oms", "--config", str(CONFIG))
    breaking = _buf("breaking", str(current), "--against", str(released), "--path", "oms", "--config", str(CONFIG))
    return [*lint, *breaking]


def check_format() -> list[str]:
    """Return how the sources differ from buf's format."""
    return _buf("format", str(PROTOS), "--diff", "--exit-code")


def _buf(*arguments: str) -> list[str]:
    done = subprocess.run([str(BUF), *arguments], capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return []
    return [line for line in (done.stdout + done.stderr).splitlines() if line.strip()] or [f"buf {arguments[0]} failed"]


def main() -> int:
    """Print what is wrong; 0 where nothing is."""
    sys.path.insert(0, str(PROTOS))
    from build import generate

    with tempfile.TemporaryDirectory() as folder:
        generate(Path(folder))
        found = [*check_format(), *check(Path(folder) / "oms.binpb")]
    print("\n".join(found) if found else "protos: ok")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
