"""Which addresses an announce URL or a redirect may lead to."""

import pytest

from torrent_peer.net.tracker_hosts import look_up, permitted
from torrent_peer.trackers.announce import TrackerError
from torrent_peer.trackers.url import TrackerUrl

FAR, LAN, HERE, METADATA = "8.8.8.8", "192.168.1.1", "127.0.0.1", "169.254.169.254"


@pytest.mark.parametrize(
    ("url", "hosts", "left"),
    [
        ("http://t.example/announce", [FAR, HERE], [FAR, HERE]),
        ("http://t.example/announce.php", [HERE], [HERE]),
        ("http://t.example/anything?a=b", [FAR, LAN], [FAR, LAN]),
        ("http://t.example/admin", [HERE, FAR, "::1", "0.0.0.0"], [FAR]),
    ],
)
def test_what_an_announce_url_may_ask(url: str, hosts: list[str], left: list[str]) -> None:
    assert permitted(hosts, TrackerUrl.parse(url), came_from=None) == left


@pytest.mark.parametrize("url", ["http://t.example/admin", "http://t.example/", "http://t.example/announce?cmd=reboot"])
@pytest.mark.parametrize("host", [HERE, "::1", "127.8.9.10", "0.0.0.0", "::ffff:127.0.0.1"])
def test_our_own_machine_is_only_asked_for_a_trackers_page(url: str, host: str) -> None:
    with pytest.raises(TrackerError) as caught:
        permitted([host], TrackerUrl.parse(url), came_from=None)
    assert str(caught.value) == "a tracker on this machine is only asked at /announce, without a query in its URL"
    assert caught.value.never


@pytest.mark.parametrize(
    ("came_from", "to", "allowed"),
    [
        (FAR, FAR, True),
        (FAR, LAN, False),
        (FAR, HERE, False),
        (FAR, METADATA, False),
        (FAR, "fd00::1", False),
        (FAR, "::1", False),
        (LAN, FAR, True),
        (LAN, LAN, True),
        (LAN, HERE, False),
        (HERE, HERE, True),
        (HERE, LAN, True),
        (HERE, FAR, True),
    ],
)
def test_a_redirect_leads_no_nearer_to_us(came_from: str, to: str, allowed: bool) -> None:
    tracker = TrackerUrl.parse("http://t.example/x?y")
    if allowed:
        assert permitted([to], tracker, came_from=came_from) == [to]
        return
    with pytest.raises(TrackerError) as caught:
        permitted([to], tracker, came_from=came_from)
    assert str(caught.value) == "it redirects into a network nearer to us than its own (t.example)"


async def test_an_address_is_its_own_look_up() -> None:
    assert await look_up(TrackerUrl.parse("http://127.0.0.1:1/")) == ["127.0.0.1"]
    assert await look_up(TrackerUrl.parse("udp://[::1]:1")) == ["::1"]


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "127.1"])
async def test_odd_ways_to_write_loopback_are_seen_through(host: str) -> None:
    assert await look_up(TrackerUrl.parse(f"http://{host}/")) == ["127.0.0.1"]


async def test_a_name_that_is_none_is_said_so() -> None:
    with pytest.raises(TrackerError) as caught:
        await look_up(TrackerUrl.parse("http://tracker.invalid/"))
    assert str(caught.value) == "the name tracker.invalid could not be found"
