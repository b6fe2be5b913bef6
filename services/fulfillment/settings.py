"""Where fulfillment's partners are, from the environment."""

from pydantic import field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class FulfillmentSettings(BaseSettings):
    """The partners' addresses; each name is read from OMS_<NAME>."""

    model_config = SettingsConfigDict(env_prefix="OMS_", frozen=True, extra="ignore")

    wms_url: str = "http://127.0.0.1:7711"
    carrier_url: str = "http://127.0.0.1:7712"

    @field_validator("wms_url", "carrier_url")
    @classmethod
    def _is_http(cls, url: str) -> str:
        if not url.startswith(("http://", "https://")):
            raise ValueError(f"a partner's address begins with http:// or https://, unlike {url!r}")
        return url
