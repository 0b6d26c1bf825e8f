"""What waits to be mailed: claimed, judged as things stand now, sent, written down (P22).

`sending` is written before the mail server is asked and `sent` after it has said yes. Who is killed
between the two leaves a row in `sending` whose lease ends: it becomes `unknown` and is not sent
again by itself.

What has ended stays due until its late lines have been looked for: a line that is written while its
message ends finds it either still waiting, or ended and due.
"""

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import structlog
from prometheus_client import Counter
from pymongo import UpdateOne

from services.notifications.circumstances import Judging
from services.notifications.domain import mail
from services.notifications.domain.delivery import (
    REOPENED,
    Circumstances,
    Close,
    NothingNew,
    ReadOn,
    Send,
    Wait,
    judge,
    next_try,
)
from services.notifications.domain.notification import Lines, threads
from services.notifications.domain.words import write
from services.notifications.smtp import (
    LONGEST_SECONDS,
    MailServer,
    Refused,
    TryLater,
    Unclear,
)
from services.notifications.tables import DELIVERIES_KEPT, DROPPED, Tables
from shared import failpoints, telemetry
from shared.clock import Clock
from shared.database import DatabaseAway, Document
from shared.due import claim, in_parallel
from shared.kind import derived_id

log = structlog.get_logger()

PAGE = 100
NOTE_SECONDS = 20.0
NOTE_AGAIN_SECONDS = 0.25
STOP_SECONDS = 5.0
SENDING_LEASE = timedelta(seconds=LONGEST_SECONDS + NOTE_SECONDS + 10)
deliveries_ended = Counter(
    "samverkan_deliveries_ended",
    "Messages to people, by what became of them.",
    ["channel", "status"],
    registry=telemetry.metrics,
)


@dataclass(frozen=True)
class Sender:
    """Who the mails are from, and where their links lead."""

    address: str
    public_url: str


class Sending:
    """The due work of mails. Any number of copies."""

    def __init__(
        self,
        rows: Tables,
        judging: Judging,
        server: MailServer,
        sender: Sender,
        clock: Clock,
    ) -> None:
        self._rows = rows
        self._judging = judging
        self._server = server
        self._sender = sender
        self._clock = clock
        self._stopping = False

    async def work(self) -> bool:
        """Send one page of what is due; True when there may be more.

        Cancelled, it lets the mails that are under way come to their end, and begins no other.
        """
        page = asyncio.create_task(self._page())
        try:
            return await asyncio.shield(page)
        except asyncio.CancelledError:
            self._stopping = True
            await asyncio.wait({page}, timeout=STOP_SECONDS)
            raise

    async def _page(self) -> bool:
        claimed = await claim(self._rows.deliveries, self._clock, limit=PAGE)
        killed = [row for row in claimed if row["status"] == "sending"]
        judged = [row for row in claimed if row["status"] != "sending"]
        await in_parallel(
            [partial(self._end, row, Close("unknown", "sender-killed")) for row in killed]
        )
        cases = await self._judging.of(judged)
        await in_parallel(
            [partial(self._conclude, row, case) for row, case in zip(judged, cases, strict=True)]
        )
        await self._look_for_late_lines(judged)
        return len(claimed) == PAGE

    async def _conclude(self, row: Document, it: Circumstances) -> None:
        match judge(it):
            case Send() as decided:
                await self._send(row, it, decided)
            case Close() as decided:
                await self._end(row, decided, decides=True)
            case NothingNew():
                if row["status"] not in REOPENED:
                    await self._end(row, Close("overtaken", "nothing-left"))
            case ReadOn():
                await self._drop(row, it)
            case Wait(until):
                await self._set(row, {"$set": {"status": "waiting", "due": until}})

    async def _send(self, row: Document, it: Circumstances, decided: Send) -> None:
        try:
            message = self._composed(row, it, decided)
        except Exception as error:
            # Alone and at once: it would fail the same way every time.
            log.error("mail-cannot-be-written", delivery=row["_id"], reason=type(error).__name__)
            await self._end(row, Close("failed", "cannot-be-written"), decides=True)
            return
        if await self._begin(row):
            await self._hand_over(row, decided.address, message)

    async def _hand_over(self, row: Document, address: str, message: bytes) -> None:
        try:
            await self._server.send(self._sender.address, address, message)
        except TryLater as error:
            await self._again(row, str(error))
        except Refused as error:
            await self._end(row, Close("failed", f"refused-{error}"), asked=True)
        except Unclear as error:
            await self._end(row, Close("unknown", f"lost-{error}"), asked=True)
        else:
            failpoints.reach(failpoints.AFTER_PROVIDER_YES)
            sent = {"status": "sent", "reason": None, "tries": 0, **self._gone()}
            await self._set(row, {"$set": sent}, asked=True)
            deliveries_ended.labels("mail", "sent").inc()

    def _composed(self, row: Document, it: Circumstances, decided: Send) -> bytes:
        assert it.person is not None
        message = write(decided.lines, it.sources, it.person.preferred_language)
        assert message is not None
        envelope = mail.Envelope(
            # The same lines are the same mail, however often it is tried.
            id=derived_id("mail", row["_id"], decided.lines.more, *_ids(decided.lines)),
            sender=self._sender.address,
            recipient=decided.address,
            at=it.now,
            threads=threads(decided.lines.first),
            public_url=self._sender.public_url,
        )
        return mail.compose(message, envelope)

    async def _begin(self, row: Document) -> bool:
        """Write down that the server will be asked; False when the lease is no longer ours."""
        if self._stopping:
            return False
        now = self._clock.now()
        result = await self._rows.deliveries.update_one(
            {"_id": row["_id"], "lease": row["lease"], "due": {"$gt": now}},
            {
                "$set": {"status": "sending", "due": now + SENDING_LEASE},
                "$inc": {"tries": 1},
                "$push": {"decided": row["lease"]},
                "$unset": {"gone_at": ""},
            },
        )
        return bool(result.modified_count)

    async def _again(self, row: Document, reason: str) -> None:
        tries = row["tries"] + 1
        due = next_try(tries, self._clock.now(), random.random())
        if due is None:
            await self._end(row, Close("failed", f"given-up-{reason}"), asked=True)
            return
        log.warning("mail-not-taken", delivery=row["_id"], reason=reason, tries=tries)
        again = {"status": "waiting", "reason": reason, "due": due}
        await self._set(row, {"$set": again, "$pull": {"decided": row["lease"]}}, asked=True)

    async def _drop(self, row: Document, it: Circumstances) -> None:
        """Decide these lines alone; the message is looked at again for the others."""
        await self._rows.lines.update_many(
            {"_id": {"$in": _ids(it.lines)}}, {"$set": {"claim": DROPPED}}
        )
        await self._set(row, {"$set": {"status": "waiting", "due": self._clock.now()}})

    async def _end(
        self, row: Document, closed: Close, *, decides: bool = False, asked: bool = False
    ) -> None:
        """Write down what became of it; `decides` when all lines that were claimed are by this."""
        if closed.status in ("failed", "unknown"):
            log.warning(f"mail-{closed.status}", delivery=row["_id"], reason=closed.reason)
        deliveries_ended.labels("mail", closed.status).inc()
        ended = {"status": closed.status, "reason": closed.reason, **self._gone()}
        due = {} if closed.status in REOPENED else {"due": None}
        push = {"$push": {"decided": row["lease"]}} if decides else {}
        await self._set(row, {"$set": {**ended, **due}, **push}, asked=asked)

    def _gone(self) -> Document:
        return {"gone_at": self._clock.now() + DELIVERIES_KEPT}

    async def _set(self, row: Document, change: Document, *, asked: bool = False) -> None:
        """Change a row whose lease is ours; `asked` when we have written `sending` into it.

        What a server has answered is worth waiting for the database: else it would be `unknown`.
        """
        query = {
            "_id": row["_id"],
            "lease": row["lease"],
            "status": "sending" if asked else row["status"],
        }
        give_up_at = time.monotonic() + (NOTE_SECONDS if asked else 0.0)
        while True:
            try:
                await self._rows.deliveries.update_one(query, change)
                return
            except DatabaseAway:
                if time.monotonic() > give_up_at:
                    raise
                await asyncio.sleep(NOTE_AGAIN_SECONDS)

    async def _look_for_late_lines(self, rows: Sequence[Document]) -> None:
        """A line that was written while its message ended goes in another one.

        Only what is still due as it was before the look is laid down.
        """
        ended = await self._rows.deliveries.find(
            {
                "_id": {"$in": [row["_id"] for row in rows]},
                "lease": {"$in": list({row["lease"] for row in rows})},
                "status": {"$in": list(REOPENED)},
                "due": {"$ne": None},
            },
            projection={"notification": 1, "decided": 1, "due": 1},
            limit=PAGE,
        )
        late = await self._rows.with_undecided(ended)
        now = self._clock.now()
        await self._rows.deliveries.bulk(
            [
                UpdateOne(
                    {"_id": row["_id"], "due": row["due"], "status": {"$in": list(REOPENED)}},
                    {"$set": {"due": now if row["notification"] in late else None}},
                )
                for row in ended
            ]
        )


def _ids(lines: Lines) -> list[str]:
    return [line.id for line in lines.first]
