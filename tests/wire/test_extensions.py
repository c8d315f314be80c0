import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from torrent_peer.core import bencoding
from torrent_peer.core.bencoding import Value
from torrent_peer.wire.codec import decode, encode
from torrent_peer.wire.extensions import (
    METADATA_SIZE_LIMIT,
    decode_handshake,
    encode_handshake,
    meant,
    read,
    written,
)
from torrent_peer.wire.messages import (
    DontHave,
    Extended,
    ExtendedHandshake,
    Have,
    Malformed,
    Message,
    PeerExchange,
    UploadOnly,
)

EVERYTHING = ExtendedHandshake(
    extensions={"ut_metadata": 3, "ut_pex": 1, "µT_PEX": 0},
    client="µTorrent 1.2",
    listen_port=6881,
    request_queue=500,
    your_ip=b"\x7f\x00\x00\x01",
    metadata_size=31_235,
    upload_only=True,
    others={b"e": 0, b"ipv6": bytes(16), b"zz": [b"list", {}]},
)


def handshake(payload: bytes) -> ExtendedHandshake:
    decoded = decode_handshake(payload)
    assert isinstance(decoded, ExtendedHandshake), decoded
    return decoded


def test_the_example_of_bep_10_is_read() -> None:
    payload = b"d1:md11:LT_metadatai1e7:\xc2\xb5T_PEXi2ee1:pi6881e1:v13:\xc2\xb5Torrent 1.2e"
    assert handshake(payload) == ExtendedHandshake(
        extensions={"LT_metadata": 1, "µT_PEX": 2}, listen_port=6881, client="µTorrent 1.2"
    )


@pytest.mark.parametrize("message", [ExtendedHandshake(), EVERYTHING, ExtendedHandshake(upload_only=False)])
def test_what_is_encoded_is_decoded_to_the_same(message: ExtendedHandshake) -> None:
    assert decode_handshake(encode_handshake(message)) == message
    assert decode(20, memoryview(encode(message))[5:]) == message


def test_keys_are_sorted_whatever_order_they_were_given_in() -> None:
    message = ExtendedHandshake({"ut_pex": 1, "lt_donthave": 2}, client="c", others={b"e": 1, b"z": 2})
    assert encode_handshake(message) == b"d1:ei1e1:md11:lt_donthavei2e6:ut_pexi1ee1:v1:c1:zi2ee"


def test_an_empty_dictionary_says_nothing() -> None:
    assert handshake(b"de") == ExtendedHandshake()


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "extended handshake is not bencoded: the data end too early at byte 0"),
        (b"\x00\x01", "extended handshake is not bencoded: "),
        (b"d1:m", "extended handshake is not bencoded: "),
        (b"d1:mdx", "extended handshake is not bencoded: "),
        (b"d1:vi1e1:vi2ee", "extended handshake is not bencoded: "),
        (b"l" * 5000, "extended handshake is not bencoded: "),
        (b"d1:l" + b"l" * 40 + b"e" * 41, "extended handshake is not bencoded: "),
        (b"i5e", "extended handshake is not a dictionary"),
        (b"le", "extended handshake is not a dictionary"),
        (b"2:de", "extended handshake is not a dictionary"),
    ],
)
def test_garbage_is_malformed(payload: bytes, reason: str) -> None:
    fault = decode_handshake(payload)
    assert isinstance(fault, Malformed)
    assert (fault.id, fault.length, fault.rule) == (20, 2 + len(payload), "EXT-03")
    assert fault.reason.startswith(reason)
    assert "\n" not in fault.reason
    assert decode(20, memoryview(b"\x00" + payload)) == fault


@pytest.mark.parametrize(
    ("payload", "ignored"),
    [
        (b"d1:mi3ee", ("m",)),
        (b"d1:mlee", ("m",)),
        (b"d1:md6:ut_pex1:1ee", ("m.ut_pex",)),
        (b"d1:md1:ai-1e1:bi256eee", ("m.a", "m.b")),
        (b"d1:pi0ee", ("p",)),
        (b"d1:pi65536ee", ("p",)),
        (b"d1:p2:\x1a\xe1e", ("p",)),
        (b"d4:reqqi0ee", ("reqq",)),
        (b"d4:reqqi-5ee", ("reqq",)),
        (b"d4:reqqdee", ("reqq",)),
        (b"d1:vi4ee", ("v",)),
        (b"d6:yourip3:abce", ("yourip",)),
        (b"d6:youripi1ee", ("yourip",)),
        (b"d13:metadata_sizei0ee", ("metadata_size",)),
        (b"d13:metadata_sizei-1ee", ("metadata_size",)),
        (b"d11:upload_only1:1e", ("upload_only",)),
    ],
)
def test_a_key_with_a_value_it_may_not_have_is_left_out_and_named(payload: bytes, ignored: tuple[str, ...]) -> None:
    assert handshake(payload) == ExtendedHandshake(ignored=ignored)


def test_metadata_of_more_than_16_mib_is_left_out_and_told() -> None:
    size = METADATA_SIZE_LIMIT + 1
    expected = ExtendedHandshake(excessive_metadata_size=size, ignored=("metadata_size",))
    assert handshake(b"d13:metadata_sizei%dee" % size) == expected


def test_the_other_keys_are_taken_even_so() -> None:
    payload = b"d1:md4:good" + b"i255e3:badlee1:pi0e4:reqqi1e1:v1:ce"
    assert handshake(payload) == ExtendedHandshake({"good": 255}, client="c", request_queue=1, ignored=("m.bad", "p"))


@pytest.mark.parametrize(
    ("payload", "field", "value"),
    [
        (b"d13:metadata_sizei%dee" % METADATA_SIZE_LIMIT, "metadata_size", METADATA_SIZE_LIMIT),
        (b"d13:metadata_sizei1ee", "metadata_size", 1),
        (b"d1:pi65535ee", "listen_port", 65535),
        (b"d4:reqqi1ee", "request_queue", 1),
        (b"d6:yourip16:0123456789abcdefe", "your_ip", b"0123456789abcdef"),
        (b"d11:upload_onlyi0ee", "upload_only", False),
        (b"d11:upload_onlyi9ee", "upload_only", True),
    ],
)
def test_the_outermost_values_are_taken(payload: bytes, field: str, value: object) -> None:
    assert getattr(handshake(payload), field) == value
    assert handshake(payload).ignored == ()


def test_of_names_sharing_an_id_the_first_has_it_and_the_id_is_named_once() -> None:
    payload = b"d1:md1:ai1e1:bi2e1:ci1e1:di1e1:ei2eee"
    assert handshake(payload) == ExtendedHandshake({"a": 1, "b": 2}, duplicate_ids=(1, 2))


def test_any_number_of_names_may_be_disabled() -> None:
    assert handshake(b"d1:md1:ai0e1:bi0eee") == ExtendedHandshake({"a": 0, "b": 0})


def test_bytes_behind_the_dictionary_are_counted() -> None:
    assert handshake(b"d1:v1:ce" + b"\r\n\x00") == ExtendedHandshake(client="c", trailing=3)


def test_names_that_are_not_utf_8_keep_their_bytes_visible() -> None:
    message = handshake(b"d1:md2:\xff\xfei1ee1:v2:\xb5Te")
    assert message == ExtendedHandshake({"\\xff\\xfe": 1}, client="\\xb5T")


def test_keys_out_of_order_are_taken() -> None:
    assert handshake(b"d1:v1:c1:pi5ee") == ExtendedHandshake(client="c", listen_port=5)


def test_a_handshake_with_bytes_changed_at_random_raises_nothing() -> None:
    dice = random.Random(10)
    whole = encode_handshake(EVERYTHING)
    outcomes = set()
    for _ in range(1_000):
        changed = bytearray(whole)
        for _ in range(dice.randrange(1, 4)):
            changed[dice.randrange(len(changed))] = dice.choice(b"deil:0123456789\x00\xff")
        outcomes.add(type(decode_handshake(bytes(changed[: dice.randrange(len(changed) + 1)]))))
        outcomes.add(type(decode_handshake(bytes(changed))))
    assert outcomes == {ExtendedHandshake, Malformed}


values: st.SearchStrategy[Value] = st.recursive(
    st.integers(-(2**63), 2**63 - 1) | st.binary(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.binary(max_size=8), inner, max_size=4),
    max_leaves=12,
)
KNOWN = [b"m", b"p", b"v", b"reqq", b"yourip", b"metadata_size", b"upload_only"]


@settings(max_examples=25)
@given(st.dictionaries(st.sampled_from(KNOWN) | st.binary(max_size=4), values, max_size=6))
def test_whatever_the_dictionary_holds_each_known_key_is_taken_or_named(keys: dict[bytes, Value]) -> None:
    message = handshake(bencoding.encode(keys))
    taken = {
        b"p": message.listen_port,
        b"v": message.client,
        b"reqq": message.request_queue,
        b"yourip": message.your_ip,
        b"metadata_size": message.metadata_size,
        b"upload_only": message.upload_only,
    }
    for key, value in taken.items():
        assert (value is not None) + (key.decode() in message.ignored) == (key in keys)
    assert set(message.others) == set(keys) - set(KNOWN)


ANNOUNCED = {1: "ut_pex", 4: "lt_donthave", 9: "xx_chat"}
IDS = {name: number for number, name in ANNOUNCED.items()}


@pytest.mark.parametrize(
    ("message", "read_as"),
    [
        (Extended(4, bytes(4)), DontHave(0)),
        (Extended(4, b""), Malformed(20, 2, "DH-01", "lt_donthave message of 0 bytes: it is always 4")),
        (Extended(1, b"de"), PeerExchange()),
        (Extended(9, b"hello"), Extended(9, b"hello")),
        (Extended(7, b"hello"), Extended(7, b"hello")),
    ],
)
def test_an_extended_message_says_what_the_id_was_announced_for(message: Extended, read_as: Message) -> None:
    assert read(message, ANNOUNCED) == read_as
    assert meant(message, IDS) == read_as


def test_a_message_of_an_extension_goes_under_the_id_that_the_other_side_wants_it_under() -> None:
    assert written(DontHave(1), IDS) == Extended(4, b"\0\0\0\1")
    assert meant(DontHave(1), IDS) == DontHave(1)
    assert written(Have(1), IDS) == Have(1)
    with pytest.raises(KeyError, match="upload_only"):
        written(UploadOnly(upload_only=True), IDS)
