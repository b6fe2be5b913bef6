"""Rule sets: protobuf ⇄ what is stored. Pure."""

import hashlib
import json
from typing import Any

from google.protobuf.json_format import MessageToDict

from oms.routing.v1 import rule_set_pb2
from oms.routing.v1.rule_set_pb2 import RuleSet, RuleSetEvent, RuleSetReview, RuleSetVersion
from services.routing.domain.rule_versions import Item, State
from services.routing.store_rules import Version, to_rule_set
from services.routing.wire import UnreadablePosition
from services.routing.wire_value import from_time


def from_version(version: Version) -> rule_set_pb2.RuleSetVersion:
    return RuleSetVersion(
        rule_set=to_rule_set(version.document),
        version=version.number,
        state=from_state(version.state),
        events=[
            RuleSetEvent(state=from_state(event.state), actor=event.actor, note=event.note, time=from_time(event.time))
            for event in version.events
        ],
        reviews=[
            RuleSetReview(
                item=RuleSetReview.Item.Value(f"ITEM_{review.item}"),
                simulation_id=review.simulation_id,
                actor=review.actor,
                note=review.note,
                time=from_time(review.time),
            )
            for review in version.reviews
        ],
        digest=version.digest,
        create_time=from_time(version.create_time),
    )


def to_document(rule_set: RuleSet) -> dict[str, Any]:
    return MessageToDict(rule_set, preserving_proto_field_name=True)


def digest(document: dict[str, Any]) -> str:
    """Return SHA-256, in hex, over canonical JSON: equal digests, equal documents."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def to_state(state: RuleSetVersion.State.ValueType) -> State | None:
    """Return the state; None where it is not set."""
    name = RuleSetVersion.State.Name(state).removeprefix("STATE_")
    return None if name == "UNSPECIFIED" else State(name)


def from_state(state: State) -> RuleSetVersion.State.ValueType:
    return RuleSetVersion.State.Value(f"STATE_{state}")


def to_item(item: RuleSetReview.Item.ValueType) -> Item:
    return Item(RuleSetReview.Item.Name(item).removeprefix("ITEM_"))


def version_position(position: list[Any] | None) -> tuple[str, int] | None:
    """Return the version that a page of versions follows."""
    match position:
        case None:
            return None
        case [str(rule_set_id), int(number)] if 0 < number < 2**31:
            return rule_set_id, number
    raise UnreadablePosition
