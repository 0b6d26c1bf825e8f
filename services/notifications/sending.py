"""What waits to be mailed: claimed, judged as things stand now, sent, written down (P22).

`sending` is written before the mail server is asked and `sent` after it has said yes. Who is killed
between the two leaves a row in `sending` whose lease ends: it becomes `unknown` and is not sent
again by itself.
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

from services.notifications.circumstances import Judging
from services.notifications.domain import mail
from services.notifications.domain.delivery import (
    Circumstances,
    Close,
    NothingNew,
    Send,
    Wait,
    judge,
    next_try,
)
from services.notifications.domain.notification import threads
from services.notifications.domain.words import write
from services.notifications.smtp import (
    LONGEST_SECONDS,
    MailServer,
    Refused,
    TryLater,
    Unclear,
)
from services.notifications.tables import Tables
from shared import failpoints, telemetry
from shared.clock import Clock
from shared.database import DatabaseAway, Document
from shared.due import claim, in_parallel

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
        await self._look_for_late_lines([row["_id"] for row in judged])
        return len(claimed) == PAGE

    async def _conclude(self, row: Document, it: Circumstances) -> None:
        match judge(it):
            case Send() as decided:
                await self._send(row, it, decided)
            case Close() as decided:
                await self._end(row, decided, it)
            case NothingNew():
                await self._set(row, {"due": None})
            case Wait(until):
                await self._set(row, {"status": "waiting", "due": until})

    async def _send(self, row: Document, it: Circumstances, decided: Send) -> None:
        try:
            message = self._composed(row, it, decided)
        except Exception as error:
            # Alone and at once: it would fail the same way every time.
            log.error("mail-cannot-be-written", delivery=row["_id"], reason=type(error).__name__)
            await self._end(row, Close("failed", "cannot-be-written"), it)
            return
        if await self._begin(row, it):
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
            # Stays due: lines that came meanwhile are looked for, by us or after us.
            await self._set(row, {"status": "sent", "reason": None, "tries": 0}, asked=True)
            deliveries_ended.labels("mail", "sent").inc()

    def _composed(self, row: Document, it: Circumstances, decided: Send) -> bytes:
        assert it.person is not None
        message = write(decided.lines, it.sources, it.person.preferred_language)
        assert message is not None
        envelope = mail.Envelope(
            id=f"{row['_id']}.{row['round']}",
            sender=self._sender.address,
            recipient=decided.address,
            at=it.now,
            threads=threads(decided.lines),
            public_url=self._sender.public_url,
        )
        return mail.compose(message, envelope)

    async def _begin(self, row: Document, it: Circumstances) -> bool:
        """Write down that the server will be asked; False when the lease is no longer ours."""
        if self._stopping:
            return False
        now = self._clock.now()
        asking = {"status": "sending", "due": now + SENDING_LEASE, "seen": _ids(it)}
        result = await self._rows.deliveries.update_one(
            {"_id": row["_id"], "lease": row["lease"], "due": {"$gt": now}},
            {"$set": asking, "$inc": {"tries": 1, "round": 1}},
        )
        return bool(result.modified_count)

    async def _again(self, row: Document, reason: str) -> None:
        tries = row["tries"] + 1
        due = next_try(tries, self._clock.now(), random.random())
        if due is None:
            await self._end(row, Close("failed", f"given-up-{reason}"), asked=True)
            return
        log.warning("mail-not-taken", delivery=row["_id"], reason=reason, tries=tries)
        again = {"status": "waiting", "reason": reason, "due": due, "seen": row["seen"]}
        await self._set(row, again, asked=True)

    async def _end(
        self, row: Document, closed: Close, it: Circumstances | None = None, *, asked: bool = False
    ) -> None:
        """Write down what became of it; `it` when all of its lines are decided by this."""
        if closed.status in ("failed", "unknown"):
            log.warning(f"mail-{closed.status}", delivery=row["_id"], reason=closed.reason)
        deliveries_ended.labels("mail", closed.status).inc()
        ended = {"status": closed.status, "reason": closed.reason, "due": None}
        seen = {"seen": _ids(it)} if it else {}
        await self._set(row, {**ended, **seen}, asked=asked)

    async def _set(self, row: Document, fields: Document, *, asked: bool = False) -> None:
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
                await self._rows.deliveries.update_one(query, {"$set": fields})
                return
            except DatabaseAway:
                if time.monotonic() > give_up_at:
                    raise
                await asyncio.sleep(NOTE_AGAIN_SECONDS)

    async def _look_for_late_lines(self, ids: Sequence[str]) -> None:
        """A line that was written while its message was being sent goes in another one."""
        left = await self._rows.deliveries.find(
            {"_id": {"$in": list(ids)}, "status": "sent", "due": {"$ne": None}},
            projection={"notification": 1, "seen": 1},
            limit=PAGE,
        )
        lines = await self._rows.lines_of([row["notification"] for row in left])
        late = [
            row["_id"]
            for row in left
            if any(line.id not in row["seen"] for line in lines[row["notification"]])
        ]
        done = [row["_id"] for row in left if row["_id"] not in late]
        await self._settle(late, {"due": self._clock.now()})
        await self._settle(done, {"due": None})

    async def _settle(self, ids: Sequence[str], fields: Document) -> None:
        if ids:
            await self._rows.deliveries.update_many(
                {"_id": {"$in": list(ids)}, "status": "sent"}, {"$set": fields}
            )


def _ids(it: Circumstances) -> list[str]:
    return [line.id for line in it.lines]
