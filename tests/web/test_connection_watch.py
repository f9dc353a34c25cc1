"""The rules of connections, without any connection."""

import ipaddress

import pytest

from web.connection_watch import (
    MAX_REFUSED,
    ConnectionLimits,
    ConnectionWatch,
    Refusal,
    address_key,
    body_is_overdue,
    is_in,
)


class Connection:
    def __init__(self, host: str = "192.0.2.1") -> None:
        self.host = host
        self.is_evicted = False

    def check(self, now: float) -> None: ...

    def evict(self) -> None:
        self.is_evicted = True


def watch_of(connections: int = 100, per_address: int = 100, proxies: tuple[str, ...] = ()) -> ConnectionWatch:
    networks = tuple(ipaddress.ip_network(proxy) for proxy in proxies)
    return ConnectionWatch(ConnectionLimits(connections, per_address, proxies=networks))


@pytest.mark.parametrize(
    ("waited", "received", "is_overdue"),
    [(0, 0, False), (30, 0, False), (31, 0, True), (31, 1024, False), (32, 1024, True), (300, 10, True),
     (900, 1_000_000, False)],
)  # fmt: skip
def test_a_body_needs_a_rate_after_its_first_seconds(waited: float, received: int, is_overdue: bool) -> None:
    assert body_is_overdue(waited, received, ConnectionLimits(body_seconds=30)) is is_overdue


@pytest.mark.parametrize(
    ("host", "key"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("testclient", "testclient"),
    ],
)
def test_an_address_of_ipv6_is_its_network(host: str, key: str) -> None:
    assert address_key(host) == key


def test_a_name_is_in_no_network() -> None:
    assert not is_in("testclient", [ipaddress.ip_network("10.0.0.0/8")])


def test_an_address_with_all_its_connections_at_work_gets_no_more() -> None:
    watch = watch_of(per_address=2)
    connections = [Connection(), Connection()]
    for connection in connections:
        assert watch.admit(connection) is None
        watch.works(connection)
    assert watch.admit(Connection()) is Refusal.ADDRESS
    assert watch.admit(Connection("192.0.2.2")) is None
    watch.left(connections[0])
    watch.left(connections[0])
    assert watch.admit(Connection()) is None
    assert watch.open == 3


def test_the_oldest_connection_without_a_request_makes_room() -> None:
    watch = watch_of(per_address=3)
    first, second, third, fourth = (Connection() for _ in range(4))
    for connection in (first, second, third):
        watch.admit(connection)
    watch.works(first)
    assert watch.admit(fourth) is None
    assert [one.is_evicted for one in (first, second, third)] == [False, True, False]
    watch.waits(first)  # its request has ended: now it is the newest
    assert watch.admit(Connection()) is None
    assert [one.is_evicted for one in (first, third)] == [False, True]


def test_a_full_server_refuses_everybody_whose_place_is_not_free() -> None:
    watch = watch_of(connections=2)
    busy, idle = Connection("192.0.2.1"), Connection("192.0.2.2")
    watch.admit(busy)
    watch.works(busy)
    watch.admit(idle)
    new = Connection("192.0.2.3")
    assert watch.admit(new) is None
    assert idle.is_evicted
    watch.works(new)
    assert watch.admit(Connection("192.0.2.4")) is Refusal.FULL
    assert watch.open == 2


def test_a_proxy_is_not_counted_as_an_address() -> None:
    watch = watch_of(per_address=1, proxies=("10.0.0.0/8",))
    for _ in range(5):
        connection = Connection("10.1.2.3")
        assert watch.admit(connection) is None
        watch.works(connection)


def test_a_websocket_takes_the_place_of_its_handshake() -> None:
    watch = watch_of(per_address=1)
    handshake, socket = Connection(), Connection()
    watch.admit(handshake)
    watch.replace(handshake, socket)
    assert watch.open == 1
    assert watch.admit(Connection()) is Refusal.ADDRESS
    watch.left(socket)
    assert watch.open == 0


def test_refused_connections_are_bounded_themselves() -> None:
    watch = watch_of()
    assert all(watch.linger(Connection()) for _ in range(MAX_REFUSED))
    assert not watch.linger(Connection())
