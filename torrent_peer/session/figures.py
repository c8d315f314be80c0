"""A torrent's parts turned into a snapshot for people to look at."""

import trio

from torrent_peer.net.announcer import TrackerState
from torrent_peer.session.peer import Peer
from torrent_peer.session.status import PeerStatus, TrackerStatus


def peer_status(peer: Peer) -> PeerStatus:
    """One connected peer."""
    now = trio.current_time()
    pieces = peer.connection.theirs.pieces
    return PeerStatus(
        address=peer.address,
        client=peer.client,
        flags=flags(peer),
        progress=pieces.count / pieces.size if pieces is not None and pieces.size else 0.0,
        download_rate=peer.download_rate.rate(now=now),
        upload_rate=peer.upload_rate.rate(now=now),
        outstanding=len(peer.connection.outstanding),
        last_word=peer.last_word,
    )


def flags(peer: Peer) -> str:
    """One letter a fact, as Transmission's users know them."""
    ours, theirs = peer.connection.ours, peer.connection.theirs
    facts = (
        ("O", peer.optimistic and not ours.choking),
        ("D", ours.interested and not theirs.choking),
        ("d", ours.interested and theirs.choking),
        ("U", theirs.interested and not ours.choking),
        ("u", theirs.interested and ours.choking),
        ("K", not theirs.choking and not ours.interested),
        ("?", not ours.choking and not theirs.interested),
        ("S", peer.ages.is_snubbing),
        ("I", not peer.dialed),
    )
    return "".join(letter for letter, holds in facts if holds)


def tracker_status(state: TrackerState) -> TrackerStatus:
    """One tracker."""
    due = state.next_announce
    return TrackerStatus(
        url=state.url,
        seeders=state.seeders,
        leechers=state.leechers,
        last_error=state.error,
        next_announce=None if due is None else max(0.0, due - trio.current_time()),
    )


def why_slow(
    *, rate: float, known: int, dialing: int, peers: list[Peer], unobtainable: int, trackers: tuple[TrackerState, ...]
) -> str:
    """One line that answers "why is nothing coming?"; empty while bytes flow."""
    if rate > 0:
        return ""
    greeted = [peer for peer in peers if peer.greeted]
    if not greeted:
        if not known:
            failed = [state for state in trackers if state.error is not None]
            if failed:
                return f"no peer is known; tracker {failed[0].url}: {failed[0].error}"
            return "no peer is known yet" if trackers else "no peer is known, and there is no tracker to ask"
        return f"{known} peers are known, none is connected ({dialing} being dialled)"
    interesting = [peer for peer in greeted if peer.connection.ours.interested]
    if not interesting:
        return f"none of {len(greeted)} connected peers has a piece we lack" + (
            f"; {unobtainable} pieces are nowhere" if unobtainable else ""
        )
    choking = [peer for peer in interesting if peer.connection.theirs.choking]
    if len(choking) == len(interesting):
        return f"all {len(interesting)} peers that have something for us choke us"
    snubbing = [peer for peer in interesting if peer.ages.is_snubbing]
    if snubbing:
        return f"{len(snubbing)} peers owe us blocks and send none"
    return ""
