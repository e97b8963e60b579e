"""A connection to an MQTT broker that is noticed when it is lost, and that leaves nothing open behind.

aiomqtt leaves some of that to its caller: a socket stays open when a handler raised or the broker did not
answer the connection, a hang-up before the answer is only noticed by the time-out, a refused publication
looks like one that went well, and what is under way goes on waiting after the connection was lost.

Source: aiomqtt 2.5.1, client.py; paho-mqtt 2.1, client.py.
"""

import asyncio
import contextlib
import logging
import socket
import ssl
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Final, NoReturn, Self

import aiomqtt
from paho.mqtt.client import Client as PahoClient
from paho.mqtt.client import ConnectFlags, DisconnectFlags
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from queue_alert.broker.inbox import Inbox
from queue_alert.broker.tls import TlsContext
from queue_alert.broker.words import IN_FLIGHT, Outgoing, PublishRefusedError, is_unheard, refusal
from queue_alert.core.units import Seconds
from queue_alert.protocol.topics import RUN_PROPERTY

__all__ = ["Link"]

# The library logs every lost connection as an error; whoever uses a link says it better.
_quiet = logging.getLogger(f"{__name__}.library")
_quiet.setLevel(logging.CRITICAL)

_GOODBYE_S: Final = 1.0
_WITH_WILL: Final = "Disconnect with will message"


class Link(aiomqtt.Client):
    """One connection in MQTT 5; an asynchronous context manager, to be used once.

    A message's handler is called on the loop, and the broker is told that it was taken only when the handler
    has returned: what the handler cannot take now waits in the broker. What a handler raises ends the
    connection without that and is raised by :meth:`until_lost`.

    Attributes:
        connect_fault: What went wrong with the socket, where that is why it could not be entered.
        is_resumed: Whether the broker still had our session.
        raised: What the handler has raised: that ended the connection.
    """

    def __init__(
        self,
        *,
        host: str,
        port: int,
        client_id: str,
        keepalive_s: int,
        timeout_s: Seconds,
        username: str | None = None,
        password: str | None = None,
        tls: TlsContext | None = None,
        will: aiomqtt.Will | None = None,
        take: Callable[[aiomqtt.Message], None] | None = None,
        session_expiry_s: int = 0,
        receive_at_most: int = IN_FLIGHT,
        longest_packet: int = 1024 * 1024,
    ) -> None:
        """Keep what is needed to connect; nothing is touched.

        Args:
            host: The broker's name or address.
            port: Its port.
            client_id: Whom the broker takes us for; one that has the same is thrown out.
            keepalive_s: After so long without a word either end asks whether the other is there.
            timeout_s: Longest wait for the connection, and for any answer.
            username: For the broker's password file.
            password: Ditto.
            tls: Speak TLS, by this context.
            will: What the broker is to say when we are gone.
            take: Handler of every message.
            session_expiry_s: How long the broker keeps our subscriptions and what we have not seen.
            receive_at_most: So many messages may be under way to us, not acknowledged yet.
            longest_packet: Bytes; the broker must not send longer ones.
        """
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = session_expiry_s
        properties.ReceiveMaximum = receive_at_most
        properties.MaximumPacketSize = longest_packet
        super().__init__(
            host,
            port,
            identifier=client_id,
            username=username,
            password=password,
            protocol=aiomqtt.ProtocolVersion.V5,
            clean_start=not session_expiry_s,
            properties=properties,
            keepalive=keepalive_s,
            timeout=timeout_s,
            tls_context=tls,
            will=will,
            queue_type=Inbox,
            logger=_quiet,
            max_inflight_messages=IN_FLIGHT,
            max_queued_outgoing_messages=2 * IN_FLIGHT,
        )
        self.pending_calls_threshold = IN_FLIGHT
        self.connect_fault: OSError | None = None
        self.is_resumed = False
        self._tls = tls
        self._take = take
        self.raised: Exception | None = None
        # The library has a future of its own for this, and makes a new one when it finds itself connected:
        # a loss right behind the broker's welcome is forgotten.
        self._lost: asyncio.Future[BaseException | None] = self._loop.create_future()
        self._asked: dict[int, asyncio.Future[ReasonCode]] = {}
        """What the broker has not answered yet, by packet."""
        self._client.connect_timeout = timeout_s
        inbox = self._queue
        assert isinstance(inbox, Inbox)  # noqa: S101 - it was made of the type named above
        inbox.take = self._handle

    async def __aenter__(self) -> Self:
        """Connect.

        Raises:
            aiomqtt.MqttError: It failed; see :attr:`connect_fault`.
        """
        # The library connects in a thread. Whoever is cancelled meanwhile must not leave it a connection that
        # nobody knows of any more, so it is waited for (at most the time-out).
        opening = asyncio.ensure_future(super().__aenter__())
        try:
            await asyncio.shield(opening)
        except asyncio.CancelledError:
            self._give_up("cancelled")
            with contextlib.suppress(aiomqtt.MqttError, asyncio.CancelledError):
                await opening
            self._shut()
            raise
        except aiomqtt.MqttError:
            self._shut()
            raise
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        """Take leave, if that is still possible, and close."""
        try:
            if not self._lost.done():
                self._client.disconnect()
                # A broker that does not listen is not waited for.
                await asyncio.wait([self._lost], timeout=_GOODBYE_S)
        finally:
            self._shut()

    async def leave_with_will(self) -> None:
        """Take leave so that the broker says our last will."""
        if not self._lost.done():
            self._client.disconnect(ReasonCode(PacketTypes.DISCONNECT, aName=_WITH_WILL))
            await asyncio.wait([self._lost], timeout=_GOODBYE_S)

    async def listen_to(self, topic: str, *, retained: bool = True) -> str:
        """Subscribe with QoS 1 and return why not, "" if it was granted.

        Args:
            topic: A filter.
            retained: Whether what is retained under it is to be sent now.

        Raises:
            aiomqtt.MqttError: The connection was lost, or nobody answered.
        """
        handling = (
            SubscribeOptions.RETAIN_SEND_ON_SUBSCRIBE if retained else SubscribeOptions.RETAIN_DO_NOT_SEND
        )
        options = SubscribeOptions(qos=1, retainHandling=handling)
        result, packet = self._client.subscribe(topic, options=options)
        if result != MQTTErrorCode.MQTT_ERR_SUCCESS or packet is None:
            raise self._unsent(result)
        (code,) = await self._answers([packet])
        return refusal(code)

    async def say(self, *messages: Outgoing) -> bool:
        """Publish with QoS 1, in this order, and wait until the broker has taken all of it.

        Args:
            messages: At most :data:`IN_FLIGHT`.

        Returns:
            Whether each may have been heard by somebody. Brokers need not say that nobody listens; mosquitto
            does.

        Raises:
            PublishRefusedError: It did not let one pass.
            aiomqtt.MqttError: The connection was lost, or nobody answered; any of them may have been taken.
        """
        codes = await self._answers([self._send(message) for message in messages])
        for message, code in zip(messages, codes, strict=True):
            if reason := refusal(code):
                raise PublishRefusedError(message.topic, reason)
        return all(not is_unheard(code) for code in codes)

    async def _answers(self, packets: Sequence[int]) -> list[ReasonCode]:
        """Wait for the answers to what was just sent."""
        # Not with the library's own calls: they wait by asyncio.wait_for, which up to Python 3.11 may swallow
        # a cancellation, and they go on waiting when the connection is gone.
        if self._lost.done():
            raise self._loss()
        for packet in packets:
            self._asked[packet] = self._loop.create_future()
        try:
            async with asyncio.timeout(self.timeout):
                return await asyncio.gather(*(self._asked[packet] for packet in packets))
        except TimeoutError as error:
            raise aiomqtt.MqttError(f"nothing was acknowledged for {self.timeout:g} s") from error
        finally:
            for packet in packets:
                self._asked.pop(packet, None)

    def _send(self, message: Outgoing) -> int:
        properties = None
        if message.run:
            properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
            properties.UserProperty = [(RUN_PROPERTY, message.run)]
        if message.expires_s:
            properties = properties or Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
            properties.MessageExpiryInterval = message.expires_s
        info = self._client.publish(
            message.topic, message.payload, qos=1, retain=message.retain, properties=properties
        )
        if info.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
            raise self._unsent(info.rc)
        return info.mid

    async def until_lost(self) -> NoReturn:
        """Wait until the connection is lost and raise why.

        Raises:
            aiomqtt.MqttError: It is lost.
            Exception: What the handler raised.
        """
        await asyncio.wait([self._lost])
        if self.raised is not None:
            raise self.raised
        raise self._loss()

    def _handle(self, message: aiomqtt.Message) -> None:
        if self._take is not None:
            try:
                self._take(message)
            except Exception as error:
                self.raised = error
                raise

    def _on_socket_open(self, client: PahoClient, userdata: Any, sock: socket.socket) -> None:  # noqa: ARG002
        # Called in the thread that connects. The library names the socket by its number, which by the time
        # the loop comes to it may be closed, or somebody else's.
        self._loop.call_soon_threadsafe(self._watch, sock)

    def _on_socket_register_write(self, client: PahoClient, userdata: Any, sock: socket.socket) -> None:  # noqa: ARG002
        self._loop.call_soon_threadsafe(self._watch_for_room, sock)

    def _on_socket_unregister_write(self, client: PahoClient, userdata: Any, sock: socket.socket) -> None:
        # Also called when a client is thrown away whose socket is closed already: the loop has forgotten it.
        if sock.fileno() >= 0:
            super()._on_socket_unregister_write(client, userdata, sock)

    def _watch(self, sock: socket.socket) -> None:
        if sock.fileno() >= 0:
            self._loop.add_reader(sock, self._read, sock)
            self._misc_task = self._loop.create_task(self._misc_loop(), name="mqtt keepalive")

    def _watch_for_room(self, sock: socket.socket) -> None:
        if sock.fileno() >= 0:
            self._loop.add_writer(sock, self._guard, sock, self._client.loop_write)

    def _read(self, sock: socket.socket) -> None:
        self._guard(sock, self._client.loop_read)
        # What TLS has deciphered already makes no socket ready.
        while isinstance(sock, ssl.SSLSocket) and sock.fileno() >= 0 and sock.pending():
            if self._lost.done():
                return
            self._guard(sock, self._client.loop_read)

    def _guard(self, sock: socket.socket, step: Callable[[], object]) -> None:
        try:
            step()
        except Exception as error:  # noqa: BLE001 - the handler's; raised again by until_lost
            # The library has not let go of the message yet, and would hand it over again and again.
            self._loop.remove_reader(sock)
            self._end(error)

    def _client_connect(self) -> None:
        try:
            super()._client_connect()
        except OSError as error:
            self.connect_fault = error
            if self._tls is not None and self._tls.made is not None:
                self._tls.made.close()
            raise

    def _on_connect(
        self,
        client: PahoClient,
        userdata: Any,
        flags: ConnectFlags,
        reason_code: ReasonCode,
        properties: Properties | None = None,
    ) -> None:
        self.is_resumed = flags.session_present
        super()._on_connect(client, userdata, flags, reason_code, properties)

    def _on_disconnect(
        self,
        client: PahoClient,
        userdata: Any,
        flags: DisconnectFlags,
        reason_code: ReasonCode,
        properties: Properties | None = None,
    ) -> None:
        # May be called in the thread that connects.
        self._loop.call_soon_threadsafe(self._hung_up, reason_code)
        super()._on_disconnect(client, userdata, flags, reason_code, properties)

    def _on_publish(
        self,
        client: PahoClient,  # noqa: ARG002
        userdata: Any,  # noqa: ARG002
        mid: int,
        reason_code: ReasonCode,
        properties: Properties,  # noqa: ARG002
    ) -> None:
        self._answered(mid, reason_code)

    def _on_subscribe(
        self,
        client: PahoClient,  # noqa: ARG002
        userdata: Any,  # noqa: ARG002
        mid: int,
        reason_codes: list[ReasonCode],
        properties: Properties | None = None,  # noqa: ARG002
    ) -> None:
        self._answered(mid, reason_codes[0])

    def _answered(self, packet: int, code: ReasonCode) -> None:
        answer = self._asked.get(packet)
        if answer is not None and not answer.done():
            answer.set_result(code)

    def _hung_up(self, code: ReasonCode) -> None:
        self._give_up(str(code))
        self._end(aiomqtt.MqttCodeError(code, "disconnected"))

    def _end(self, error: BaseException) -> None:
        """Tell everybody who waits that there is no connection any more."""
        if not self._lost.done():
            self._lost.set_result(error)
        for answer in self._asked.values():
            if not answer.done():
                answer.set_exception(self._loss())

    def _unsent(self, code: MQTTErrorCode) -> aiomqtt.MqttError:
        if code in {MQTTErrorCode.MQTT_ERR_NO_CONN, MQTTErrorCode.MQTT_ERR_CONN_LOST}:
            return self._loss()
        return aiomqtt.MqttCodeError(code, "cannot send")

    def _loss(self) -> aiomqtt.MqttError:
        error = aiomqtt.MqttError("closed by the other side")
        error.__cause__ = self._lost.result() if self._lost.done() else None
        return error

    def _give_up(self, reason: str) -> None:
        if not self._connected.done():
            self._connected.set_exception(aiomqtt.MqttError(f"hung up before it answered ({reason})"))

    def _shut(self) -> None:
        """Close whatever is still open."""
        sock = self._client.socket()
        if isinstance(sock, socket.socket) and sock.fileno() >= 0:
            self._loop.remove_reader(sock)
            self._loop.remove_writer(sock)
            sock.close()
        if self._misc_task is not None:
            self._misc_task.cancel()
        if not self._lost.done():
            self._lost.set_result(None)
        if not self._disconnected.done():
            self._disconnected.set_result(None)
        # Whoever does not ask why it was lost shall not be told by the loop.
        with contextlib.suppress(asyncio.CancelledError):
            self._disconnected.exception()
        if self._connected.done() and not self._connected.cancelled():
            self._connected.exception()
