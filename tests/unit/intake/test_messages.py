from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.intake.domain.events import Event, EventType, Fact
from services.intake.domain.messages import MessageKind, address_digest, backoff, languages
from services.intake.domain.quiet_hours import _ZONES, local_date, not_before
from services.intake.domain.subscriptions import SLOWEST_BACKOFF, Failure, failed
from services.intake.messages.facts import day, sample
from services.intake.messages.rendering import BUILT_IN, Words, fill, spoken, status_words
from services.intake.status_links import StatusLinks
from services.intake.subscriber_address import check_url, resolved
from services.kernel.errors import FailedPrecondition, InvalidArgument, PermissionDenied

NIGHT = {"from_hour": 21, "to_hour": 8}
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("country", "local", "morning"),
    [
        ("DE", "2026-03-02T20:59", "2026-03-02T20:59"),
        ("DE", "2026-03-02T21:00", "2026-03-03T08:00"),
        ("DE", "2026-03-03T07:59", "2026-03-03T08:00"),
        # The night in which clocks go forward is an hour shorter.
        ("DE", "2026-03-28T23:30", "2026-03-29T08:00"),
        # Midnight of New York is evening in Los Angeles: both must have morning.
        ("US", "2026-03-02T21:30", "2026-03-03T11:00"),
        ("US", "2026-03-02T10:30", "2026-03-02T11:00"),
        ("US", "2026-03-02T20:30", "2026-03-02T20:30"),
    ],
)
def test_a_night_ends_in_the_morning_of_every_zone_of_the_country(country, local, morning):
    zone = ZoneInfo(_ZONES[country][0])
    moment = datetime.fromisoformat(local).replace(tzinfo=zone)
    assert not_before(moment, country, **NIGHT) == datetime.fromisoformat(morning).replace(tzinfo=zone)


def test_every_country_has_a_day_and_an_unknown_one_lives_in_utc():
    for country in (*_ZONES, "XX", ""):
        found = not_before(NOON, country, **NIGHT)
        assert NOON <= found <= NOON + timedelta(days=1)
        assert not_before(found, country, **NIGHT) == found, country
    assert not_before(NOON.replace(hour=22), "XX", from_hour=5, to_hour=5) == NOON.replace(hour=22)
    assert local_date(NOON.replace(hour=23), "JP").day == 3


def test_every_kind_has_words_in_every_language_and_names_the_order():
    for language in BUILT_IN:
        for kind in MessageKind:
            words = fill(kind, [], sample(kind, brand="", language=language))
            assert all("1001" in part for part in (words.subject, words.sms)), (language, kind)
            assert words.text.strip()
            assert "\n\n\n" not in words.text
            assert "&lt;Example&gt;" in words.html
        assert len(status_words(language)) == len(status_words("en"))
    assert (spoken("fr-ca"), spoken("pt-BR"), languages("fr-ca")) == ("fr", "en", ("fr-ca", "fr"))
    assert [day(NOON, one, "US") for one in ("en", "de-at", "fr", "pt")] == [
        "2 March 2026",
        "2. März 2026",
        "2 mars 2026",
        "2026-03-02",
    ]


def test_a_subject_is_one_line_and_a_template_cannot_run_away():
    facts = sample(MessageKind.HELD, brand="", language="en")
    assert fill(MessageKind.HELD, [Words(subject="a\r\nBcc: b")], facts).subject == "a Bcc: b"
    looped = "{% for a in range(99999999) %}{% for b in range(99999999) %}x{% endfor %}{% endfor %}"
    assert len(fill(MessageKind.HELD, [Words(sms=looped)], facts).sms) == 10_000
    for words in ("{{ 2 ** 99999999 }}", "{{ items * 999999999 }}", "{{ items.append(1) }}"):
        with pytest.raises(InvalidArgument):
            fill(MessageKind.HELD, [Words(text=words)], facts)


def test_an_address_is_the_same_however_it_is_written():
    assert address_digest(" Robin@Example.COM ") == address_digest("robin@example.com")
    assert address_digest("0049 (170) 123-4567") == address_digest("+491701234567")
    for nonsense in ("", "robin", "0170 1234567", "a@b@c", "a b@example.com"):
        with pytest.raises(InvalidArgument):
            address_digest(nonsense)


def test_waits_grow_to_a_limit():
    event = Event(
        fact=Fact(type=EventType.NOTED, key="", actor=""),
        event_id="evt_1",
        order_id="ord_1",
        sequence=1,
        create_time=NOON,
        transaction_id=1,
    )
    failure: Failure | None = None
    waits = []
    for _ in range(40):
        failure = failed(failure, event, "no", NOON, jitter=1.0)
        waits.append(failure.next_attempt_time - NOON)
    assert waits[:3] == [timedelta(seconds=1), timedelta(seconds=2), timedelta(seconds=4)]
    assert waits == sorted(waits)
    assert waits[-1] == SLOWEST_BACKOFF
    assert backoff(100) == timedelta(hours=1)


def test_a_link_is_good_for_its_order_and_its_time_only():
    links = StatusLinks("k" * 32, "https://shop.example/status")
    token = links.token("ord_1", NOON)
    assert links.order_id(token, NOON - timedelta(seconds=1)) == "ord_1"
    other = StatusLinks("l" * 32, "").token("ord_1", NOON + timedelta(days=9))
    for bad, now in [(token, NOON), (other, NOON), ("", NOON), ("é", NOON), (token[:10], NOON)]:
        with pytest.raises(PermissionDenied):
            links.order_id(bad, now)
    with pytest.raises(FailedPrecondition):
        StatusLinks("", "").token("ord_1", NOON)
    with pytest.raises(PermissionDenied):
        StatusLinks("", "").order_id(token, NOON - timedelta(days=1))


async def test_a_name_that_leads_inside_is_refused_when_it_is_looked_up():
    check_url("http://localhost:80/x", allow_http=False)
    check_url("http://example.com/x", allow_http=True)
    assert await resolved("http://127.0.0.1:1/x") == "127.0.0.1"
    assert await resolved("http://localhost:1/x") in ("127.0.0.1", "::1")
    with pytest.raises(OSError, match=r"\w"):
        await resolved("https://no-such-host.invalid/")
