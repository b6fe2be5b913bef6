"""Calendars, carrier services and products: protobuf ⇄ domain."""

from collections.abc import Iterable
from datetime import date, time

from google.type.money_pb2 import Money as MoneyMessage

from oms.routing.v1 import calendar_pb2, carrier_pb2, network_pb2
from services.routing.domain.calendar import Calendar, Shift
from services.routing.domain.carrier import WEEKDAYS, CarrierService, Lane, Surcharge
from services.routing.domain.product import DEFAULT_GRAMS, Product
from services.routing.public_holidays import public_holidays
from services.routing.wire_node import clock_text
from services.routing.wire_value import DEFAULT_CURRENCY, to_money

_END_OF_DAY = "24:00"
_DELIVERED_BY = time(23, 59, 59)
_ON_TIME_RATE = 0.95


def to_calendar(message: calendar_pb2.Calendar, years: Iterable[int]) -> Calendar:
    """Return the calendar, with the public holidays of these years among the days that are closed.

    Raises:
        UnknownHolidays: nobody knows the holidays of its country.
    """
    closed: dict[date, str] = {}
    if message.holiday_country_code:
        closed = public_holidays(message.holiday_country_code, message.holiday_subdivision, years)
    closed |= {date.fromisoformat(day.date): day.name or "day off" for day in message.days_off}
    special: dict[date, tuple[Shift, ...]] = {}
    for day in message.special_days:
        of_day = date.fromisoformat(day.date)
        special[of_day] = _in_order([*special.get(of_day, ()), to_shift(day)])
    return Calendar(
        calendar_id=message.calendar_id,
        hours=tuple(_in_order(to_shift(it) for it in message.hours if it.day == day) for day in range(1, 8)),
        closed=closed,
        special=special,
    )


def to_shift(message: calendar_pb2.Hours | calendar_pb2.SpecialDay) -> Shift:
    """Return the hours; the end of the day is midnight."""
    end = time() if message.end == _END_OF_DAY else time.fromisoformat(message.end)
    return Shift(start=time.fromisoformat(message.start), end=end)


def to_carrier_service(message: carrier_pb2.CarrierService) -> CarrierService:
    """Return the service; prices that are not set are nothing, in the currency of the others.

    Raises:
        UnusableMoney: a price is no amount of its currency.
    """
    currency = currency_of(message)
    return CarrierService(
        carrier_code=message.carrier_code,
        service_code=message.service_code,
        display_name=message.display_name,
        service_level=message.service_level,
        capabilities=frozenset(message.capabilities),
        lanes=tuple(_lane(lane, currency) for lane in message.lanes),
        dimensional_divisor=message.dimensional_divisor,
        max_unit_grams=message.max_unit_grams,
        surcharges=tuple(_surcharge(one, currency) for one in message.surcharges),
        cutoff=time.fromisoformat(message.cutoff_time),
        pickup_days=_weekdays(message.pickup_days),
        delivery_days=_weekdays(message.delivery_days),
        keeps_holidays=message.keeps_holidays,
        delivered_by=time.fromisoformat(message.delivered_by) if message.delivered_by else _DELIVERED_BY,
        daily_capacity=message.daily_capacity,
        on_time_rate=message.on_time_rate or _ON_TIME_RATE,
        disabled=message.disabled,
        disabled_reason=message.disabled_reason if message.disabled else "",
    )


def to_product(message: network_pb2.Product) -> Product:
    return Product(
        sku=message.sku,
        grams=message.grams or DEFAULT_GRAMS,
        length_mm=message.length_mm,
        width_mm=message.width_mm,
        height_mm=message.height_mm,
        required_capabilities=tuple(sorted(set(message.required_capabilities))),
        origin_country_code=message.origin_country_code,
        hs_code=message.hs_code,
    )


def from_product(product: Product) -> network_pb2.Product:
    return network_pb2.Product(
        sku=product.sku,
        grams=product.grams,
        length_mm=product.length_mm,
        width_mm=product.width_mm,
        height_mm=product.height_mm,
        required_capabilities=product.required_capabilities,
        origin_country_code=product.origin_country_code,
        hs_code=product.hs_code,
    )


def currency_of(message: carrier_pb2.CarrierService) -> str:
    """Return the currency that the service's prices are in: the first that is named."""
    prices = [price for lane in message.lanes for price in lane_prices(lane).values()]
    prices += [surcharge.amount for surcharge in message.surcharges]
    return next((price.currency_code for price in prices if price.currency_code), DEFAULT_CURRENCY)


def lane_prices(lane: carrier_pb2.Lane) -> dict[str, MoneyMessage]:
    """Return the prices of a lane that are set, by the names of their fields."""
    fields = {
        "parcel_price": lane.HasField("parcel_price"),
        "kilogram_price": lane.HasField("kilogram_price"),
        "unit_price": lane.HasField("unit_price"),
    }
    return {field: getattr(lane, field) for field, there in fields.items() if there}


def postal_prefix(text: str) -> str:
    """Return what postal codes are compared by: capitals and digits, no spaces."""
    return "".join(text.split()).upper()


def canonical_calendar(message: calendar_pb2.Calendar) -> calendar_pb2.Calendar:
    """Return the calendar as it is stored: what has no order is sorted, times have no seconds that are none."""
    bare = calendar_pb2.Calendar()
    bare.CopyFrom(message)
    bare.ClearField("update_time")
    hours = sorted(bare.hours, key=lambda it: (it.day, it.start, it.end))
    days_off = sorted(bare.days_off, key=lambda it: it.date)
    special_days = sorted(bare.special_days, key=lambda it: (it.date, it.start))
    for field in ("hours", "days_off", "special_days"):
        bare.ClearField(field)
    bare.hours.extend(hours)
    bare.days_off.extend(days_off)
    bare.special_days.extend(special_days)
    shifts: list[calendar_pb2.Hours | calendar_pb2.SpecialDay] = [*bare.hours, *bare.special_days]
    for shift in shifts:
        shift.start, shift.end = _clock(shift.start), _clock(shift.end)
    return bare


def canonical_service(message: carrier_pb2.CarrierService) -> carrier_pb2.CarrierService:
    """Return the service as it is stored: what has no order is sorted, postal codes are as they are compared."""
    bare = carrier_pb2.CarrierService()
    bare.CopyFrom(message)
    bare.ClearField("update_time")
    if not bare.disabled:
        bare.ClearField("disabled_reason")
    bare.cutoff_time, bare.delivered_by = _clock(bare.cutoff_time), _clock(bare.delivered_by)
    bare.capabilities[:] = sorted(set(bare.capabilities))
    for days in (bare.pickup_days, bare.delivery_days):
        days[:] = sorted(set(days))
    for lane in bare.lanes:
        lane.from_country_codes[:] = sorted(set(lane.from_country_codes))
    parts: list[carrier_pb2.Lane | carrier_pb2.Surcharge] = [*bare.lanes, *bare.surcharges]
    for part in parts:
        part.to_country_codes[:] = sorted(set(part.to_country_codes))
        part.to_postal_prefixes[:] = sorted(set(map(postal_prefix, part.to_postal_prefixes)))
    return bare


def _clock(text: str) -> str:
    return text if text in {"", _END_OF_DAY} else clock_text(time.fromisoformat(text))


def _in_order(shifts: Iterable[Shift]) -> tuple[Shift, ...]:
    return tuple(sorted(shifts, key=lambda shift: shift.start))


def _weekdays(days: Iterable[int]) -> frozenset[int]:
    return frozenset(day - 1 for day in days) or WEEKDAYS


def _lane(message: carrier_pb2.Lane, currency: str) -> Lane:
    return Lane(
        zone=message.zone,
        from_country_codes=frozenset(message.from_country_codes),
        to_country_codes=frozenset(message.to_country_codes),
        domestic=message.domestic,
        to_postal_prefixes=tuple(map(postal_prefix, message.to_postal_prefixes)),
        max_km=message.max_km,
        parcel_price=to_money(message.parcel_price, currency),
        kilogram_price=to_money(message.kilogram_price, currency),
        unit_price=to_money(message.unit_price, currency),
        transit_days=message.transit_days,
        least_transit_days=message.least_transit_days or message.transit_days,
    )


def _surcharge(message: carrier_pb2.Surcharge, currency: str) -> Surcharge:
    return Surcharge(
        name=message.name,
        basis_points=message.basis_points,
        amount=to_money(message.amount, currency),
        to_country_codes=frozenset(message.to_country_codes),
        to_postal_prefixes=tuple(map(postal_prefix, message.to_postal_prefixes)),
    )
