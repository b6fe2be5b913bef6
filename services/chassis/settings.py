"""Settings, from the environment. Every default is safe: loopback, no credentials, everything bounded."""

import base64
import ipaddress
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

SERVICES = ("intake", "inventory", "routing", "fulfillment", "returns")
Positive = Annotated[float, Field(gt=0)]


class Settings(BaseSettings):
    """What every part of the system may be told; each name is read from OMS_<NAME>."""

    model_config = SettingsConfigDict(env_prefix="OMS_", frozen=True, extra="ignore")

    database_url: str = "postgresql://oms@127.0.0.1:5432/oms"
    database_pool_size: Annotated[int, Field(ge=1, le=100)] = 10
    listen: str = "127.0.0.1:0"

    intake_address: str = "127.0.0.1:7701"
    inventory_address: str = "127.0.0.1:7702"
    routing_address: str = "127.0.0.1:7703"
    fulfillment_address: str = "127.0.0.1:7704"
    returns_address: str = "127.0.0.1:7705"
    temporal_address: str = "127.0.0.1:7233"
    temporal_namespace: str = "default"

    # Who the server is, and whose certificates it accepts.
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    tls_client_ca: Path | None = None
    # Whose certificates a client accepts, and who it says it is.
    tls_server_ca: Path | None = None
    tls_client_certificate: Path | None = None
    tls_client_key: Path | None = None

    jwt_jwks: Path | None = None
    jwt_secret: SecretStr | None = None
    jwt_issuer: str | None = None
    jwt_audience: str = "oms"
    token: SecretStr | None = None
    # Listen beyond loopback without knowing who calls. Only for networks that know it themselves.
    allow_insecure: bool = False

    otlp_endpoint: str | None = None
    metrics_port: Annotated[int, Field(ge=0, le=65535)] | None = None
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["json", "text"] = "json"

    drain_seconds: Positive = 10.0
    call_timeout_seconds: Positive = 10.0
    max_message_bytes: Annotated[int, Field(ge=1024, le=64 * 1024 * 1024)] = 4 * 1024 * 1024

    webhook_url: str | None = None
    webhook_secret: SecretStr | None = None
    relay_enabled: bool = True

    @field_validator("database_url")
    @classmethod
    def _postgresql(cls, url: str) -> str:
        if not url.startswith(("postgresql://", "postgresql+asyncpg://")):
            raise ValueError("OMS_DATABASE_URL must start with postgresql://")
        return url

    @field_validator("listen", "temporal_address", *(f"{name}_address" for name in SERVICES))
    @classmethod
    def _host_and_port(cls, address: str) -> str:
        _, _, port = address.rpartition(":")
        if not port.isdecimal() or int(port) > 65535:
            raise ValueError(f"{address!r} is not of the form host:port")
        return address

    @field_validator("webhook_url")
    @classmethod
    def _http(cls, url: str | None) -> str | None:
        if url and not url.startswith(("https://", "http://")):
            raise ValueError("OMS_WEBHOOK_URL must start with https:// (or http://)")
        return url

    @field_validator("webhook_secret")
    @classmethod
    def _standard(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret is not None and secret.get_secret_value():
            try:
                key = base64.b64decode(secret.get_secret_value().removeprefix("whsec_"), validate=True)
            except ValueError:
                key = b""
            if not 24 <= len(key) <= 64:
                raise ValueError("OMS_WEBHOOK_SECRET must be whsec_ and 24 to 64 bytes in base64")
        return secret

    @field_validator("jwt_secret")
    @classmethod
    def _long_enough(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret is not None and len(secret.get_secret_value().encode()) < 32:
            raise ValueError("OMS_JWT_SECRET must have at least 32 bytes")
        return secret

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.jwt_jwks and self.jwt_secret:
            raise ValueError("OMS_JWT_JWKS and OMS_JWT_SECRET exclude each other")
        if self.tls_client_ca and not self.tls_certificate:
            raise ValueError("OMS_TLS_CLIENT_CA needs OMS_TLS_CERTIFICATE: without TLS nobody shows a certificate")
        if bool(self.tls_certificate) != bool(self.tls_key):
            raise ValueError("OMS_TLS_CERTIFICATE and OMS_TLS_KEY go together")
        if bool(self.tls_client_certificate) != bool(self.tls_client_key):
            raise ValueError("OMS_TLS_CLIENT_CERTIFICATE and OMS_TLS_CLIENT_KEY go together")
        if self.webhook_url and not self.webhook_secret:
            raise ValueError("OMS_WEBHOOK_URL needs OMS_WEBHOOK_SECRET: events are never sent unsigned")
        if not self.is_loopback and not self.allow_insecure and not (self.tls_certificate and self.knows_callers):
            raise ValueError(
                f"refusing to listen on {self.listen} without TLS and a way to know callers "
                "(OMS_TLS_CLIENT_CA, OMS_JWT_JWKS or OMS_JWT_SECRET); OMS_ALLOW_INSECURE=true overrides"
            )
        return self

    @property
    def knows_callers(self) -> bool:
        """Whether callers are identified, by certificate or by token."""
        return bool(self.tls_client_ca or self.jwt_jwks or self.jwt_secret)

    @property
    def is_loopback(self) -> bool:
        """Whether nobody beyond this machine can reach what listens here."""
        return is_loopback(self.listen)


def is_loopback(address: str) -> bool:
    """Tell whether host:port is on this machine, without asking anybody for the host's address."""
    host = address.rsplit(":", 1)[0].strip("[]")
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
