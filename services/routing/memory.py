"""What a replica keeps in memory: the network and the rules in force, ready for use.

Both carry the version that the database had when they were read. Every plan reads the versions anew, in the statement
that it needs anyway, so what is kept is never used a moment longer than it is true.
"""

import asyncio
import hashlib
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog

from oms.routing.v1 import network_pb2, rule_set_pb2
from services.kernel.clock import Clock
from services.routing import public_holidays, rules_reading, store_network, store_rules, wire_network, wire_node
from services.routing.domain.builtin_carriers import SERVICES
from services.routing.domain.carrier import Holidays
from services.routing.domain.network import Network
from services.routing.domain.rules import BUILTIN, Rules
from services.routing.store import Connection

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The network and the rules in force. `snapshot` is the network as decisions record it."""

    network: Network
    snapshot: bytes
    active: tuple[Rules, ...]
    shadows: tuple[Rules, ...]


class Memory:
    """Reads again what has changed, and only then."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._network: tuple[tuple[int, int], Network, bytes] | None = None
        self._rules: tuple[int, tuple[Rules, ...], tuple[Rules, ...]] | None = None
        self._read: dict[str, Rules] = {}
        self._one_reads = asyncio.Lock()

    async def known(self, conn: Connection, versions: Mapping[str, int]) -> Known:
        """Return what is true at these versions ("network", "rules"), which this connection has just read."""
        kept = self.kept(versions)
        if kept is None:
            async with self._one_reads:
                await self._read_again(conn, self._wanted(versions), versions["rules"])
            kept = self._both()
        return kept

    def kept(self, versions: Mapping[str, int]) -> Known | None:
        """Return what is in memory, if it is what is true at these versions."""
        if self._network is None or self._network[0] != self._wanted(versions):
            return None
        return self._both() if self._rules is not None and self._rules[0] == versions["rules"] else None

    def _wanted(self, versions: Mapping[str, int]) -> tuple[int, int]:
        # Public holidays are known for some years around this one.
        return versions["network"], self._clock.now().year

    def _both(self) -> Known:
        assert self._network is not None and self._rules is not None  # noqa: S101, PT018 - both were read
        return Known(
            network=self._network[1],
            snapshot=self._network[2],
            active=self._rules[1],
            shadows=self._rules[2],
        )

    async def rules(self, conn: Connection, version: str) -> Rules:
        """Return the rules of a version, "id@n", in whatever state.

        Raises:
            RuleSetNotFound: there is no such version.
        """
        if version == BUILTIN.version:
            return BUILTIN
        if version in self._read:
            return self._read[version]
        return await self._compiled(await store_rules.find(conn, version), version)

    async def _read_again(self, conn: Connection, wanted: tuple[int, int], rules_version: int) -> None:
        if self._network is None or self._network[0] != wanted:
            message = await store_network.network(conn)
            written = message.SerializeToString(deterministic=True)
            digest = hashlib.sha256(written).hexdigest()
            network = await asyncio.to_thread(build, message, digest, wanted[1])
            self._network = wanted, network, zlib.compress(written)
        if self._rules is None or self._rules[0] != rules_version:
            active, shadows = await store_rules.active(conn), await store_rules.shadows(conn)
            self._rules = rules_version, await self._readable(active), await self._readable(shadows)

    async def _readable(self, found: Sequence[tuple[rule_set_pb2.RuleSet, str]]) -> tuple[Rules, ...]:
        rules = []
        for message, version in found:
            try:
                rules.append(await self._compiled(message, version))
            except rules_reading.InvalidRuleSet as error:
                # Saved by an older release that asked for less: orders go on by the other rules, and somebody is told.
                _log.error("rules in force cannot be used", rule_set=version, error=str(error))
        return tuple(rules)

    async def _compiled(self, message: rule_set_pb2.RuleSet, version: str) -> Rules:
        if version not in self._read:
            self._read[version] = await asyncio.to_thread(rules_reading.read, message, version)
        return self._read[version]


def build(message: network_pb2.Network, digest: str, year: int) -> Network:
    """Return a network ready for planning; where nobody said who carries, the built-in services do."""
    years = range(year - 1, year + 3)

    def holidays(country_code: str) -> Holidays:
        try:
            return public_holidays.public_holidays(country_code, "", years)
        except public_holidays.UnknownHolidays:
            return {}  # a country whose holidays nobody knows: it keeps none

    return Network(
        [wire_node.to_node(node) for node in message.nodes],
        {one.calendar_id: wire_network.to_calendar(one, years) for one in message.calendars},
        [wire_network.to_carrier_service(one) for one in message.carrier_services] or SERVICES,
        holidays=holidays,
        digest=digest,
    )
