"""Settings that cannot work are refused at once, in words."""

import pytest

from services.chassis.settings import Settings

GOOD_SECRET = "whsec_" + "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"database_url": "mysql://x"}, "postgresql://"),
        ({"listen": "127.0.0.1"}, "host:port"),
        ({"inventory_address": "inventory:port"}, "host:port"),
        ({"jwt_secret": "short"}, "32 bytes"),
        ({"jwt_secret": "x" * 32, "jwt_jwks": "keys.json"}, "exclude each other"),
        ({"tls_key": "key.pem"}, "go together"),
        ({"tls_client_ca": "ca.pem"}, "needs OMS_TLS_CERTIFICATE"),
        ({"webhook_url": "https://example.com"}, "never sent unsigned"),
        ({"webhook_url": "ftp://example.com", "webhook_secret": GOOD_SECRET}, "https://"),
        ({"webhook_secret": "whsec_too-short"}, "24 to 64 bytes"),
        ({"call_timeout_seconds": 0}, "greater than 0"),
        ({"drain_seconds": -1}, "greater than 0"),
        ({"metrics_port": 70000}, "65535"),
    ],
)
def test_what_cannot_work_is_refused_with_the_reason(settings, said):
    with pytest.raises(ValueError, match=said):
        Settings(**settings)


@pytest.mark.parametrize("listen", ["0.0.0.0:7701", "[::]:7701", ":7701", "oms.example:7701"])
def test_a_server_refuses_to_listen_beyond_loopback_without_tls_and_callers(listen):
    with pytest.raises(ValueError, match="refusing to listen"):
        Settings(listen=listen)
    with pytest.raises(ValueError, match="refusing to listen"):
        Settings(listen=listen, jwt_secret="x" * 32)
    assert Settings(listen=listen, jwt_secret="x" * 32, tls_certificate="c", tls_key="k").knows_callers
    assert Settings(listen=listen, allow_insecure=True).allow_insecure


def test_secrets_do_not_show():
    shown = repr(Settings(jwt_secret="the secret of the house, 32 bytes", token="my-token", webhook_secret=GOOD_SECRET))
    assert "secret of" not in shown
    assert "my-token" not in shown
    assert GOOD_SECRET not in shown


@pytest.mark.parametrize("url", ["postgresql://oms@db/oms", "postgresql+asyncpg://oms@db/oms"])
def test_both_forms_of_a_database_url_are_taken(url):
    assert Settings(database_url=url).database_url == url
