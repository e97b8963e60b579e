"""A tiny ACD that serves the feed ``queue-alert.feed.v1``: two groups, callers that come and go.

Run it with ``python tiny_acd.py [PORT]`` and point a ``websocket`` feed at it. It needs the package
websockets and nothing of Queue Alert: whoever connects a telephone system of their own may begin here.
"""

import asyncio
import json
import sys
import time
from contextlib import suppress
from itertools import count
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

SOURCE = "tiny-acd"
RUN = f"started-{time.time():.3f}"  # another one after every start: whoever waited before is gone
HEARTBEAT_S = 5.0
UNSENT_AT_MOST = 1_000


class Client:
    """A client and what it is still to be told."""

    def __init__(self, connection: ServerConnection) -> None:
        self.connection = connection
        self.unsent: asyncio.Queue[dict[str, Any]] = asyncio.Queue(UNSENT_AT_MOST)

    def tell(self, message: dict[str, Any]) -> None:
        """Have it told; one that does not keep up is cut off, and gets snapshots when it is back."""
        if self.unsent.full():
            self.connection.transport.abort()
        else:
            self.unsent.put_nowait(message)


class TinyAcd:
    """Who waits where, and who is told of it."""

    def __init__(self) -> None:
        self.seq = 0
        self.waiting: dict[str, dict[str, float]] = {"sales": {}, "support": {}}
        self.clients: set[Client] = set()

    def happened(self, kind: str, group: str, contact: str, **more: Any) -> None:
        """Give an event the next number and tell everybody."""
        self.seq += 1  # one higher for every event, without a hole
        event = self.stamped(kind, f"{RUN}-{self.seq}", group, contact=contact, **more)
        for client in self.clients:
            client.tell(event)

    def stamped(self, kind: str, identity: str, group: str, **more: Any) -> dict[str, Any]:
        """Return a message with what every event carries."""
        stamp = {"type": kind, "id": identity, "source": SOURCE, "time": time.time(), "seq": self.seq}
        return {**stamp, "subject": group, **more}

    def begin(self, client: Client) -> None:
        """Say how things are and from now on what happens: in one step, so that nothing falls between."""
        for group, line in self.waiting.items():
            waiting = [{"contact": contact, "queued_at": at} for contact, at in line.items()]
            identity = f"{RUN}-{self.seq}-{group}-{time.monotonic_ns()}"  # seq: that of the latest event
            client.tell(self.stamped("group.snapshot", identity, group, waiting=waiting))
        client.tell({"type": "synced", "seq": self.seq, "groups": len(self.waiting)})
        self.clients.add(client)

    async def work(self) -> None:
        """Let callers come and go, for ever: of five, two wait on, two are answered and one hangs up."""
        for number in count(1):
            await asyncio.sleep(0.5)
            group = ("sales", "support")[number % 2]
            line = self.waiting[group]
            if not line or (number % 5 > 1 and len(line) < UNSENT_AT_MOST // 10):
                line[f"call-{number}"] = time.time()
                self.happened("contact.queued", group, f"call-{number}")
                continue
            contact = next(iter(line))
            more = {} if number % 10 else {"outcome": "abandoned"}
            kind = "contact.left" if more else "contact.answered"
            self.happened(kind, group, contact, queue_s=time.time() - line.pop(contact), **more)

    async def serve_one(self, connection: ServerConnection) -> None:
        """Serve one client until it is gone."""
        client = Client(connection)
        hello = {"type": "hello", "source": SOURCE, "run": RUN, "seq": self.seq}
        await connection.send(json.dumps({**hello, "time": time.time(), "heartbeat_s": HEARTBEAT_S}))
        talking = asyncio.create_task(self.talk(client), name="talk")
        with suppress(ConnectionClosed, ValueError):
            async for text in connection:  # "start", and "snapshot.request" where a hole was found:
                if json.loads(text).get("type") in {"start", "snapshot.request"}:
                    self.begin(client)  # we keep no log, so both get snapshots
        self.clients.discard(client)
        talking.cancel()

    async def talk(self, client: Client) -> None:
        """Say what is to be said, and now and then that we are there."""
        while True:
            try:
                message = await asyncio.wait_for(client.unsent.get(), HEARTBEAT_S)
            except TimeoutError:
                message = {"type": "heartbeat", "time": time.time(), "seq": self.seq}
            with suppress(ConnectionClosed):
                await client.connection.send(json.dumps(message))


async def main(port: int) -> None:
    """Listen on the loopback and work, for ever."""
    acd = TinyAcd()
    spoken = [Subprotocol("queue-alert.feed.v1")]
    async with serve(acd.serve_one, "127.0.0.1", port, subprotocols=spoken) as server:
        sys.stdout.write(f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}/feed\n")
        sys.stdout.flush()
        await acd.work()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 9470))
