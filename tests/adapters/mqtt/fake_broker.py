"""Brokers that go wrong: something that answers a connection with given bytes."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

WELCOME = b"\x20\x03\x00\x00\x00"


@asynccontextmanager
async def answering(*answers: bytes, then_hang_up: bool = True) -> AsyncIterator[int]:
    """Answer each packet of the first client with the next of ``answers``; give the port."""
    gone = asyncio.Event()

    async def attend(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await _answer(reader, writer, answers)
            if not then_hang_up:
                await reader.read()
        finally:
            writer.close()
            gone.set()

    server = await asyncio.start_server(attend, "127.0.0.1", 0)
    async with server:
        yield int(server.sockets[0].getsockname()[1])
        async with asyncio.timeout(5):
            await gone.wait()
    await asyncio.sleep(0)


async def _answer(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answers: Sequence[bytes]
) -> None:
    for answer in answers:
        await read_packet(reader)
        writer.write(answer)
        await writer.drain()


async def read_packet(reader: asyncio.StreamReader) -> bytes:
    """Return one packet, its first byte before its body."""
    kind = await reader.readexactly(1)
    length = shift = 0
    while True:
        (byte,) = await reader.readexactly(1)
        length |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return kind + await reader.readexactly(length)
