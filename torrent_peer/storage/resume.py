"""What of a torrent is on disk: what the record says of files that still look as they did, and hashing the rest."""

from collections.abc import Callable
from typing import Final

from torrent_peer.core.piece_set import PieceSet
from torrent_peer.core.values import frozen
from torrent_peer.storage.check import Progress, check_pieces
from torrent_peer.storage.record import PART, ResumeRecord
from torrent_peer.storage.store import Store

SAMPLE_PIECES: Final = 64
"""Trusted pieces that are hashed all the same at each start; rqbit's number."""
SAMPLE_BYTES: Final = 64 * 1024 * 1024
"""The same in bytes: a second on a slow disk."""


@frozen(kw_only=True)
class ResumePlan:
    """What to believe and what to hash; the three sets are of pieces there is room for on disk."""

    trusted: PieceSet
    """Claimed by the record, in files that look as it says."""
    to_check: PieceSet
    """Possibly there; none of `trusted`."""
    sample: PieceSet
    """Some of `trusted`, to be hashed in proof: if one is wrong, none may be trusted."""
    reason: str
    """Where this knowledge is from, for people."""


@frozen(kw_only=True)
class Recalled:
    """What is on disk."""

    pieces: PieceSet
    """The pieces that are right."""
    reason: str
    """Where this knowledge is from, for people."""


def plan_resume(record: ResumeRecord | None, store: Store) -> ResumePlan:
    """What `record` is worth for the files as the store found them when it was opened.

    Without a record all that exists is to be hashed: "no record" never means "nothing there". With one, the pieces of
    a file that is changed or new since are: a killed process goes on changing files after it has saved its last
    record, and it may have finished pieces which that does not claim.
    """
    layout, places = store.layout, store.places
    known = store.files.known
    stored = places.stored()
    stored -= places.of_missing(known)
    none = PieceSet(stored.size)
    if record is None:
        count = len(store.existing())
        reason = f"no resume record, {_files(count)} checked" if count else "nothing on disk yet"
        return ResumePlan(trusted=none, to_check=stored, sample=none, reason=reason)
    kept = [*places.in_place(), *([PART] if places.uses_part else [])]
    changed = [file for file in kept if record.files.get(file) != known.get(file)]
    moved = layout.pieces_touching(file for file in changed if file != PART)
    if PART in changed:
        moved |= places.parted()
    trusted = record.verified & stored
    trusted -= moved
    to_check = (moved & stored if record.clean else stored) - trusted
    count = sum(1 for file in changed if file in known)
    reason = f"resume record, {_files(count)} changed since and rechecked" if count else "resume record"
    return ResumePlan(trusted=trusted, to_check=to_check, sample=_sample(trusted, store), reason=reason)


def recall(
    store: Store,
    *,
    recheck: bool = False,
    threads: int | None = None,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Recalled | None:
    """Plan and hash; `recheck`: hash everything, whatever the record says. Raises StorageError as `check_pieces` does.

    `None` when cancelled: nothing is known then, and no record may be saved, which would deny what was not looked at.
    """
    plan = plan_resume(None if recheck else store.record, store)
    reason = "everything rechecked as asked" if recheck else plan.reason
    good = check_pieces(store, plan.to_check | plan.sample, threads=threads, progress=progress, cancelled=cancelled)
    trusted = plan.trusted
    if plan.sample - good:
        reason = "resume record found wrong, everything rechecked"
        trusted = check_pieces(store, store.stored_pieces(), threads=threads, progress=progress, cancelled=cancelled)
        good = trusted
    if cancelled is not None and cancelled():
        return None
    return Recalled(pieces=trusted | good, reason=reason)


def _sample(trusted: PieceSet, store: Store) -> PieceSet:
    """Some of the trusted pieces, evenly spread, the first and the last among them."""
    most = max(1, min(SAMPLE_PIECES, SAMPLE_BYTES // store.torrent.geometry.piece_length))
    pieces = list(trusted)
    count = min(most, len(pieces))
    return PieceSet(trusted.size, (pieces[n * (len(pieces) - 1) // max(1, count - 1)] for n in range(count)))


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count} files"
