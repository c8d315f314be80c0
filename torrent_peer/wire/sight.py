"""Proof of sight: what the other side has certainly heard, found by counting answers; no clocks, no numbered messages.

Who answers a question has heard everything said before it. A side that has asked more since some moment than it still
waits for has had an answer to something it asked after it: so all it said up to then was heard.
"""

from torrent_peer.wire.state import SideState

Moment = tuple[int, int, int]
"""How many requests, pieces of metadata and hashes a side had asked for."""


def now(speaker: SideState) -> Moment:
    """This moment in what `speaker` says."""
    return speaker.requests.sent, speaker.metadata.sent, speaker.hashes.sent


def was_heard(speaker: SideState, moment: Moment) -> bool:
    """Whether what `speaker` had said at that moment was certainly heard, when the last word of the other was said."""
    requests, metadata, hashes = moment
    return (
        speaker.requests.sent - requests > speaker.requests.credits
        or speaker.metadata.sent - metadata > speaker.metadata.total
        or speaker.hashes.sent - hashes > speaker.hashes.total
    )
