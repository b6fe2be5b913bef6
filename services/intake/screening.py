"""Screening an order: from what its channel said to what is kept of it, with the holds that are placed on it.

In this order: the channel's places and SKUs become ours; the address is written as its country does, and checked; an
order that looks the same is searched; what the channel's settings say is filled in where it is silent; the active
rules are tried; a customer's credit is looked at. Nothing of it refuses an order: what is wrong is held.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from oms.intake.v1 import screening_facts_pb2 as pb
from services.chassis.database import Connection, Database
from services.chassis.service import Parts
from services.intake import store_mapping, store_screening
from services.intake.addresses import checked, with_phones
from services.intake.channel_memory import ChannelMemory
from services.intake.crediting import HANDLE as CREDIT_HANDLE
from services.intake.crediting import credit_hold, may_owe
from services.intake.domain.channel import NOTHING_SAID, Channel
from services.intake.domain.draft import Draft, HoldSpec, HoldType
from services.intake.domain.duplicates import prints
from services.intake.domain.region import region_of
from services.intake.domain.screening import (
    ADDRESS_HANDLE,
    DUPLICATE_HANDLE,
    Finding,
    RuleSet,
    Subject,
    screen,
)
from services.intake.mapping import located, mapped
from services.intake.risk import Risk, RiskPort, connect
from services.intake.screening_facts import NO_HISTORY, NO_RISK, facts
from services.intake.screening_memory import ScreeningMemory
from services.intake.settings import IntakeSettings
from services.intake.store_screening import Asked, Seen
from services.kernel.errors import OmsError


@dataclass(frozen=True, slots=True, kw_only=True)
class Screening:
    """What one order is screened by; it was made ready before the transaction that accepts the order."""

    rules: tuple[RuleSet, ...] = ()
    maps_skus: bool = False
    has_locations: bool = False
    # What orders of the channel are where they do not say.
    defaults: Channel = NOTHING_SAID
    # How far apart two orders may be that look like one.
    around: timedelta = timedelta()
    risk: Risk | None = None
    risk_problem: str = ""

    def complete(self, draft: Draft) -> bool:
        """Tell whether nothing has to be looked up for the order, except whether another looks like it."""
        looked_up = self.maps_skus or (self.has_locations and draft.details.location_code)
        return not looked_up and not may_owe(draft) and not any(one.uses("history") for one in self.rules)


@dataclass(frozen=True, slots=True, kw_only=True)
class Screened:
    """An order as it is kept, and what its new holds come from."""

    draft: Draft
    findings: tuple[Finding, ...]

    def held(self, hold: HoldSpec, *, rule: str) -> "Screened":
        """Return the order with one hold more."""
        draft = replace(self.draft, holds=(*self.draft.holds, hold))
        return Screened(draft=draft, findings=(*self.findings, Finding(hold=hold, rule=rule)))


class Screener:
    """Makes screenings ready, and tries them."""

    def __init__(
        self,
        *,
        database: Database,
        memory: ScreeningMemory,
        channels: ChannelMemory,
        risk: RiskPort,
        around: timedelta,
    ) -> None:
        self._database = database
        self.memory = memory
        self._channels = channels
        self._risk = risk
        self.around = around

    async def ready(self, draft: Draft, *, rules: tuple[RuleSet, ...] | None = None, dry: bool = False) -> Screening:
        """Return what the order is screened by. Somebody outside is asked only where a rule looks at the answer, and
        only for an order that is not there yet."""
        known = await self.memory.known()
        fitting = tuple(one for one in (known.rules if rules is None else rules) if _may_fit(one, draft))
        screening = Screening(
            rules=fitting,
            maps_skus=draft.channel in known.channels_with_skus,
            has_locations=draft.channel in known.channels_with_locations,
            defaults=await self._channels.channel(draft.channel),
            around=self.around,
        )
        if not any(one.uses("risk") for one in fitting) or (not dry and await self._is_there(draft)):
            return screening
        try:
            return replace(screening, risk=await self._risk.score(draft))
        except OmsError as error:
            return replace(screening, risk_problem=error.message)

    async def rehearse(
        self, draft: Draft, *, order_id: str, rules: tuple[RuleSet, ...] | None, now: datetime
    ) -> Screened:
        """Return what would become of the order; with an id, it is there and was mapped when it came."""
        screening = await self.ready(draft, rules=rules, dry=True)
        if order_id:
            screening = replace(screening, maps_skus=False, has_locations=False)
        async with self._database.connect() as conn:
            placed = await with_location(conn, draft, screening)
            screened = await screened_draft(conn, placed, screening, order_id=order_id, now=now, dry=True)
        assert screened is not None  # noqa: S101 - a rehearsal does not look whether the order is there
        return screened

    async def _is_there(self, draft: Draft) -> bool:
        async with self._database.connect() as conn:
            return await store_screening.exists(conn, draft.channel, draft.external_id)


def screener_of(parts: Parts) -> Screener:
    """Return what screens orders, as the settings say."""
    return Screener(
        database=parts.database,
        memory=ScreeningMemory(parts.database, parts.clock),
        channels=ChannelMemory(parts.database, parts.clock),
        risk=connect(parts),
        around=timedelta(minutes=IntakeSettings().duplicate_minutes),
    )


def _may_fit(rules: RuleSet, draft: Draft) -> bool:
    # Where a code stands for the address, the region is known later.
    region = region_of(draft.ship_to.country_code)
    return rules.fits(draft.channel, region) or (
        bool(draft.details.location_code) and rules.fits(draft.channel, next(iter(rules.regions), region))
    )


async def with_location(conn: Connection, draft: Draft, screening: Screening) -> Draft:
    """Return the draft with the address that its channel names by a code, where the address book has it."""
    code = draft.details.location_code
    if not (screening.has_locations and code) or draft.ship_to.lines:
        return draft
    place = await store_mapping.place_of(conn, draft.channel, code)
    return located(draft, {code: place} if place else {})


async def screened_draft(
    conn: Connection, draft: Draft, screening: Screening, *, order_id: str, now: datetime, dry: bool = False
) -> Screened | None:
    """Return the order as it is kept, with its holds; None where the channel's order is there already.

    Orders with the same fingerprint wait for each other here, until their transactions end.
    """
    if screening.maps_skus:
        goods = await store_mapping.goods_of(conn, draft.channel, {line.sku for line in draft.lines})
        draft = mapped(draft, goods)
    addressed = with_address(draft)
    asked = Asked(
        order_id=order_id,
        channel=draft.channel,
        external_id=draft.external_id,
        order_time=draft.order_time or now,
        prints=prints(addressed.draft),
        around=screening.around,
        history=any(one.uses("history") for one in screening.rules),
    )
    seen = await store_screening.look(conn, asked, write=not dry)
    if seen.existing:
        return None
    screened = judged(addressed, screening, seen, now=now)
    hold = await credit_hold(conn, screened.draft, lock=not dry)
    return screened.held(hold, rule=CREDIT_HANDLE) if hold else screened


async def as_kept(conn: Connection, draft: Draft, screening: Screening) -> Draft:
    """Return the draft in our words, as it would be kept, without the holds."""
    if screening.maps_skus:
        draft = mapped(draft, await store_mapping.goods_of(conn, draft.channel, {line.sku for line in draft.lines}))
    return screening.defaults.with_defaults(with_address(draft).draft)


def with_address(draft: Draft) -> Screened:
    """Return the order with its addresses and numbers as their country writes them, held where they are wrong."""
    ship_to, flaws = checked(draft.ship_to)
    bill_to = checked(draft.bill_to)[0] if draft.bill_to else None
    draft = with_phones(replace(draft, ship_to=ship_to, bill_to=bill_to))
    if not flaws or draft.details.pickup_location:
        return Screened(draft=draft, findings=())
    note = "; ".join(f"ship_to.{flaw.field}: {flaw.message}" for flaw in flaws)
    hold = HoldSpec(handle=ADDRESS_HANDLE, type=HoldType.INCORRECT_ADDRESS, note=note[:1000])
    return Screened(draft=draft, findings=(Finding(hold=hold, rule=ADDRESS_HANDLE),))


def judged(addressed: Screened, screening: Screening, seen: Seen, *, now: datetime) -> Screened:
    """Return the order with the holds that all that is known of it places; a handle that is there stays as it is."""
    draft, findings = screening.defaults.with_defaults(addressed.draft), list(addressed.findings)
    if seen.other_order:
        findings.append(_duplicate(seen))
    region = region_of(draft.ship_to.country_code)
    if rules := [one for one in screening.rules if one.fits(draft.channel, region)]:
        subject = _subject(draft, screening, seen, {finding.hold.handle for finding in findings})
        findings += [finding for one in rules for finding in screen(one, subject, now)]
    kept = {hold.handle: hold.type for hold in draft.holds}
    new = tuple(_beside(finding, kept) for finding in findings if kept.get(finding.hold.handle) != finding.hold.type)
    if not new:
        return Screened(draft=draft, findings=())
    return Screened(draft=replace(draft, holds=draft.holds + tuple(one.hold for one in new)), findings=new)


def _beside(finding: Finding, kept: Mapping[str, HoldType]) -> Finding:
    """Return the finding under another handle where whoever sent the order uses its handle for something else."""
    if finding.hold.handle not in kept:
        return finding
    return replace(finding, hold=replace(finding.hold, handle=f"screening/{finding.hold.handle}"[:100]))


def _duplicate(seen: Seen) -> Finding:
    at = f" of {seen.other_time:%Y-%m-%d %H:%M:%S} UTC" if seen.other_time else ""
    note = (
        f"{seen.other_order} ({seen.other_channel} {seen.other_external_id}){at} has the same customer, units and total"
    )
    hold = HoldSpec(handle=DUPLICATE_HANDLE, type=HoldType.POSSIBLE_DUPLICATE, note=note[:1000])
    return Finding(hold=hold, rule=DUPLICATE_HANDLE)


def _subject(draft: Draft, screening: Screening, seen: Seen, placed: set[str]) -> Subject:
    return Subject(
        facts=facts(draft, risk=_risk(screening.risk), history=_history(seen)),
        line_ids=[line.external_line_id for line in draft.lines],
        handles=placed | {hold.handle for hold in draft.holds},
        risk_problem=screening.risk_problem,
    )


def _risk(risk: Risk | None) -> pb.RiskFacts:
    return pb.RiskFacts(score=risk.score, reasons=risk.reasons) if risk else NO_RISK


def _history(seen: Seen) -> pb.HistoryFacts:
    if not (seen.customer_month or seen.address_month):
        return NO_HISTORY
    return pb.HistoryFacts(
        customer_orders_24h=seen.customer_day,
        customer_orders_30d=seen.customer_month,
        address_orders_24h=seen.address_day,
        address_orders_30d=seen.address_month,
    )
