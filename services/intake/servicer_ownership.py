"""The ownership contract."""

from collections.abc import Mapping
from typing import Any

from oms.intake.v1 import ownership_service_pb2 as rpc
from services.chassis.context import context_caller
from services.chassis.paging import page_size
from services.intake import store, store_ownership
from services.intake.domain.ownership import COMMON, Field
from services.intake.pages import next_token, number
from services.intake.rpcs import Rpcs
from services.intake.wire_values import stamp
from services.kernel.errors import InvalidArgument


class OwnershipRpcs(Rpcs):
    """The RPCs of OwnershipService."""

    async def GetOwnership(self, request: rpc.GetOwnershipRequest, context: Any) -> rpc.GetOwnershipResponse:
        async with self._db.connect() as conn:
            contract = await store_ownership.contract(conn, request.channel)
        return rpc.GetOwnershipResponse(entries=_entries(contract))

    async def SetOwnership(self, request: rpc.SetOwnershipRequest, context: Any) -> rpc.SetOwnershipResponse:
        entries = {_field(one.field): one.owner for one in request.entries}
        now, actor = self._clock.now(), context_caller()

        async def effect(conn: store.Connection) -> rpc.SetOwnershipResponse:
            await store_ownership.write_contract(conn, request.channel, entries, actor=actor, now=now)
            contract = await store_ownership.contract(conn, request.channel)
            return rpc.SetOwnershipResponse(entries=_entries(contract))

        return await self._once(request, rpc.SetOwnershipResponse, effect)

    async def ListOwnershipDrift(
        self, request: rpc.ListOwnershipDriftRequest, context: Any
    ) -> rpc.ListOwnershipDriftResponse:
        size, after = page_size(request.page_size), number(request)
        async with self._db.connect() as conn:
            found = await store_ownership.list_drift(conn, request.channel)
        page = found[after : after + size + 1]
        token = next_token(request, [(after + at + 1,) for at in range(len(page))], size)
        drifts = [
            rpc.OwnershipDrift(
                channel=one.channel,
                field=one.field,
                kind=rpc.OwnershipDrift.Kind.Value(f"KIND_{one.kind}"),
                count=one.count,
                last_order_id=one.last_order_id,
                last_document_id=one.last_document_id,
                first_time=stamp(one.first_time),
                last_time=stamp(one.last_time),
            )
            for one in page[:size]
        ]
        return rpc.ListOwnershipDriftResponse(drifts=drifts, next_page_token=token)


def _entries(contract: Mapping[Field, str]) -> list[rpc.OwnershipEntry]:
    return [rpc.OwnershipEntry(field=name, owner=contract.get(name, owner)) for name, owner in COMMON.items()]


def _field(name: str) -> Field:
    try:
        return Field(name)
    except ValueError:
        known = ", ".join(Field)
        raise InvalidArgument(
            f"there is no field {name!r}: choose of {known}", reason="UNKNOWN_FIELD", field=name
        ) from None
