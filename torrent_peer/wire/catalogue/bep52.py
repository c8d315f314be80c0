"""HASH: hashes of version 2 torrents."""

from typing import Final

from attrs import evolve

from torrent_peer.wire.catalogue.entry import Clients, Entry
from torrent_peer.wire.catalogue.exchange import OPENED, PIECES_ROOT, Example, dialer, listener
from torrent_peer.wire.messages import Hashes, HashRange, HashReject, HashRequest
from torrent_peer.wire.reserved import Reserved

_BYTES: Final = "never: it is in the bytes themselves"
_TREE: Final = "never: the torrent's trees are the same on both sides"
_NO_CANCEL: Final = "never: a hash request cannot be taken back, so its answer is always expected"
_REJECTED: Final = Clients(libtorrent="rejects it", anacrolix="rejects it")
_V2: Final = evolve(OPENED, bits=Reserved.of(fast=True, extended=True, v2=True))
_KNOWN: Final = evolve(_V2, trees_known=True)
_RANGE: Final = HashRange(PIECES_ROOT, 0, 0, 4, 0)
_ASK: Final = dialer(HashRequest(_RANGE), words="hash_request, 4 of layer 0 from 0 on")
_ASKED: Final = _V2.then(_ASK)
_HASHES: Final = listener(Hashes(_RANGE, bytes(4 * 32)), words="hashes, 4 of layer 0 from 0 on")
_REJECT: Final = listener(HashReject(_RANGE), words="hash_reject, 4 of layer 0 from 0 on")

ENTRIES: Final = (
    Entry(
        rule="HASH-01",
        instead="Look at both handshakes before using ids 21 to 23: the bit of BEP 52 must be set in each.",
        races="never: the bits are fixed by the handshakes",
        clients=Clients(
            libtorrent="closes°",
            transmission="closes within 0.5 s°",
            anacrolix="closes",
            rqbit="closes",
            rain="ignores it",
            webtorrent="ignores it",
            aria2="closes°",
        ),
        examples=(
            Example(given=OPENED, breaks=_ASK, given_alike=_V2, alike=_ASK, because="both sides speak version 2."),
        ),
    ),
    Entry(
        rule="HASH-02",
        instead="Send 49 bytes, and behind them, in an answer with hashes, 32 for each.",
        races=_BYTES,
        clients=Clients(libtorrent="closes", anacrolix="closes"),
        examples=(
            Example(
                given=_V2,
                breaks=dialer(b"\0\0\0\2\x15\0", words="hash_request with a body of 1 byte"),
                alike=_ASK,
                because="its body has 48 bytes.",
            ),
        ),
    ),
    Entry(
        rule="HASH-03",
        instead="Name files by the pieces root of their metadata.",
        races=_TREE,
        clients=_REJECTED,
        examples=(
            Example(
                given=_KNOWN,
                breaks=dialer(HashRequest(evolve(_RANGE, pieces_root=bytes(32))), words="hash_request, root 00…00"),
                alike=_ASK,
                because="a file has that root.",
            ),
        ),
    ),
    Entry(
        rule="HASH-04",
        instead="Count layers from the leaves, which are blocks of 16 KiB; the root is the highest.",
        races=_TREE,
        clients=_REJECTED,
        examples=(
            Example(
                given=_KNOWN,
                breaks=dialer(HashRequest(evolve(_RANGE, base_layer=9, length=2)), words="hash_request, 2 of layer 9"),
                alike=dialer(HashRequest(evolve(_RANGE, base_layer=7, length=2)), words="hash_request, 2 of layer 7"),
                because="145 blocks, filled up to 256, have eight layers above them.",
            ),
        ),
    ),
    Entry(
        rule="HASH-05",
        instead="Ask for a power of two of hashes, from 2 to 512.",
        races=_BYTES,
        clients=Clients(libtorrent="acts on it up to 8192, rejects it above", anacrolix="rejects it"),
        examples=(
            Example(
                given=_V2,
                breaks=dialer(HashRequest(evolve(_RANGE, length=3)), words="hash_request, 3 of layer 0"),
                alike=dialer(HashRequest(evolve(_RANGE, length=2)), words="hash_request, 2 of layer 0"),
                because="two is a power of two.",
            ),
            Example(
                given=_V2,
                breaks=dialer(HashRequest(evolve(_RANGE, length=1024)), words="hash_request, 1024 of layer 0"),
                alike=dialer(HashRequest(evolve(_RANGE, length=512)), words="hash_request, 512 of layer 0"),
                because="512 are as many as should be asked for at once.",
            ),
        ),
    ),
    Entry(
        rule="HASH-06",
        instead="Start at a multiple of the number you ask for, and stay inside the layer.",
        races=_TREE,
        clients=Clients(libtorrent="acts on it inside the layer, rejects it outside", anacrolix="rejects it"),
        examples=(
            Example(
                given=_KNOWN,
                breaks=dialer(HashRequest(evolve(_RANGE, index=2)), words="hash_request, 4 of layer 0 from 2 on"),
                alike=dialer(HashRequest(evolve(_RANGE, index=252)), words="hash_request, 4 of layer 0 from 252 on"),
                because="they are the last four, filled up with zeros as they are.",
            ),
        ),
    ),
    Entry(
        rule="HASH-07",
        instead="Ask for no more layers of proof than there are between the base layer and the root.",
        races=_TREE,
        clients=_REJECTED,
        examples=(
            Example(
                given=_KNOWN,
                breaks=dialer(HashRequest(evolve(_RANGE, proof_layers=9)), words="hash_request, 9 layers of proof"),
                alike=dialer(HashRequest(evolve(_RANGE, proof_layers=7)), words="hash_request, 7 layers of proof"),
                because="the tree has eight.",
            ),
        ),
    ),
    Entry(
        rule="HASH-08",
        instead="Repeat the five fields of the request, and send every hash it asks for in one message.",
        races=_NO_CANCEL,
        clients=Clients(libtorrent="closes", anacrolix="closes"),
        examples=(
            Example(given=_V2, breaks=_HASHES, given_alike=_ASKED, alike=_HASHES, because="they were asked for."),
        ),
    ),
    Entry(
        rule="HASH-10",
        instead="Reject a hash request once, with its own five fields.",
        races=_NO_CANCEL,
        clients=Clients(libtorrent="ignores it", anacrolix="ignores it"),
        examples=(
            Example(given=_V2, breaks=_REJECT, given_alike=_ASKED, alike=_REJECT, because="it answers a request."),
        ),
    ),
)
