"""What writes acknowledgements: for every interchange of a document, the answer that its partner is owed."""

from collections.abc import Mapping
from types import MappingProxyType

from services.intake.acknowledging import Writer
from services.intake.channels import edifact_acknowledging, x12_acknowledging
from services.intake.domain.channel import AcknowledgementKind

WRITERS: Mapping[AcknowledgementKind, Writer] = MappingProxyType(
    {AcknowledgementKind.X997: x12_acknowledging, AcknowledgementKind.CONTRL: edifact_acknowledging}
)
