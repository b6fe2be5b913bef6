"""With certificates on both sides the caller is whoever the certificate names, whatever it says of itself."""

import pytest
import trustme

from oms.common.v1 import outbox_service_pb2 as pb
from oms.common.v1.outbox_service_pb2_grpc import OutboxServiceStub
from services.chassis.client import Channels
from services.chassis.context import context_caller
from services.chassis.settings import Settings
from services.kernel.errors import OmsError, Unavailable
from tests.service.chassis import scratch


@pytest.fixture
def files(tmp_path):
    authority, stranger = trustme.CA(), trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    for name, issuer in (("localhost", authority), ("checkout.example", authority), ("stranger.example", stranger)):
        leaf = issuer.issue_cert(name)
        leaf.private_key_pem.write_to_path(tmp_path / f"{name}.key")
        leaf.cert_chain_pems[0].write_to_path(tmp_path / f"{name}.pem")
    return tmp_path


def serving(files):
    return {
        "listen": "localhost:0",
        "tls_certificate": files / "localhost.pem",
        "tls_key": files / "localhost.key",
        "tls_client_ca": files / "ca.pem",
    }


async def ask(address, files, name=None):
    own = {"tls_client_certificate": files / f"{name}.pem", "tls_client_key": files / f"{name}.key"} if name else {}
    async with Channels(Settings(tls_server_ca=files / "ca.pem", **own)) as channels:
        stub = channels.connect(OutboxServiceStub, address.replace("127.0.0.1", "localhost"))
        return await stub.ListOutboxEvents(pb.ListOutboxEventsRequest(), timeout=5, metadata=(("oms-actor", "root"),))


async def test_the_caller_is_whom_the_certificate_names(files):
    callers = []

    async def answer(request, context):
        callers.append(context_caller())

    async with scratch.server(answer, **serving(files)) as address:
        await ask(address, files, "checkout.example")
    assert callers == ["checkout.example"]


@pytest.mark.parametrize("name", [None, "stranger.example"])
async def test_without_a_certificate_of_ours_nobody_is_let_in(files, name):
    reached = []

    async def answer(request, context):
        reached.append(request)

    async with scratch.server(answer, **serving(files)) as address:
        with pytest.raises(OmsError) as refused:
            await ask(address, files, name)
    assert isinstance(refused.value, Unavailable)
    assert reached == []
