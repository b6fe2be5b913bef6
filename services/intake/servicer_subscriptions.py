"""Subscribers of the feed: made, listed, switched, replayed."""

from typing import Any

from oms.intake.v1 import subscription_service_pb2 as rpc
from oms.intake.v1.subscription_pb2 import Subscription as SubscriptionMessage
from services.chassis.paging import page_size
from services.intake import store, store_subscriptions, subscribing
from services.intake.pages import name as name_from
from services.intake.pages import next_token
from services.intake.rpcs import Rpcs
from services.intake.settings import IntakeSettings
from services.intake.subscriber_address import check_url
from services.intake.wire_subscriptions import subscription_message, wanted_from
from services.intake.wire_values import moment_from


class SubscriptionRpcs(Rpcs):
    """Subscribers of the feed."""

    async def SetSubscription(self, request: rpc.SetSubscriptionRequest, context: Any) -> rpc.SetSubscriptionResponse:
        check_url(request.url, allow_http=IntakeSettings().subscriber_allow_http)
        wanted, now = wanted_from(request), self._clock.now()
        start = subscribing.Start(after_cursor=request.after_cursor, from_beginning=request.from_beginning)

        async def effect(conn: store.Connection) -> rpc.SetSubscriptionResponse:
            made, secret = await subscribing.set_subscription(
                conn, request.name, request.url, wanted, start=start, rotate=request.rotate_secret, now=now
            )
            return rpc.SetSubscriptionResponse(subscription=subscription_message(made), secret=secret)

        return await self._once(request, rpc.SetSubscriptionResponse, effect)

    async def GetSubscription(self, request: rpc.GetSubscriptionRequest, context: Any) -> rpc.GetSubscriptionResponse:
        async with self._db.connect() as conn:
            found = await store_subscriptions.get(conn, request.name)
        return rpc.GetSubscriptionResponse(subscription=subscription_message(found))

    async def ListSubscriptions(
        self, request: rpc.ListSubscriptionsRequest, context: Any
    ) -> rpc.ListSubscriptionsResponse:
        size, after = page_size(request.page_size), name_from(request)
        async with self._db.connect() as conn:
            found = await store_subscriptions.list_page(conn, after=after, limit=size + 1)
        token = next_token(request, [(one.name,) for one in found], size)
        return rpc.ListSubscriptionsResponse(
            subscriptions=[subscription_message(one) for one in found[:size]], next_page_token=token
        )

    async def DeleteSubscription(
        self, request: rpc.DeleteSubscriptionRequest, context: Any
    ) -> rpc.DeleteSubscriptionResponse:
        async def effect(conn: store.Connection) -> rpc.DeleteSubscriptionResponse:
            await store_subscriptions.remove(conn, request.name)
            return rpc.DeleteSubscriptionResponse()

        return await self._once(request, rpc.DeleteSubscriptionResponse, effect)

    async def SwitchSubscription(
        self, request: rpc.SwitchSubscriptionRequest, context: Any
    ) -> rpc.SwitchSubscriptionResponse:
        paused, now = request.state == SubscriptionMessage.STATE_PAUSED, self._clock.now()

        async def effect(conn: store.Connection) -> rpc.SwitchSubscriptionResponse:
            after = await subscribing.switch(conn, request.name, paused=paused, now=now)
            return rpc.SwitchSubscriptionResponse(subscription=subscription_message(after))

        return await self._once(request, rpc.SwitchSubscriptionResponse, effect)

    async def ReplaySubscription(
        self, request: rpc.ReplaySubscriptionRequest, context: Any
    ) -> rpc.ReplaySubscriptionResponse:
        from_time = moment_from(request, "from_time")
        async with self._db.begin() as conn:
            after = await subscribing.replay(
                conn, request.name, after_cursor=request.after_cursor, from_time=from_time, now=self._clock.now()
            )
        return rpc.ReplaySubscriptionResponse(subscription=subscription_message(after))
