"""A fact as a CloudEvent 1.0 in JSON, the same words whoever tells it."""

import json
from datetime import datetime

from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message


def body(*, event_id: str, source: str, kind: str, subject: str, time: datetime, data: Message) -> str:
    """Return the event as it is posted; `kind` is the CloudEvent's type."""
    event = CloudEvent(
        attributes={
            "id": event_id,
            "source": source,
            "type": kind,
            "specversion": "1.0",
            "subject": subject,
            "time": time,
            "datacontenttype": "application/json",
        },
        data=MessageToDict(data, preserving_proto_field_name=True),
    )
    return json.dumps(json.loads(JSONFormat().write(event)))
