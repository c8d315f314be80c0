"""What a terminal shows of torrents while they run: pieces, rates, trackers, peers, findings; a pure function.

Every line is escaped and fits into the width; what does not fit into the height is left out, least telling first.
"""

import math
from collections.abc import Sequence
from typing import Final

from rich.text import Text

from torrent_peer.cli.columns import fit, width_of
from torrent_peer.cli.findings import findings_line
from torrent_peer.cli.look import Look
from torrent_peer.cli.peer_table import peer_rows
from torrent_peer.cli.piece_map import columns_of, piece_map
from torrent_peer.cli.progress import percent
from torrent_peer.cli.units import count, format_duration, format_rate, format_size
from torrent_peer.session.status import State, TorrentStatus, TrackerStatus
from torrent_peer.wire.severity import Severity

MOST_TRACKERS: Final = 4
"""Shown of one torrent."""
LATELY: Final = 6
"""Lines about what happened lately, at most."""
LEAST_PEERS: Final = 4
"""Rows the peer table is left, heading included, before anything else gets more than one line."""
OPEN: Final = "cyan"


def draw(looks: Sequence[Look], *, width: int, height: int, news: bool = True) -> list[Text]:
    """The whole view: at most `height` lines of at most `width` columns; `news`: what happened lately, too."""
    return [_cut(line, width) for line in _lines(looks, width, height, news)]


def _lines(looks: Sequence[Look], width: int, height: int, news: bool) -> list[Text]:
    tops = [_top(look, width) for look in looks]
    if len(looks) > 1 and sum(map(len, tops)) > height // 2:
        tops = [_one_line(look, width) for look in looks]
    lines = [line for top in tops for line in top]
    if len(lines) > height:
        return [*lines[: height - 1], Text(fit(f"and {count(len(lines) - height + 1, 'more line')}", width), "dim")]
    peers = [peer for look in looks for peer in look.status.peers]
    lately = _lately(looks, width) if news else []
    trackers = [line for look in looks for line in _trackers(look.status, width)]
    room = height - len(lines)
    wanted = min(len(peers) + 1, LEAST_PEERS) if peers else 0
    spare = max(0, room - wanted)
    trackers = trackers[: max(min(1, spare), spare - min(len(lately), LATELY // 2))]
    spare -= len(trackers)
    lately = lately[: min(LATELY, spare)]
    rows = peer_rows(peers, width=width, rows=room - len(trackers) - len(lately))
    table = [Text(row, "dim" if number == 0 else "") for number, row in enumerate(rows)]
    return [*lines, *trackers, *table, *lately]


def last_frame(looks: Sequence[Look], *, width: int, height: int) -> list[Text]:
    """What is left on the terminal when all is over; the summary follows."""
    return [_cut(line, width) for look in looks for line in _top(look, width)[:2]][:height]


def _cut(line: Text, width: int) -> Text:
    """However narrow the terminal is."""
    return line if width_of(line.plain) <= width else Text(fit(line.plain, width))


def _top(look: Look, width: int) -> list[Text]:
    """Name and state, the pieces, the figures, and what is wrong."""
    status = look.status
    lines = [_headline(look, width), _map(look, width)]
    if look.checked is not None or status.state is State.CHECKING:
        return lines
    lines += [Text(fit(line, width)) for line in _figures(status, width)]
    if status.why_slow:
        lines.append(Text(fit(status.why_slow, width), "yellow"))
    if look.rules:
        lines.append(_findings(look, width))
    return lines


def _one_line(look: Look, width: int) -> list[Text]:
    """A torrent of many."""
    status = look.status
    rate = format_rate(status.upload_rate if status.state is State.SEEDING else status.download_rate)
    said = status.why_slow or f"{rate}, {count(len(status.peers), 'peer')}"
    right = f" {_share(look)}  {said}"
    right = fit(right, max(0, width - 20))
    name = fit(status.name, max(0, width - len(right) - 1))
    return [Text.assemble((name, "bold"), fit(right, max(0, width - width_of(name))))]


def _headline(look: Look, width: int) -> Text:
    state = _state(look)
    name = fit(look.status.name, max(0, width - len(state) - 2))
    gap = width - width_of(name) - len(state)
    return Text.assemble((name, "bold"), " " * gap, (state, "bold green")) if gap > 0 else Text(fit(state, width))


def _state(look: Look) -> str:
    if look.checked is not None:
        left = f", {format_duration(look.check_left)} left" if look.check_left is not None else ""
        return f"checking what is on disk {_share(look)}{left}"
    return f"{look.status.doing} {_share(look)}"


def _share(look: Look) -> str:
    share = look.checked * 100 if look.checked is not None else percent(look.status)
    return f"{share:.1f}%"


def _map(look: Look, width: int) -> Text:
    """The pieces; while they are hashed, a bar."""
    status, columns = look.status, max(1, width - 2)
    if look.checked is not None or not status.have:
        done = int((look.checked or 0.0) * columns)
        return Text.assemble("[", ("█" * done, "green"), "·" * (columns - done), "]")
    text = Text(f"[{piece_map(status.have, status.pieces, columns)}]", "green" if not status.open_pieces else "")
    for column in columns_of(status.open_pieces, status.pieces, columns):
        text.stylize(OPEN, column + 1, column + 2)
    return text


def _figures(status: TorrentStatus, width: int) -> list[str]:
    """Two lines where there is room for one each."""
    amounts = [f"{status.pieces_verified} of {count(status.pieces, 'piece')}"]
    if status.verified < status.wanted:
        amounts.insert(0, f"{format_size(status.verified)} of {format_size(status.wanted)}")
        if status.open_pieces:
            amounts.append(f"{len(status.open_pieces)} begun")
        if status.unobtainable and status.peers:
            amounts.append(f"{status.unobtainable} at nobody connected")
        if status.eta is not None:
            amounts.append(f"{format_duration(status.eta)} left")
    else:
        amounts.insert(0, format_size(status.wanted))
    rates = [f"down {format_rate(status.download_rate)}"] if status.state is State.DOWNLOADING else []
    rates += [f"up {format_rate(status.upload_rate)}", _connected(status)]
    if status.uploaded:
        ratio = f", ratio {status.uploaded / status.wanted:.2f}" if status.wanted else ""
        rates.append(f"{format_size(status.uploaded)} uploaded{ratio}")
    if status.wasted:
        rates.append(f"{format_size(status.wasted)} of no use")
    if status.hash_failures:
        rates.append(f"{count(status.hash_failures, 'piece')} came wrong")
    first, second = " · ".join(amounts), " · ".join(rates)
    both = f"{first} · {second}"
    return [both] if width_of(both) <= width else [first, second]


def _connected(status: TorrentStatus) -> str:
    dialing = f", {status.dialing} being dialled" if status.dialing else ""
    known = f" of {status.known_peers} known" if status.known_peers > len(status.peers) else ""
    return f"{count(len(status.peers), 'peer')}{known}{dialing}"


def _findings(look: Look, width: int) -> Text:
    line = f"findings: {findings_line(look.rules, look.severities)}"
    grave, bent = (look.severities.get(severity) for severity in (Severity.VIOLATION, Severity.DEVIATION))
    return Text(fit(line, width), "red" if grave else "yellow" if bent else "dim")


def _trackers(status: TorrentStatus, width: int) -> list[Text]:
    ranked = sorted(status.trackers, key=lambda tracker: (not tracker.answered, tracker.last_error is None))
    lines = [_tracker(tracker, width) for tracker in ranked[:MOST_TRACKERS]]
    if len(ranked) > MOST_TRACKERS:
        lines[-1] = Text(fit(f"and {len(ranked) - MOST_TRACKERS + 1} more trackers", width), "dim")
    return lines


def _tracker(tracker: TrackerStatus, width: int) -> Text:
    due = tracker.next_announce
    again = f"in {_whole(due)}" if due is not None and 1 <= due < math.inf else ""
    if tracker.last_error is not None:
        words, style = [f"again {again}" if again else "no more", tracker.last_error], "red"
    elif tracker.answered:
        counts = ((tracker.seeders, "seed"), (tracker.leechers, "leech"), (tracker.peers, "peer"))
        named = ", ".join(count(n, one, "leeches" if one == "leech" else None) for n, one in counts if n is not None)
        words, style = [named, again and f"next {again}"], ""
    else:
        words, style = ["not asked yet" if due is None else "asking"], "dim"
    said = "; ".join(word for word in words if word)
    url = fit(tracker.url, max(width // 2 - 2, width - width_of(said) - 2))
    return Text(fit(f"{url}: {said}", width), style)


def _lately(looks: Sequence[Look], width: int) -> list[Text]:
    """What happened, the latest first."""
    many = len(looks) > 1
    told = sorted((age, f"{look.status.name}: {line}" if many else line) for look in looks for age, line in look.lately)
    return [Text.assemble((f"{_ago(age):>8} ", "dim"), fit(line, max(0, width - 9))) for age, line in told]


def _ago(age: float) -> str:
    if age < 60:
        return f"{age:.0f} s ago"
    return f"{age / 60:.0f} m ago" if age < 3600 else f"{age / 3600:.0f} h ago"


def _whole(seconds: float) -> str:
    """A count-down without tenths."""
    return f"{math.ceil(seconds)} s" if seconds < 59 else format_duration(math.ceil(seconds))
