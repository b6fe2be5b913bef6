"""What intake is told by its environment, beyond what every service is told."""

from pydantic_settings import BaseSettings, SettingsConfigDict


class IntakeSettings(BaseSettings):
    """Read from the environment, prefix OMS_."""

    model_config = SettingsConfigDict(env_prefix="OMS_", frozen=True)

    # Where the payment service listens.
    payment_url: str = "http://127.0.0.1:7713"
