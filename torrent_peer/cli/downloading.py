"""Downloads from start to exit code: the session, its torrents, who watches them, and how they are stopped."""

import time
from collections import deque
from pathlib import Path
from signal import Signals
from typing import TYPE_CHECKING, Final

import trio
from attrs import field

from torrent_peer.cli import ndjson
from torrent_peer.cli.collector import calm_collector
from torrent_peer.cli.errors import CliError
from torrent_peer.cli.exits import Exit
from torrent_peer.cli.interrupts import CODES, force_exit_after
from torrent_peer.cli.narrate import PEERS, last_messages, narrate, worth_a_word
from torrent_peer.cli.output import Output
from torrent_peer.cli.progress import JSON_INTERVAL, Progress, choose_progress
from torrent_peer.cli.settings import Settings
from torrent_peer.cli.summary import conversations, summarise, summarise_seeding, why_stalled
from torrent_peer.cli.tally import Tally
from torrent_peer.core.values import define, frozen
from torrent_peer.metainfo.torrent import Torrent
from torrent_peer.net.announcer import STOP_DEADLINE
from torrent_peer.net.descriptors import allow_peers
from torrent_peer.session.events import BlocksSeen, CheckProgress, Completed, Event, Listening, MessageSeen, Resumed
from torrent_peer.session.options import Ending, SessionOptions, TorrentOptions
from torrent_peer.session.session import Session, open_session
from torrent_peer.session.status import State, TorrentStatus
from torrent_peer.session.torrent import TorrentRun
from torrent_peer.storage.errors import Kind
from torrent_peer.wire.severity import Severity

if TYPE_CHECKING:
    from torrent_peer.cli.look import Look
    from torrent_peer.cli.transcript import Transcript

GRACE: Final = STOP_DEADLINE + 2.0
"""Seconds for saving and for the trackers after the first signal: a tracker that hangs does not cost the last words."""
FORCED_GRACE: Final = 1.0
"""Seconds for closing files after the second; then the process is gone."""
LOOK_INTERVAL: Final = 0.5
"""Seconds between two looks at why bytes do not flow."""
LATELY: Final = 8
"""Lines remembered of what happened lately."""
ENDINGS: Final = {
    Ending.COMPLETE: Exit.DONE,
    Ending.STALLED: Exit.STALLED,
    Ending.NOBODY: Exit.NOBODY,
    Ending.INCOMPLETE: Exit.VERIFICATION,
    Ending.DISK: Exit.DISK,
}


@frozen
class Job:
    """One torrent to fetch."""

    torrent: Torrent
    options: TorrentOptions


@frozen(kw_only=True)
class Plan:
    """Everything one `download` does."""

    session: SessionOptions
    jobs: tuple[Job, ...]
    root: Path
    on_done: tuple[str, ...] | None = None
    stop_after: float | None = None
    fail_on: Severity | None = None


@define(eq=False)
class Download:
    """One torrent while it runs, and what became of it."""

    job: Job
    path: Path
    began: float
    tally: Tally = field(factory=Tally)
    checked: float | None = None
    """The share hashed while what is on disk is checked."""
    lately: deque[tuple[float, str]] = field(factory=lambda: deque(maxlen=LATELY))
    """When what happened that was worth a word, on Trio's clock."""
    completed: bool = False
    over: trio.Event = field(factory=trio.Event)
    """Set when there is nothing more to fetch, or the run is over."""
    run: TorrentRun | None = None
    ending: Ending | None = None
    exit: Exit = Exit.DONE
    alive: TorrentStatus | None = None
    """The last look at it while it was downloading: it tells why it stalled, the one after the end no more."""

    @property
    def key(self) -> str:
        """The info-hash in hex."""
        return self.job.torrent.info_hash.hex()

    @property
    def size(self) -> int:
        """Bytes of the wanted files, padding left out."""
        wanted = self.job.options.wanted_files
        files = (file for file in self.job.torrent.files if not file.padding)
        return sum(file.length for file in files if wanted is None or file.index in wanted)

    def status(self, *, with_peers: bool = True) -> TorrentStatus:
        """How it is doing."""
        assert self.run is not None
        return self.run.status(with_peers=with_peers)

    def look(self, *, with_peers: bool = True) -> "Look":
        """The same, and what was learnt by following it."""
        from torrent_peer.cli.look import Look

        now = trio.current_time()
        return Look(
            status=self.status(with_peers=with_peers),
            checked=self.checked,
            check_left=(now - self.began) * (1 / self.checked - 1) if self.checked else None,
            rules=self.tally.rules,
            severities=self.tally.severities,
            lately=[(now - at, line) for at, line in self.lately],
        )


def download(plan: Plan, settings: Settings, output: Output) -> Exit:
    """Run the plan; the process's exit code. Raises CliError, and OSError when no port can be had."""
    room = allow_peers(plan.session.max_peers)
    if room < plan.session.max_peers:
        most = f"descriptors for {room} connections, not {plan.session.max_peers}"
        output.note(f"there are {most}; raise the hard limit (ulimit -Hn)")
    if settings.transcript is None:
        with calm_collector():
            return trio.run(Downloads(plan, settings, output).run)
    from torrent_peer.cli.transcript import Transcript

    with Transcript(settings.transcript, output.note) as transcript, calm_collector():
        return trio.run(Downloads(plan, settings, output, transcript).run)


class Downloads:
    """The torrents of one plan, in one session."""

    def __init__(self, plan: Plan, settings: Settings, output: Output, transcript: "Transcript | None" = None) -> None:
        self._plan = plan
        self._output = output
        self._transcript = transcript
        self._progress: Progress = choose_progress(settings, output)
        self._json = settings.json
        self._all: list[Download] = []
        self._stopped: Exit | None = None
        self._forced = trio.CancelScope()
        self._background: trio.Nursery | None = None

    async def run(self) -> Exit:
        """Fetch everything; the exit code."""
        with self._forced:
            async with open_session(self._plan.session) as session:
                if session.port is not None:
                    self._tell(Listening(session.port))
                with self._progress:
                    await self._fetch(session)
                for each in self._all:
                    self._sum_up(each)
        return self._exit_code()

    async def _fetch(self, session: Session) -> None:
        async with trio.open_nursery() as background:
            self._background = background
            background.start_soon(self._obey_signals)
            async with trio.open_nursery() as work:
                for job in self._plan.jobs:
                    work.start_soon(self._follow, self._start(session, job))
                background.start_soon(self._show)
                background.start_soon(self._keep_telling)
                background.start_soon(self._remember)
                if self._plan.stop_after is not None:
                    background.start_soon(self._limit, self._plan.stop_after)
            background.cancel_scope.cancel()
        if self._progress.at_ends:
            self._progress.show([each.look() for each in self._all])

    def _start(self, session: Session, job: Job) -> Download:
        torrent = job.torrent
        path = self._plan.root / next(file for file in torrent.files if not file.padding).path.parts[0]
        each = Download(job, path, trio.current_time())
        self._all.append(each)
        fields = {"name": torrent.name, "size": torrent.content_length, "root": str(self._plan.root)}
        files = sum(not file.padding for file in torrent.files)
        self._output.event(ndjson.envelope("added", at=time.time(), torrent=each.key, files=files, **fields))
        for warning in torrent.warnings:
            self._output.note(f"{torrent.name}: {warning}", level=1)
        each.run = session.add(torrent, self._plan.root, job.options, lambda event: self._take(each, event))
        return each

    def _take(self, each: Download, event: Event) -> None:
        """What the torrent tells."""
        if isinstance(event, BlocksSeen | MessageSeen):
            if self._transcript is not None:
                self._transcript.take(event, each.key)
            return
        each.tally.take(event)
        if (line := worth_a_word(event)) is not None:
            each.lately.append((trio.current_time(), line))
        if isinstance(event, CheckProgress):
            each.checked = event.done / event.total if event.total else None
        elif isinstance(event, Resumed):
            each.checked = None
        elif isinstance(event, Completed):
            each.completed = True
            each.over.set()
        self._tell(event, each)

    def _tell(self, event: Event, each: Download | None = None) -> None:
        if self._json:
            self._output.event(ndjson.as_event(event, at=time.time(), torrent=each.key if each else None))
        narrated = narrate(event)
        if narrated is not None:
            level, line = narrated
            name = f"{each.job.torrent.name}: " if each is not None and len(self._plan.jobs) > 1 else ""
            self._output.note(name + line, level=level)
            for message in last_messages(event):
                self._output.note(message, level=PEERS)

    async def _follow(self, each: Download) -> None:
        """Wait for one torrent's end, and for what is to be done about it."""
        assert each.run is not None
        async with trio.open_nursery() as nursery:
            if self._plan.on_done is not None:
                nursery.start_soon(self._done_hook, each, self._plan.on_done)
            each.ending = await each.run.finished()
            each.over.set()

    async def _done_hook(self, each: Download, words: tuple[str, ...]) -> None:
        await each.over.wait()
        if not each.completed:
            return
        from torrent_peer.cli.on_done import Finished, run_on_done

        finished = Finished(each.job.torrent.name, each.path, each.key)
        try:
            await trio.to_thread.run_sync(run_on_done, words, finished, abandon_on_cancel=True)
        except CliError as error:
            self._output.note(str(error))
            each.exit = error.code

    # ── watching ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def _show(self) -> None:
        if not self._progress.at_ends:
            await trio.sleep(self._progress.interval)
        while True:
            self._progress.show([each.look(with_peers=self._progress.shows_peers) for each in self._all])
            await trio.sleep(self._progress.interval)

    async def _remember(self) -> None:
        while True:
            await trio.sleep(LOOK_INTERVAL)
            for each in self._all:
                if each.status(with_peers=False).state is State.DOWNLOADING:
                    each.alive = each.status()

    async def _keep_telling(self) -> None:
        """`progress` events for programs; and stop when nobody reads them any more."""
        while self._json and not self._output.reader_gone:
            await trio.sleep(JSON_INTERVAL)
            for each in self._all:
                fields = ndjson.progress_fields(each.status(with_peers=False))
                self._output.event(ndjson.envelope("progress", at=time.time(), torrent=each.key, **fields))
        if self._json:
            self._stop(Exit.ERROR)

    # ── stopping ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def _obey_signals(self) -> None:
        with trio.open_signal_receiver(*CODES) as received:
            async for number in received:
                if self._stopped in (Exit.INTERRUPTED, Exit.TERMINATED):
                    self._output.note("leaving at once")
                    self._leave_now()
                    return
                saving = "" if all(each.job.options.read_only for each in self._all) else "saving, and "
                self._output.note(f"stopping: {saving}telling the trackers; once more leaves at once")
                self._stop(CODES[Signals(number)])

    async def _limit(self, seconds: float) -> None:
        await trio.sleep(seconds)
        if any(each.ending is None for each in self._all):
            self._output.note(f"stopping: --stop-after {seconds:g} s is over")
            self._stop(Exit.LIMIT)

    def _stop(self, code: Exit) -> None:
        assert self._background is not None
        self._stopped = code
        for each in self._all:
            assert each.run is not None
            each.run.stop()
        self._background.start_soon(self._grace)

    async def _grace(self) -> None:
        await trio.sleep(GRACE)
        self._leave_now()

    def _leave_now(self) -> None:
        force_exit_after(FORCED_GRACE, self._stopped or Exit.ERROR)
        self._forced.cancel()

    # ── what became of it ────────────────────────────────────────────────────────────────────────────────────────

    def _sum_up(self, each: Download) -> None:
        assert each.run is not None
        assert each.ending is not None
        each.exit = each.exit or self._exit_of(each, each.ending)
        status, seconds = each.status(), trio.current_time() - each.began
        detail = each.run.ending_detail
        gave_up = each.ending in (Ending.STALLED, Ending.NOBODY)
        reasons = why_stalled(each.alive or status, each.tally) if gave_up else []
        if each.ending is Ending.INCOMPLETE:
            from torrent_peer.cli.verify import describe, judge

            lines = describe(judge(each.job.torrent, each.run.verified, self._plan.root))
        elif each.job.options.read_only:
            lines = summarise_seeding(
                status, each.tally, each.ending, detail, size=each.size, seconds=seconds, path=each.path
            )
        else:
            lines = summarise(
                status, each.tally, each.ending, detail, reasons, size=each.size, seconds=seconds, path=each.path
            )
        for line in lines:
            self._output.result(line)
        fields = ndjson.done_fields(
            status,
            path=each.path,
            ending=each.ending.value,
            detail=detail,
            exit_code=int(each.exit),
            seconds=round(seconds, 3),
            peers_used=len(each.tally.senders),
            conversations=conversations(each.tally),
            rules=dict(each.tally.rules),
            reasons=reasons,
        )
        self._output.event(ndjson.envelope("done", at=time.time(), torrent=each.key, **fields))
        if each.ending is Ending.DISK:
            self._output.complain(detail)
        elif each.ending is Ending.INCOMPLETE:
            self._output.complain(f"{each.path}: {detail}; fetch them, or serve the rest with --partial")

    def _exit_of(self, each: Download, ending: Ending) -> Exit:
        if ending is Ending.STOPPED:
            if each.completed and self._stopped is Exit.LIMIT:
                return Exit.DONE
            return self._stopped or Exit.LIMIT
        if ending is Ending.DISK:
            error = each.run.storage_error if each.run is not None else None
            return Exit.OVERWRITE if error is not None and error.kind is Kind.EXISTS else Exit.DISK
        fail_on = self._plan.fail_on
        if (
            ending is Ending.COMPLETE
            and fail_on is not None
            and any(severity.gravity >= fail_on.gravity for severity in each.tally.severities)
        ):
            return Exit.FINDINGS
        return ENDINGS[ending]

    def _exit_code(self) -> Exit:
        """The first that is not 0, in the order of the command line; a signal's own code comes before all."""
        cut_short = any(each.ending is None for each in self._all)
        if self._stopped is not None and (cut_short or self._stopped is not Exit.LIMIT):
            return self._stopped
        return next((each.exit for each in self._all if each.exit), Exit.DONE)
