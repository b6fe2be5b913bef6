"""What returns is told by its environment, beyond what every service is told."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class ReturnsSettings(BaseSettings):
    """Read from the environment, prefix OMS_."""

    model_config = SettingsConfigDict(env_prefix="OMS_", frozen=True, extra="ignore")

    # Where the payment service listens.
    payment_url: str = "http://127.0.0.1:7713"
    # How long after an order's last change a return is authorized without anybody deciding.
    return_window_days: Annotated[int, Field(ge=0, le=3650)] = 30

    @field_validator("payment_url")
    @classmethod
    def _is_http(cls, url: str) -> str:
        if not url.startswith(("http://", "https://")):
            raise ValueError(f"a partner's address begins with http:// or https://, unlike {url!r}")
        return url

    @property
    def return_window(self) -> timedelta:
        return timedelta(days=self.return_window_days)
