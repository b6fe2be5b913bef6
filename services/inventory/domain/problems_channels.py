"""What inventory refuses about how stock is seen.

FailedPrecondition
└── BundleHasStock     a SKU that has units of its own cannot become a bundle
InvalidArgument
├── InvalidPolicy      a channel's policy that cannot be
├── InvalidBundle      a bundle that cannot be
└── BundleIsComponent  a bundle that another one contains
NotFound
└── ChannelNotFound    nobody said how this channel sees stock
"""

from services.kernel.errors import FailedPrecondition, InvalidArgument, NotFound


class BundleHasStock(FailedPrecondition):
    reason = "BUNDLE_HAS_STOCK"

    def __init__(self, sku: str, *, on_hand: int, reserved: int, expected: int) -> None:
        super().__init__(
            f"{sku} has stock of its own ({on_hand} on hand, {reserved} reserved, {expected} expected), and a bundle "
            "has none: take it out of stock first, or give the bundle another SKU",
            sku=sku,
            on_hand=on_hand,
            reserved=reserved,
            expected=expected,
        )


class InvalidPolicy(InvalidArgument):
    reason = "INVALID_POLICY"


class InvalidBundle(InvalidArgument):
    reason = "INVALID_BUNDLE"


class BundleIsComponent(InvalidArgument):
    reason = "BUNDLE_IS_COMPONENT"

    def __init__(self, sku: str, bundle_sku: str) -> None:
        super().__init__(
            f"{sku} cannot become a bundle: it is a component of {bundle_sku}, and a bundle never contains a bundle",
            sku=sku,
            bundle_sku=bundle_sku,
        )


class ChannelNotFound(NotFound):
    reason = "CHANNEL_NOT_FOUND"

    def __init__(self, channel: str) -> None:
        super().__init__(f"there is no policy for channel {channel}; set one first", channel=channel)
