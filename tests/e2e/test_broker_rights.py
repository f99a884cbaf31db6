"""I10 at Debian's mosquitto, set up by `curbstop broker`: what arrives counts, for it answers a denied try kindly.

Everybody tries everything: each client publishes on every topic there is, of every kind that the code knows, under
every name, and subscribes to every topic and wildcard. What each has heard is held against the one rule of who may hear
whom.
"""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import aiomqtt
import pytest

from curbstop.broker import authority, command
from curbstop.broker.authority import Holder, Kind
from curbstop.demo.mosquitto import Served, mosquitto, start
from protocols.uplink.messages import DOWN, UP
from protocols.uplink.topics import ROOT
from seams.clock import SystemClock
from seams.mqtt import Address
from tests.e2e import servers

pytestmark = pytest.mark.needs("mosquitto")
PLANE, A, B = "control-plane", "gateway-a", "gateway-b"
PEOPLE = (PLANE, A, B)
NAMES = (A, B, PLANE, "nobody")
END = "the end"
PATIENCE_S = 10.0
TOPICS = [f"{ROOT}/{name}/{way}/{kind}" for name in NAMES for way in ("up", "down") for kind in sorted(UP | DOWN)]
ELSEWHERE = [
    "$SYS/broker/version",
    "$SYS/broker/clients/connected",
    "curbstop/v2/x",
    "elsewhere",
    f"{ROOT}/{B}",
    "$CONTROL/v1",
]
SHARED = ["$share/g/#", f"$share/g/{ROOT}/+/up/+", f"$share/g/{ROOT}/{B}/down/+", f"$share/g/{ROOT}/{A}/up/+"]
WILDCARDS = ["#", "+/#", "$SYS/#", f"{ROOT}/#", f"{ROOT}/+/up/#", f"{ROOT}/+/down/#", f"{ROOT}/+/+/+", "+/+/+/+/+"]
WILDCARDS += [f"{ROOT}/{name}/{rest}" for name in (A, B) for rest in ("#", "up/+", "down/+", "+/command")]
VERSIONS = [aiomqtt.ProtocolVersion.V311, aiomqtt.ProtocolVersion.V5]


def may(publisher: str, topic: str, hearer: str) -> bool:
    """The rule: up to the control plane from the gateway itself, down to the gateway from the control plane alone."""
    if topic not in TOPICS:
        return False
    name, way = topic.split("/")[2:4]
    return (way == "up" and publisher == name and hearer == PLANE) or (
        way == "down" and publisher == PLANE and hearer == name
    )


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[Served]:
    async with mosquitto(tmp_path, servers.free_port(), [PLANE], [A, B], SystemClock().now()) as served:
        yield served


def client(address: Address, **more: object) -> aiomqtt.Client:
    """A client that says what the test lets it say of itself."""
    said = {"identifier": address.client_id, "username": address.username, "timeout": PATIENCE_S, **more}
    said.setdefault("protocol", aiomqtt.ProtocolVersion.V311)
    return aiomqtt.Client(address.host, address.port, tls_context=address.tls(), **said)  # type: ignore[arg-type]


async def heard_until_the_end(listener: aiomqtt.Client) -> list[tuple[str, str]]:
    """Who said what it heard, and where, until the last word."""
    found: list[tuple[str, str]] = []
    async with asyncio.timeout(PATIENCE_S):
        async for message in listener.messages:
            assert isinstance(message.payload, bytes)
            if (said := message.payload.decode()) == END:
                return found
            found.append((said, str(message.topic)))
    raise AssertionError("the session ended")


@asynccontextmanager
async def listening(served: Served, version: aiomqtt.ProtocolVersion) -> AsyncIterator[dict[str, aiomqtt.Client]]:
    """Everybody, in sessions that publish and listen, subscribed to everything; the shared ones come beside."""
    async with (
        client(served.address(PLANE), protocol=version) as plane,
        client(served.address(A), protocol=version) as a,
    ):
        async with client(served.address(B), protocol=version) as b:
            sessions = {PLANE: plane, A: a, B: b}
            for session in sessions.values():
                await session.subscribe([(topic, 1) for topic in (*WILDCARDS, *TOPICS, *ELSEWHERE)])
            yield sessions


async def say_everything(sessions: dict[str, aiomqtt.Client]) -> None:
    for name, session in sessions.items():
        for qos in (0, 1):
            await asyncio.gather(*(session.publish(topic, name, qos=qos) for topic in (*TOPICS, *ELSEWHERE)))


async def last_word(sessions: dict[str, aiomqtt.Client]) -> None:
    for name in (A, B):
        await sessions[PLANE].publish(f"{ROOT}/{name}/down/command", END, qos=1)
    await sessions[A].publish(f"{ROOT}/{A}/up/birth", END, qos=1)


@pytest.mark.parametrize("version", VERSIONS, ids=lambda v: v.name)
async def test_I10_whatever_anybody_publishes_only_whom_it_is_for_hears_it(
    broker: Served, version: aiomqtt.ProtocolVersion
) -> None:
    async with listening(broker, version) as sessions:
        await say_everything(sessions)
        await last_word(sessions)
        heard = {name: set(await heard_until_the_end(session)) for name, session in sessions.items()}
    for hearer in PEOPLE:
        lawful = {(said, topic) for said in PEOPLE for topic in (*TOPICS, *ELSEWHERE) if may(said, topic, hearer)}
        assert heard[hearer] == lawful, hearer
        assert lawful


async def test_I10_a_shared_subscription_hears_nothing_and_takes_nothing_from_whom_it_is_for(broker: Served) -> None:
    async with client(broker.address(PLANE)) as plane, client(broker.address(A)) as a, client(broker.address(B)) as b:
        await plane.subscribe(f"{ROOT}/+/up/+", qos=1)
        await b.subscribe(f"{ROOT}/{B}/down/+", qos=1)
        await a.subscribe([*((topic, 1) for topic in SHARED), (f"{ROOT}/{A}/down/+", 1)])
        for kind in sorted(UP):
            await b.publish(f"{ROOT}/{B}/up/{kind}", B, qos=1)
        for kind in sorted(DOWN):
            await plane.publish(f"{ROOT}/{B}/down/{kind}", PLANE, qos=1)
        await last_word({PLANE: plane, A: a, B: b})
        assert await heard_until_the_end(a) == []
        assert len(await heard_until_the_end(plane)) == len(UP)
        assert len(await heard_until_the_end(b)) == len(DOWN)


def connect(name: str, will: str | None = None) -> bytes:
    """CONNECT of MQTT 3.1.1, by hand: a clean session, and a last will where a topic is given."""
    flags, fields = 0x02, [name]
    if will is not None:
        flags, fields = flags | 0x0C, [name, will, name]
    body = b"\x00\x04MQTT\x04" + bytes([flags]) + b"\x00\x14"
    for text in fields:
        body += len(text).to_bytes(2, "big") + text.encode()
    assert len(body) < 128
    return bytes([0x10, len(body)]) + body


async def answer(address: Address, packet: bytes) -> bytes:
    """What comes back before the connection is broken off, without a farewell; empty where nobody is let in."""
    async with asyncio.timeout(PATIENCE_S):
        try:
            reader, writer = await asyncio.open_connection(address.host, address.port, ssl=address.tls())
        except (ssl.SSLError, ConnectionError):
            return b""
        try:
            writer.write(packet)
            return await reader.read(4)
        except (ssl.SSLError, ConnectionError):
            return b""
        finally:
            await broken_off(writer)


async def broken_off(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


LET_IN = b"\x20\x02\x00\x00"


@pytest.mark.parametrize("topic", [f"{ROOT}/{B}/up/death", f"{ROOT}/{B}/down/command", f"{ROOT}/{A}/down/freeze"])
async def test_I10_a_last_will_reaches_nobody_it_may_not(broker: Served, topic: str) -> None:
    async with client(broker.address(PLANE)) as plane, client(broker.address(B)) as b:
        for session in (plane, b):
            await session.subscribe("#", qos=1)
        lawful = f"{ROOT}/{A}/up/death"
        assert await answer(broker.address(A), connect(A, lawful)) == LET_IN
        await answer(broker.address(A), connect(A, topic))
        async with client(broker.address(A)) as a:
            await a.subscribe(f"{ROOT}/{A}/down/+", qos=1)
            await last_word({PLANE: plane, A: a, B: b})
            heard = [await heard_until_the_end(session) for session in (plane, b, a)]
        assert heard == [[(A, lawful)], [], []]


async def cut(session: aiomqtt.Client) -> None:
    """Wait until the broker has cut it."""
    async with asyncio.timeout(PATIENCE_S):
        with pytest.raises(aiomqtt.MqttError):
            await asyncio.shield(session._disconnected)


async def test_nothing_is_retained(broker: Served) -> None:
    async with client(broker.address(A)) as a:
        await a.publish(f"{ROOT}/{A}/up/birth", "kept", qos=0, retain=True)
        await cut(a)
    async with client(broker.address(PLANE)) as plane, client(broker.address(A)) as a:
        await plane.subscribe("#", qos=1)
        await a.publish(f"{ROOT}/{A}/up/birth", END, qos=1)
        assert await heard_until_the_end(plane) == []


async def test_I10_whoever_says_that_it_is_another_is_itself_and_puts_nobody_out(broker: Served) -> None:
    """A's certificate with B's client id, user name, or both: B's session stays, and what is said is A's."""
    async with client(broker.address(PLANE)) as plane, client(broker.address(B), clean_session=False) as b:
        await plane.subscribe(f"{ROOT}/+/up/+", qos=1)
        await b.subscribe(f"{ROOT}/{B}/down/+", qos=1)
        for claims in ((B, A), (A, B), (B, B), (A, PLANE)):
            async with client(replace(broker.address(A), client_id=claims[0], username=claims[1])) as liar:
                await liar.subscribe([(f"{ROOT}/{B}/down/+", 1), (f"{ROOT}/+/up/+", 1)])
                await asyncio.gather(*(liar.publish(topic, A, qos=1) for topic in TOPICS))
                await plane.publish(f"{ROOT}/{B}/down/permit", PLANE, qos=1)
                await plane.publish(f"{ROOT}/{A}/down/permit", END, qos=1)
                await liar.subscribe(f"{ROOT}/{A}/down/+", qos=1)
                await plane.publish(f"{ROOT}/{A}/down/permit", END, qos=1)
                assert await heard_until_the_end(liar) == []
        async with client(broker.address(A)) as a:
            await last_word({PLANE: plane, A: a, B: b})
        assert {topic.split("/")[2] for _, topic in await heard_until_the_end(plane)} == {A}
        assert await heard_until_the_end(b) == [(PLANE, f"{ROOT}/{B}/down/permit")] * 4


async def refused(address: Address) -> None:
    assert await answer(address, connect(A)) != LET_IN


async def test_only_a_valid_certificate_of_our_authority_gets_in(broker: Served, tmp_path: Path) -> None:
    now, good = SystemClock().now(), broker.address(A)
    foreign = authority.make(tmp_path / "foreign", now)
    for name, (key, certificate) in {
        "foreign": foreign.issue(Holder(A, Kind.GATEWAY), now),
        "ended": broker.authority.issue(Holder(A, Kind.GATEWAY), now - timedelta(days=40), 30),
        "early": broker.authority.issue(Holder(A, Kind.GATEWAY), now + timedelta(days=40)),
        "server": broker.authority.issue(Holder("broker", Kind.BROKER, ("127.0.0.1",)), now),
    }.items():
        authority.write(tmp_path / f"{name}.key", key, 0o600)
        authority.write(tmp_path / f"{name}.pem", certificate, 0o644)
        await refused(replace(good, certificate_file=tmp_path / f"{name}.pem", key_file=tmp_path / f"{name}.key"))
    await refused(replace(good, certificate_file=None, key_file=None))
    await refused(Address(good.host, good.port, A, A))
    assert await answer(good, connect(A)) == LET_IN


async def test_a_revoked_certificate_is_out_after_a_restart_and_a_new_one_of_that_name_is_in(tmp_path: Path) -> None:
    now, port = SystemClock().now(), servers.free_port()
    async with mosquitto(tmp_path, port, [PLANE], [A, B], now) as served:
        assert await answer(served.address(A), connect(A)) == LET_IN
        listed, ended = served.authority.revoke(A, now)
        assert ended == 1
    (tmp_path / command.BROKER / "revoked.pem").write_bytes(listed)
    (tmp_path / command.CLIENTS / A).rename(tmp_path / "stolen")
    command.issue(tmp_path, served.authority, Holder(A, Kind.GATEWAY), now)
    async with start(tmp_path, port):
        stolen = tmp_path / "stolen"
        await refused(
            replace(served.address(A), certificate_file=stolen / "client.pem", key_file=stolen / "client.key")
        )
        for name in (A, B):
            assert await answer(served.address(name), connect(name)) == LET_IN


async def test_a_gateways_certificate_does_not_make_it_the_broker(broker: Served) -> None:
    """EKU: whoever has stolen a gateway's key can't stand in the broker's place before the others."""
    place = broker.folder / command.CLIENTS / A
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(place / "client.pem", place / "client.key")
    there, here = ssl.MemoryBIO(), ssl.MemoryBIO()
    false = context.wrap_bio(there, here, server_side=True)
    believing = broker.address(B).tls()
    assert believing is not None
    client_side = believing.wrap_bio(here, there, server_hostname="127.0.0.1")
    with pytest.raises(ssl.SSLCertVerificationError, match="purpose"):
        for _ in range(4):
            for end in (client_side, false):
                with contextlib.suppress(ssl.SSLWantReadError):
                    end.do_handshake()


async def test_what_is_too_large_ends_its_senders_session_and_nobody_elses(broker: Served) -> None:
    async with client(broker.address(PLANE)) as plane:
        await plane.subscribe(f"{ROOT}/+/up/+", qos=1)
        where = broker.address(A)
        async with asyncio.timeout(PATIENCE_S):
            reader, writer = await asyncio.open_connection(where.host, where.port, ssl=where.tls())
            topic = f"{ROOT}/{A}/up/receipt".encode()
            body = len(topic).to_bytes(2, "big") + topic
            writer.write(connect(A) + b"\x30\xe0\xdc\x2a" + body + bytes(700_000 - len(body)))
            with pytest.raises((ConnectionError, ssl.SSLError, asyncio.IncompleteReadError)):
                await reader.readexactly(len(LET_IN) + 1)
            await broken_off(writer)
        async with client(broker.address(A)) as a:
            await a.publish(f"{ROOT}/{A}/up/receipt", END, qos=1)
        assert await heard_until_the_end(plane) == []
