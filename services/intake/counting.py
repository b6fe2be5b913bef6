"""What is counted of channels and their doors. Every metric of them is named here first."""

from opentelemetry import metrics

# name → what it counts.
METRICS = {
    "oms_intake_webhooks_total": "Requests at the HTTP door, by channel and outcome (KEPT, REPEATED, or why not).",
    "oms_intake_files_total": "Files of the watched folder, by channel and outcome.",
    "oms_intake_pulls_total": "Fetches from platforms, by channel and outcome.",
    "oms_intake_acknowledgements_late_total": "Acknowledgements whose time was over before they were sent, by channel.",
}

_meter = metrics.get_meter("oms")
_counters = {name: _meter.create_counter(name, description=words) for name, words in METRICS.items()}


def count(name: str, channel: str, outcome: str = "", number: int = 1) -> None:
    """Count something of a channel; only channels that are set up are named, so that nobody outside makes up names."""
    _counters[name].add(number, {"channel": channel, "outcome": outcome} if outcome else {"channel": channel})
