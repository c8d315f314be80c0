"""A torrent's parts turned into a snapshot for people to look at."""

from collections.abc import Sequence

import trio

from torrent_peer.metainfo.torrent import Torrent
from torrent_peer.net.announcer import TrackerState
from torrent_peer.session.parts import Parts
from torrent_peer.session.peer import Peer
from torrent_peer.session.status import PeerStatus, State, TorrentStatus, TrackerStatus
from torrent_peer.wire.errors import Severity


def torrent_status(torrent: Torrent, state: State, parts: Parts | None, *, with_peers: bool = True) -> TorrentStatus:
    """One torrent; `parts` are not there while the disk is looked at. `with_peers`: look at each of them, too."""
    if parts is None:
        return _unopened(torrent, state)
    now = trio.current_time()
    exchange, swarm = parts.exchange, parts.swarm
    peers = list(swarm)
    rate = sum(peer.download_rate.rate(now=now) for peer in peers)
    trackers = parts.announcer.states
    reason = ""
    if state is State.DOWNLOADING and rate == 0:
        reason = why_slow(
            peers,
            known=len(swarm.book),
            dialing=swarm.dialing,
            unobtainable=parts.picker.unobtainable,
            trackers=trackers,
        )
    return TorrentStatus(
        info_hash=torrent.info_hash,
        name=torrent.name,
        state=state,
        wanted=parts.content.wanted_bytes,
        verified=exchange.verified_bytes,
        pieces=torrent.geometry.piece_count,
        pieces_verified=parts.content.have.count,
        downloaded=parts.downloading.downloaded,
        uploaded=parts.serving.uploaded,
        wasted=parts.downloading.wasted,
        download_rate=rate,
        upload_rate=sum(peer.upload_rate.rate(now=now) for peer in peers),
        eta=parts.left / rate if rate > 0 else None,
        known_peers=len(swarm.book),
        connected=len(peers),
        peers=tuple(peer_status(peer) for peer in peers) if with_peers else (),
        trackers=tuple(tracker_status(tracker) for tracker in trackers),
        hash_failures=exchange.hash_failures,
        violations=exchange.findings[Severity.VIOLATION],
        deviations=exchange.findings[Severity.DEVIATION],
        why_slow=reason,
        have=parts.content.have.to_bitfield(),
        open_pieces=tuple(parts.picker.open_pieces),
        dialing=swarm.dialing,
        unobtainable=parts.picker.unobtainable,
        super_seeding=exchange.revealing.hides,
    )


def _unopened(torrent: Torrent, state: State) -> TorrentStatus:
    return TorrentStatus(
        info_hash=torrent.info_hash,
        name=torrent.name,
        state=state,
        wanted=torrent.geometry.total_length,
        verified=0,
        pieces=torrent.geometry.piece_count,
        pieces_verified=0,
        downloaded=0,
        uploaded=0,
        wasted=0,
        download_rate=0.0,
        upload_rate=0.0,
        eta=None,
        known_peers=0,
        connected=0,
        peers=(),
        trackers=(),
        hash_failures=0,
        violations=0,
        deviations=0,
        why_slow="",
    )


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
        answered=state.answered,
        peers=state.peers,
    )


def why_slow(
    peers: Sequence[Peer], *, known: int, dialing: int, unobtainable: int, trackers: Sequence[TrackerState]
) -> str:
    """One line that answers "why is nothing coming?"; empty when only patience is needed."""
    greeted = [peer for peer in peers if peer.greeted]
    if not greeted:
        if not known:
            failed = [state for state in trackers if state.error is not None]
            if failed:
                return f"no peer is known; tracker {failed[0].url}: {failed[0].error}"
            return "no peer is known yet" if trackers else "no peer is known, and there is no tracker to ask"
        waiting = sum(1 for peer in peers if not peer.greeted)
        doing = [f"{dialing} being dialled"] * (dialing > 0) + [f"{waiting} not yet introduced"] * (waiting > 0)
        return f"{_peers(known)} known, none connected ({', '.join(doing) or 'to be tried again'})"
    interesting = [peer for peer in greeted if peer.connection.ours.interested]
    if not interesting:
        nowhere = f"; pieces that nobody has: {unobtainable}" if unobtainable else ""
        return f"{_peers(len(greeted))} connected, none with a piece we lack{nowhere}"
    choking = [peer for peer in interesting if peer.connection.theirs.choking]
    if len(choking) == len(interesting):
        return f"{_peers(len(interesting))} with something for us, all choking us"
    snubbing = [peer for peer in interesting if peer.ages.is_snubbing]
    if snubbing:
        return f"{_peers(len(snubbing))} owing us blocks and sending none"
    return ""


def _peers(count: int) -> str:
    return "1 peer" if count == 1 else f"{count} peers"
