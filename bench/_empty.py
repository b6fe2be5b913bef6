"""`python -m bench._empty PORT`: a gRPC server that has nothing of ours and answers at once."""

import asyncio
import sys

import grpc

from oms.common.v1 import outbox_service_pb2 as pb
from oms.common.v1.outbox_service_pb2_grpc import OutboxServiceServicer, add_OutboxServiceServicer_to_server


class Servicer(OutboxServiceServicer):
    async def ListOutboxEvents(self, _request, _context):
        return pb.ListOutboxEventsResponse()


async def main(port: str) -> None:
    server = grpc.aio.server()
    add_OutboxServiceServicer_to_server(Servicer(), server)
    server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    await server.wait_for_termination()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
