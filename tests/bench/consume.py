"""One consumer process: `python -m tests.bench.consume bare|ours COUNT`; prints events per second.

MongoDB and RabbitMQ come from BENCH_MONGODB_URL and BENCH_RABBITMQ_URL. `bare` is the plain loop that
a first version would have: decode, insert, acknowledge, many at once.
"""

import asyncio
import json
import os
import sys
import time

import aio_pika
import uvloop
from motor.motor_asyncio import AsyncIOMotorClient

from shared.bus import PREFETCH, Bus, Subscription
from shared.clock import Clock
from shared.contracts.registry import AccommodationSnapshot
from shared.database import Database
from shared.failed import FailedMessages
from shared.replica import Replica

QUEUE = "notifications.registry.accommodation"


async def bare(count: int, mongodb: str, rabbitmq: str) -> float:
    """A plain aio-pika consumer with one insert_one and one ack per message, run concurrently."""
    documents = AsyncIOMotorClient(mongodb).get_default_database()["bare_replica"]
    done, all_done = 0, asyncio.Event()

    async def take(message: aio_pika.abc.AbstractIncomingMessage) -> None:
        nonlocal done
        event = json.loads(message.body)
        event["_id"] = event["subject"]
        await documents.insert_one(event)
        await message.ack()
        done += 1
        if done >= count:
            all_done.set()

    connection = await aio_pika.connect(rabbitmq)
    channel = await connection.channel()
    await channel.set_qos(prefetch_count=PREFETCH)
    queue = await channel.get_queue(QUEUE)
    began = time.perf_counter()
    await queue.consume(take)
    await all_done.wait()
    return count / (time.perf_counter() - began)


async def ours(count: int, mongodb: str, rabbitmq: str) -> float:
    """The product's own bus and replica."""
    database = Database(mongodb)
    replica = Replica(database, AccommodationSnapshot)
    done, all_done = 0, asyncio.Event()

    async def note(_: object) -> None:
        nonlocal done
        done += 1
        if done >= count:
            all_done.set()

    subscription = Subscription("registry.accommodation", replica=replica, reconcile=note)
    failed = FailedMessages(database, Clock())
    bus = Bus("notifications", rabbitmq, database, failed, [subscription])
    began = time.perf_counter()
    running = asyncio.create_task(bus.run())
    await all_done.wait()
    rate = count / (time.perf_counter() - began)
    running.cancel()
    return rate


if __name__ == "__main__":
    work = {"bare": bare, "ours": ours}[sys.argv[1]]
    urls = os.environ["BENCH_MONGODB_URL"], os.environ["BENCH_RABBITMQ_URL"]
    sys.stdout.write(f"{uvloop.run(work(int(sys.argv[2]), *urls)):.0f}\n")
    sys.stdout.flush()
    os._exit(0)
