"""A sandbox's memory: one SQLite file, written before anything is answered, so that kill -9 loses nothing.

It holds three things: records (what is known), answers (so that a key is done once), and tasks (what is still to be
done, and by when). Tasks of one lane are done one after the other, in the order in which they were written; a task that
fails is tried again, later and later, until it succeeds or says that it never will.
"""

import contextlib
import json
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_SCHEMA = """
CREATE TABLE IF NOT EXISTS records (
    kind TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (kind, id)
) STRICT;
CREATE TABLE IF NOT EXISTS answers (
    key TEXT PRIMARY KEY, digest TEXT NOT NULL, status INTEGER NOT NULL, body TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS tasks (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT, lane TEXT NOT NULL, name TEXT NOT NULL, body TEXT NOT NULL,
    due REAL NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, given_up TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS tasks_to_do ON tasks (lane, sequence) WHERE given_up IS NULL;
"""

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Task:
    """Something to be done: `name` says what, `body` to what, `lane` after what."""

    sequence: int
    lane: str
    name: str
    body: Body
    due: float
    attempts: int


class Journal:
    """One file. Every method is a transaction of its own, or part of the one around it."""

    def __init__(self, path: str | Path) -> None:
        if str(path) != ":memory:":
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        self._file = sqlite3.connect(path, isolation_level=None)
        self._file.execute("PRAGMA journal_mode = WAL")
        self._file.execute("PRAGMA synchronous = FULL")
        self._file.executescript(_SCHEMA)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing. Nothing may be awaited inside."""
        if self._file.in_transaction:
            yield
            return
        self._file.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._file.execute("ROLLBACK")
            raise
        self._file.execute("COMMIT")

    # What is known

    def get(self, kind: str, identity: str) -> Body | None:
        """Return a record, or None."""
        row = self._file.execute("SELECT body FROM records WHERE kind = ? AND id = ?", (kind, identity)).fetchone()
        return json.loads(row[0]) if row else None

    def put(self, kind: str, identity: str, body: Mapping[str, Any]) -> None:
        """Write a record, over what was there."""
        self._file.execute(
            "INSERT INTO records VALUES (?, ?, ?) ON CONFLICT (kind, id) DO UPDATE SET body = excluded.body",
            (kind, identity, json.dumps(body)),
        )

    def remove(self, kind: str, identity: str) -> None:
        """Forget a record."""
        self._file.execute("DELETE FROM records WHERE kind = ? AND id = ?", (kind, identity))

    def all(self, kind: str) -> dict[str, Body]:
        """Return every record of a kind, by id."""
        rows = self._file.execute("SELECT id, body FROM records WHERE kind = ? ORDER BY id", (kind,))
        return {identity: json.loads(body) for identity, body in rows}

    # What was answered

    def answer(self, key: str) -> tuple[str, int, Body] | None:
        """Return the digest of what was asked with this key, and the status and body of what was answered; or None."""
        row = self._file.execute("SELECT digest, status, body FROM answers WHERE key = ?", (key,)).fetchone()
        return (row[0], row[1], json.loads(row[2])) if row else None

    def remember(self, key: str, digest: str, status: int, body: Mapping[str, Any]) -> None:
        """Write what was answered."""
        self._file.execute("INSERT INTO answers VALUES (?, ?, ?, ?)", (key, digest, status, json.dumps(body)))

    # What is to be done

    def add_task(self, lane: str, name: str, body: Mapping[str, Any], *, due: float) -> None:
        """Write down something to be done, after everything that the lane has to do already."""
        self._file.execute(
            "INSERT INTO tasks (lane, name, body, due) VALUES (?, ?, ?, ?)", (lane, name, json.dumps(body), due)
        )

    def due_tasks(self, now: float, *, without: frozenset[str], limit: int) -> list[Task]:
        """Return the first tasks of lanes, where they are due; lanes in `without` are at work."""
        rows = self._file.execute(
            "SELECT min(sequence), lane, name, body, due, attempts FROM tasks WHERE given_up IS NULL GROUP BY lane"
        )
        tasks = [Task(row[0], row[1], row[2], json.loads(row[3]), row[4], row[5]) for row in rows]
        return [task for task in tasks if task.due <= now and task.lane not in without][:limit]

    def finish(self, task: Task) -> None:
        """The task is done."""
        self._file.execute("DELETE FROM tasks WHERE sequence = ?", (task.sequence,))

    def postpone(self, task: Task, due: float) -> None:
        """The task failed, and is to be tried again."""
        self._file.execute("UPDATE tasks SET attempts = attempts + 1, due = ? WHERE sequence = ?", (due, task.sequence))

    def give_up(self, task: Task, why: str) -> None:
        """The task will never succeed; it stays, to be looked at, and holds nobody up."""
        self._file.execute("UPDATE tasks SET given_up = ? WHERE sequence = ?", (why, task.sequence))

    def given_up(self) -> list[Body]:
        """Return what was given up, and why."""
        rows = self._file.execute("SELECT lane, name, body, given_up FROM tasks WHERE given_up IS NOT NULL")
        return [{"lane": row[0], "name": row[1], "body": json.loads(row[2]), "why": row[3]} for row in rows]
