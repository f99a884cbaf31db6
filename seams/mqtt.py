"""The broker over aiomqtt and its paho, behind protocols.ports: QoS 1, a persistent session, MQTT 3.1.1 alone.

What is transient: everything that they raise. It becomes ConnectionError, and whoever runs the session backs off
and connects anew. A broker that refuses the credentials is transient too: passwords are mended while we wait.
"""

import asyncio
import socket
import ssl
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiomqtt
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from protocols.ports import Broker, Connect, Message
from seams import keyfile
from seams.arrivals import Arrivals
from seams.names import Names

QOS = 1
KEEPALIVE_S = 20
CONNECT_TIMEOUT_S = TAKEN_TIMEOUT_S = 10.0
AT_ONCE = (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
"""A small message leaves without waiting for the acknowledgement of the one before: that wait is 40 ms a hop."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a broker is and who we are there. `password` is kept out of logs and representations."""

    host: str
    port: int
    username: str
    client_id: str
    password: str = field(default="", repr=False)
    ca_file: Path | None = None
    certificate_file: Path | None = None
    key_file: Path | None = None

    def tls(self) -> ssl.SSLContext | None:
        """Return the TLS context where a CA is named; OSError or ssl.SSLError where a file can't be used."""
        if self.ca_file is None:
            return None
        context = ssl.create_default_context(cafile=self.ca_file)
        if self.certificate_file is not None:
            context.load_cert_chain(self.certificate_file, self.key_file, password=_unlocked)
        return context

    def check(self) -> "Address":
        """Return it where its files are fit to be used now; KeyFileError where a key is not private, or one is none."""
        if self.key_file is not None:
            keyfile.private(self.key_file)
        if self.certificate_file is not None and self.ca_file is None:
            detail = "no ca_file is named beside it: without one there is no TLS, and no certificate is shown"
            raise keyfile.KeyFileError(f"{self.certificate_file}: {detail}")
        try:
            self.tls()
        except ssl.SSLError as error:
            files = ", ".join(str(path) for path in (self.ca_file, self.certificate_file, self.key_file) if path)
            raise keyfile.KeyFileError(f"{files}: can't be used for TLS ({error.reason or error})") from None
        except OSError as error:
            raise keyfile.KeyFileError(f"a certificate's file can't be read ({error.strerror})") from None
        return self


def _unlocked() -> str:
    """Nobody is there to type a passphrase: a key that wants one is refused."""
    raise ssl.SSLError("the key is encrypted, and nobody is there to unlock it")


class _Client(aiomqtt.Client):
    """What is published leaves within the call, and what arrives is handed over as it comes.

    As inherited, a message leaves after two more turns of the loop and a wake-up through a socket, and each one that
    arrives costs a task and a wait. Inherited as it is: connecting, subscribing, keeping alive, leaving.
    """

    def __init__(self, address: Address, will: Message | None) -> None:
        super().__init__(
            address.host,
            address.port,
            username=address.username,
            password=address.password or None,
            identifier=address.client_id,
            protocol=aiomqtt.ProtocolVersion.V311,
            will=aiomqtt.Will(will.topic, will.payload, qos=QOS) if will else None,
            clean_session=False,
            keepalive=KEEPALIVE_S,
            timeout=CONNECT_TIMEOUT_S,
            tls_context=address.tls(),
            socket_options=[AT_ONCE],
        )
        self.arrived = Arrivals()
        self._thread = threading.get_ident()
        self._waiting: dict[int, asyncio.Future[None]] = {}

    def connected(self) -> None:
        """Once entered: from now on the end of the connection ends whoever waits for something of it."""
        self._disconnected.add_done_callback(self._ended)

    def _ended(self, disconnected: "asyncio.Future[None]") -> None:
        self.arrived.end()
        error = None if disconnected.cancelled() else disconnected.exception()
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(ConnectionError(f"broker: {error or 'disconnected'}"))

    async def send(self, topic: str, payload: bytes) -> None:
        """Write it to the socket at once, then wait until the broker has it."""
        info = self._client.publish(topic, payload, QOS)
        if info.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
            raise ConnectionError(f"broker: not published (code {info.rc})")
        taken = self._waiting[info.mid] = self._loop.create_future()
        self._client.loop_write()
        try:
            async with asyncio.timeout(TAKEN_TIMEOUT_S):
                await taken
        except TimeoutError:
            raise ConnectionError(f"broker: a message was not taken within {TAKEN_TIMEOUT_S:.0f} s") from None
        finally:
            del self._waiting[info.mid]

    def _on_publish(self, _client: Client, _data: Any, mid: int, _reason: ReasonCode, _properties: Properties) -> None:
        if (taken := self._waiting.get(mid)) is not None and not taken.done():
            taken.set_result(None)

    def _on_message(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        self.arrived.put(message.topic, bytes(message.payload))

    def _on_socket_register_write(self, client: Client, data: Any, sock: Any) -> None:
        """Where the loop runs, at once: put off, it would come after the end of what is written within the call."""
        if threading.get_ident() != self._thread:
            super()._on_socket_register_write(client, data, sock)
        else:
            self._loop.add_writer(sock.fileno(), client.loop_write)


class _Session:
    """One connected session, as ports.Broker."""

    def __init__(self, client: _Client) -> None:
        self._client = client

    async def publish(self, topic: str, payload: bytes) -> None:
        await self._client.send(topic, payload)

    async def messages(self) -> AsyncIterator[Message]:
        while (message := await self._client.arrived.get()) is not None:
            yield message
        raise ConnectionError("broker: the session has ended")


def connector(address: Address) -> Connect:
    """Return what opens sessions at this broker.

    Its name is asked for before paho does, in a thread that nobody has to wait for: one of the loop's own pool would
    keep a gateway whose resolver hangs from stopping.
    """
    names = Names()

    @asynccontextmanager
    async def connect(topics: list[str], will: Message | None) -> AsyncIterator[Broker]:
        try:
            await names.addresses(address.host, address.port, kept=False)
            client = _Client(address, will)
            await client.__aenter__()
            client.connected()
        except (aiomqtt.MqttError, OSError) as error:
            raise ConnectionError(f"broker {address.host}:{address.port}: {error}") from error
        try:
            await _subscribe(client, topics)
            yield _Session(client)
        finally:
            await _leave(client)

    return connect


async def _subscribe(client: aiomqtt.Client, topics: list[str]) -> None:
    if not topics:
        return
    try:
        await client.subscribe([(topic, QOS) for topic in topics])
    except aiomqtt.MqttError as error:
        raise ConnectionError(f"broker: {error}") from error


async def _leave(client: aiomqtt.Client) -> None:
    """Disconnect; a session already lost has nothing to leave."""
    try:
        await client.__aexit__(None, None, None)
    except aiomqtt.MqttError:
        return
