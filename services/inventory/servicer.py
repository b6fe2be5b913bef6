"""The RPCs of protos/oms/inventory/v1/inventory_service.proto, which says what each promises: a file for each group."""

from oms.inventory.v1.inventory_service_pb2_grpc import InventoryServiceServicer
from services.inventory.servicer_availability import AvailabilityRpcs
from services.inventory.servicer_backorders import BackorderRpcs
from services.inventory.servicer_channels import ChannelRpcs
from services.inventory.servicer_feed import FeedRpcs
from services.inventory.servicer_ledger import LedgerRpcs
from services.inventory.servicer_reservations import ReservationRpcs
from services.inventory.servicer_sources import SourceRpcs
from services.inventory.servicer_stock import StockRpcs
from services.inventory.servicer_supplies import SupplyRpcs


class InventoryServicer(
    StockRpcs,
    AvailabilityRpcs,
    ChannelRpcs,
    FeedRpcs,
    ReservationRpcs,
    BackorderRpcs,
    SourceRpcs,
    SupplyRpcs,
    LedgerRpcs,
    InventoryServiceServicer,
):
    """All of them. Each is short: decode, decide and write (in `changes`, `rights`, `queues`), encode."""
