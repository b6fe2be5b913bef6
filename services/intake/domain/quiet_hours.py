"""When it is night where a customer is: no text message arrives then."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

# Of a country with several zones, the easternmost and the westernmost where many live: it is night if it is in one.
_ZONES: Mapping[str, tuple[str, ...]] = {
    "AE": ("Asia/Dubai",),
    "AR": ("America/Argentina/Buenos_Aires",),
    "AT": ("Europe/Vienna",),
    "AU": ("Australia/Sydney", "Australia/Perth"),
    "BE": ("Europe/Brussels",),
    "BG": ("Europe/Sofia",),
    "BR": ("America/Sao_Paulo", "America/Manaus"),
    "CA": ("America/St_Johns", "America/Vancouver"),
    "CH": ("Europe/Zurich",),
    "CL": ("America/Santiago",),
    "CN": ("Asia/Shanghai",),
    "CO": ("America/Bogota",),
    "CY": ("Asia/Nicosia",),
    "CZ": ("Europe/Prague",),
    "DE": ("Europe/Berlin",),
    "DK": ("Europe/Copenhagen",),
    "EE": ("Europe/Tallinn",),
    "ES": ("Europe/Madrid", "Atlantic/Canary"),
    "FI": ("Europe/Helsinki",),
    "FR": ("Europe/Paris",),
    "GB": ("Europe/London",),
    "GR": ("Europe/Athens",),
    "HK": ("Asia/Hong_Kong",),
    "HR": ("Europe/Zagreb",),
    "HU": ("Europe/Budapest",),
    "ID": ("Asia/Jakarta", "Asia/Jayapura"),
    "IE": ("Europe/Dublin",),
    "IL": ("Asia/Jerusalem",),
    "IN": ("Asia/Kolkata",),
    "IS": ("Atlantic/Reykjavik",),
    "IT": ("Europe/Rome",),
    "JP": ("Asia/Tokyo",),
    "KR": ("Asia/Seoul",),
    "LI": ("Europe/Zurich",),
    "LT": ("Europe/Vilnius",),
    "LU": ("Europe/Luxembourg",),
    "LV": ("Europe/Riga",),
    "MC": ("Europe/Monaco",),
    "MT": ("Europe/Malta",),
    "MX": ("America/Mexico_City", "America/Tijuana"),
    "MY": ("Asia/Kuala_Lumpur",),
    "NL": ("Europe/Amsterdam",),
    "NO": ("Europe/Oslo",),
    "NZ": ("Pacific/Auckland",),
    "PH": ("Asia/Manila",),
    "PL": ("Europe/Warsaw",),
    "PT": ("Europe/Lisbon", "Atlantic/Azores"),
    "RO": ("Europe/Bucharest",),
    "RS": ("Europe/Belgrade",),
    "SA": ("Asia/Riyadh",),
    "SE": ("Europe/Stockholm",),
    "SG": ("Asia/Singapore",),
    "SI": ("Europe/Ljubljana",),
    "SK": ("Europe/Bratislava",),
    "TH": ("Asia/Bangkok",),
    "TR": ("Europe/Istanbul",),
    "TW": ("Asia/Taipei",),
    "UA": ("Europe/Kyiv",),
    "US": ("America/New_York", "America/Los_Angeles"),
    "VN": ("Asia/Ho_Chi_Minh",),
    "ZA": ("Africa/Johannesburg",),
}
_MOST_STEPS = 8


def not_before(now: datetime, country_code: str, *, from_hour: int, to_hour: int) -> datetime:
    """Return now where it is day there, else when the night is over; countries that are not known live in UTC.

    The night is from the first hour to the second; where they are the same there is none.
    """
    moment = now
    # The morning of one zone may be the night of the other.
    for _ in range(_MOST_STEPS):
        ends = [_end_of_night(moment, zone, from_hour, to_hour) for zone in _zones(country_code)]
        late = [end for end in ends if end is not None]
        if not late:
            return moment
        moment = max(late)
    return moment


def local_date(moment: datetime, country_code: str) -> date:
    """Return which day it is there, where most people live."""
    return moment.astimezone(_zones(country_code)[0]).date()


def _zones(country_code: str) -> list[ZoneInfo]:
    return [ZoneInfo(name) for name in _ZONES.get(country_code, ("UTC",))]


def _end_of_night(moment: datetime, zone: ZoneInfo, from_hour: int, to_hour: int) -> datetime | None:
    local = moment.astimezone(zone)
    over_midnight = from_hour > to_hour
    night = local.hour >= from_hour or local.hour < to_hour if over_midnight else from_hour <= local.hour < to_hour
    if not night:
        return None
    day = local.date() + timedelta(days=1) if over_midnight and local.hour >= from_hour else local.date()
    return datetime.combine(day, time(to_hour), tzinfo=zone).astimezone(UTC)
