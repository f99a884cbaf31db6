"""The broker over aiomqtt, behind protocols.ports: QoS 1, a persistent session, MQTT 3.1.1 features only.

What is transient: everything that aiomqtt raises. It becomes ConnectionError, and whoever runs the session backs off
and connects anew. A broker that refuses the credentials is transient too: passwords are mended while we wait.
"""

import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiomqtt

from protocols.ports import Broker, Connect, Message

QOS = 1
KEEPALIVE_S = 20
CONNECT_TIMEOUT_S = 10.0
MAX_INCOMING = 10_000
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
            context.load_cert_chain(self.certificate_file, self.key_file)
        return context


class _Session:
    """One connected session, as ports.Broker."""

    def __init__(self, client: aiomqtt.Client) -> None:
        self._client = client

    async def publish(self, topic: str, payload: bytes) -> None:
        try:
            await self._client.publish(topic, payload, qos=QOS)
        except aiomqtt.MqttError as error:
            raise ConnectionError(f"broker: {error}") from error

    async def messages(self) -> AsyncIterator[Message]:
        try:
            async for message in self._client.messages:
                if isinstance(message.payload, bytes):
                    yield Message(str(message.topic), message.payload)
        except aiomqtt.MqttError as error:
            raise ConnectionError(f"broker: {error}") from error


def connector(address: Address) -> Connect:
    """Return what opens sessions at this broker."""

    @asynccontextmanager
    async def connect(topics: list[str], will: Message | None) -> AsyncIterator[Broker]:
        try:
            client = _client(address, will)
            await client.__aenter__()
        except (aiomqtt.MqttError, OSError) as error:
            raise ConnectionError(f"broker {address.host}:{address.port}: {error}") from error
        try:
            await _subscribe(client, topics)
            yield _Session(client)
        finally:
            await _leave(client)

    return connect


def _client(address: Address, will: Message | None) -> aiomqtt.Client:
    return aiomqtt.Client(
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
        max_queued_incoming_messages=MAX_INCOMING,
        socket_options=[AT_ONCE],
    )


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
