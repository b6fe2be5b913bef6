"""Feeds show what nothing older can still precede: tests of them wait until what they wrote can be shown."""

import time
from typing import Any

from sqlalchemy import text

_OLDEST = text("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
_OLDER_ELSEWHERE = text("""
SELECT count(*) FROM pg_stat_activity
WHERE datname <> current_database() AND backend_xid::text::bigint <= :newest
""")


async def settle(database: Any) -> None:
    """Wait until what is committed can be told: while any older transaction of the server is open, also one of another
    test's database, it is not. One that the test itself holds open is not waited for.
    """
    async with database.connect() as conn:
        newest = (await conn.execute(text("SELECT pg_current_xact_id()::text::bigint"))).scalar_one()
        give_up = time.monotonic() + 2
        while (await conn.execute(_OLDEST)).scalar_one() <= newest:
            others = (await conn.execute(_OLDER_ELSEWHERE, {"newest": newest})).scalar_one()
            if not others and time.monotonic() > give_up:
                return
