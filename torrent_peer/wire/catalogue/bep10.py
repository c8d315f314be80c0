"""EXT: the extension protocol."""

from typing import Final

from torrent_peer.core.ids import PeerId
from torrent_peer.wire.catalogue.entry import Clients, Entry
from torrent_peer.wire.catalogue.exchange import (
    BITS,
    FRESH,
    INFO_HASH,
    SILENT,
    Example,
    Scene,
    dialer,
    greeting,
    handshake,
    listener,
)
from torrent_peer.wire.messages import Extended, ExtendedHandshake, Handshake, HaveNone
from torrent_peer.wire.reserved import Reserved
from torrent_peer.wire.side import Side

_BYTES: Final = "never: it is in the bytes themselves"
_BITS: Final = "never: the bits are fixed by the handshakes"
_NO_EXTENSIONS: Final = Scene(bits=Reserved.of(fast=True))
_EMPTY: Final = dialer(ExtendedHandshake(), words="extended_handshake, no extensions")
_EMPTY_TOO: Final = listener(ExtendedHandshake(), words="extended_handshake, no extensions")
_CHAT: Final = listener(ExtendedHandshake({"xx_chat": 3}), words="extended_handshake, xx_chat is 3")
_GREETED: Final = FRESH.then(_CHAT, _EMPTY)
_PUNCH: Final = listener(ExtendedHandshake({"ut_holepunch": 4}), words="extended_handshake, ut_holepunch is 4")
_RENDEZVOUS: Final = dialer(
    Extended(4, bytes([0, 0, 192, 0, 2, 7, 0x1A, 0xE1, 0, 0, 0, 0])), words="extended 4: ut_holepunch rendezvous"
)


_XUNLEI: Final = SILENT.then(
    dialer(Handshake(BITS, INFO_HASH, PeerId(b"-SD0100-dialdialdial")), words="handshake, peer id -SD0100-…"),
    listener(handshake(Side.LISTENER), words="handshake"),
    _CHAT,
    dialer(ExtendedHandshake({"xx_chat": 7}), words="extended_handshake, xx_chat is 7"),
)

ENTRIES: Final = (
    Entry(
        rule="EXT-01",
        instead="Look at both handshakes before using id 20: the bit must be set in each.",
        races=_BITS,
        clients=Clients(
            libtorrent="acts on the extended handshake, closes at others°",
            transmission="acts on it°",
            anacrolix="acts on it",
            rqbit="acts on it",
            rain="acts on it",
            webtorrent="acts on it°",
            aria2="closes°",
        ),
        broken_by="rqbit when it is dialled: it looks at its own bits (Q-18)",
        examples=(
            Example(
                given=_NO_EXTENSIONS,
                breaks=_EMPTY,
                given_alike=FRESH,
                alike=_EMPTY,
                because="both sides set the bit.",
            ),
            Example(
                given=_NO_EXTENSIONS,
                breaks=dialer(Extended(3, b"hello"), words="extended 3: xx_chat"),
                given_alike=_GREETED,
                alike=dialer(Extended(3, b"hello"), words="extended 3: xx_chat"),
                because="both sides set the bit, and the listener announced the id.",
            ),
        ),
    ),
    Entry(
        rule="EXT-02",
        instead="Use the ids of the other side's extended handshake when you write, your own when you read.",
        races="yes: an id that was disabled a moment ago stays legal, for ever; one never announced cannot be a race",
        clients=Clients(
            libtorrent="closes°",
            transmission="ignores it°",
            anacrolix="closes, but not for Xunlei",
            rqbit="ignores it if it is bencoded, else closes",
            rain="closes",
            webtorrent="ignores it°",
            aria2="closes°",
        ),
        broken_by="Xunlei, which uses its own ids (Q-19)",
        examples=(
            Example(
                given=_GREETED,
                breaks=dialer(Extended(7, b"hello"), words="extended 7: ?"),
                given_alike=_GREETED.then(
                    listener(ExtendedHandshake({"xx_chat": 0}), words="extended_handshake, xx_chat is 0")
                ),
                alike=dialer(Extended(3, b"hello"), words="extended 3: xx_chat", crossed=True),
                because="the message was on its way when its id was disabled.",
            ),
            Example(
                given=_XUNLEI,
                breaks=dialer(Extended(7, b"hello"), words="extended 7: xx_chat"),
                alike=dialer(Extended(3, b"hello"), words="extended 3: xx_chat"),
                because="3 is the id that the listener wants it under.",
            ),
        ),
    ),
    Entry(
        rule="EXT-03",
        instead="Send a bencoded dictionary, an empty one (de) if there is nothing to say.",
        races=_BYTES,
        clients=Clients(
            libtorrent="ignores it°",
            transmission="ignores it°",
            anacrolix="closes",
            rqbit="closes",
            rain="closes",
            webtorrent="ignores it°",
            aria2="closes°",
        ),
        examples=(
            Example(
                given=FRESH,
                breaks=dialer(greeting(b"le"), words="extended_handshake: le"),
                alike=dialer(greeting(b"de"), words="extended_handshake: de"),
                because="every key may be left out.",
            ),
        ),
    ),
    Entry(
        rule="EXT-04",
        instead="End the message where its dictionary ends.",
        races=_BYTES,
        clients=Clients(
            libtorrent="ignores the rest°",
            transmission="ignores the rest°",
            anacrolix="closes",
            rqbit="closes",
            rain="ignores the rest",
            webtorrent="ignores the rest°",
            aria2="ignores the rest°",
        ),
        examples=(
            Example(
                given=FRESH,
                breaks=dialer(greeting(b"de\r\n"), words="extended_handshake: de and 2 bytes"),
                alike=dialer(greeting(b"d1:zi1ee"), words="extended_handshake: d1:zi1ee"),
                because="keys that are not known are ignored.",
            ),
        ),
    ),
    Entry(
        rule="EXT-06",
        instead="Give every extension an id of its own.",
        races=_BYTES,
        clients=Clients(
            libtorrent="acts on it°",
            transmission="acts on it",
            anacrolix="acts on it",
            rqbit="acts on it",
            rain="acts on it",
            webtorrent="acts on it",
            aria2="acts on it",
        ),
        examples=(
            Example(
                given=FRESH,
                breaks=dialer(greeting(b"d1:md1:xi1e1:yi1eee"), words="extended_handshake, x and y are 1"),
                alike=dialer(greeting(b"d1:md1:xi0e1:yi0eee"), words="extended_handshake, x and y are 0"),
                because="0 is no id: both are disabled.",
            ),
        ),
    ),
    Entry(
        rule="EXT-07",
        instead="Leave out what you do not know: no metadata_size of 0, no reqq of 0.",
        races=_BYTES,
        clients=Clients(
            libtorrent="ignores the key°",
            transmission="ignores the key°",
            anacrolix="closes at a wrong type",
            rqbit="ignores some, closes at others",
            rain="ignores some, closes at others",
            webtorrent="ignores the key",
            aria2="closes at a negative metadata_size°",
        ),
        broken_by="several, with a metadata_size they do not have yet (Q-37)",
        examples=(
            Example(
                given=FRESH,
                breaks=dialer(greeting(b"d4:reqqi-1ee"), words="extended_handshake, reqq is -1"),
                alike=dialer(greeting(b"d4:reqqi1ee"), words="extended_handshake, reqq is 1"),
                because="one at a time is slow, and possible.",
            ),
            Example(
                given=FRESH,
                breaks=dialer(greeting(b"d1:md7:xx_chati256eee"), words="extended_handshake, xx_chat is 256"),
                alike=dialer(greeting(b"d1:md7:xx_chati255eee"), words="extended_handshake, xx_chat is 255"),
                because="an id is one byte.",
            ),
        ),
    ),
    Entry(
        rule="EXT-09",
        instead="Announce an id for an extension before you ask under it: the answer needs one.",
        races="never: it is about what the sender itself has announced before",
        clients=Clients(
            libtorrent="closes°",
            transmission="ignores it°",
            anacrolix="answers under id 0",
            rqbit="closes",
            rain="ignores it",
            webtorrent="does not cope with it°",
            aria2="answers under id 0°",
        ),
        examples=(
            Example(
                given=FRESH.then(_PUNCH, _EMPTY),
                breaks=_RENDEZVOUS,
                given_alike=FRESH.then(
                    _PUNCH,
                    dialer(ExtendedHandshake({"ut_holepunch": 5}), words="extended_handshake, ut_holepunch is 5"),
                ),
                alike=_RENDEZVOUS,
                because="the answer can go out under 5.",
            ),
        ),
    ),
    Entry(
        rule="EXT-10",
        instead="Send the extended handshake right behind the handshake, before anything that needs it.",
        races="never: it is about what the sender itself has said before",
        clients=Clients(
            libtorrent="closes°",
            transmission="ignores it°",
            anacrolix="acts on it",
            rqbit="acts on it",
            rain="acts on it",
            webtorrent="does not always cope with it°",
            aria2="acts on it°",
        ),
        examples=(
            Example(
                given=FRESH.then(_CHAT),
                breaks=dialer(Extended(3, b"hello"), words="extended 3: xx_chat"),
                given_alike=FRESH.then(_EMPTY, _CHAT),
                alike=dialer(Extended(3, b"hello"), words="extended 3: xx_chat"),
                because="the extended handshake came first; that it announced nothing matters not.",
            ),
        ),
    ),
    Entry(
        rule="S-03",
        instead="Send the extended handshake right behind the handshake, then say which pieces you have.",
        races="never: it is the rule that keeps reqq from being news to requests in flight",
        examples=(
            Example(
                given=FRESH.then(listener(HaveNone())),
                breaks=_CHAT,
                given_alike=FRESH.then(_EMPTY_TOO, listener(HaveNone())),
                alike=_CHAT,
                because="it is not the first, and further ones may come at any time.",
            ),
        ),
    ),
    Entry(
        rule="S-12",
        instead="Keep an id's meaning for the whole connection: new extensions get new ids. Never lower reqq.",
        races="never: it is the rule that keeps messages in flight from being misread",
        examples=(
            Example(
                given=FRESH.then(_CHAT),
                breaks=listener(ExtendedHandshake({"xx_file": 3}), words="extended_handshake, xx_file is 3"),
                alike=listener(ExtendedHandshake({"xx_file": 4}), words="extended_handshake, xx_file is 4"),
                because="later extended handshakes may add extensions.",
            ),
        ),
    ),
)
