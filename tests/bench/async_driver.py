"""A service on PyMongo's own asyncio driver instead of Motor: the column that lets the choice be judged.

`python -m tests.bench.async_driver registry`. Only what the bench calls is exercised this way.
"""

import runpy
import sys

from pymongo import AsyncMongoClient

import shared.database

if __name__ == "__main__":
    shared.database.AsyncIOMotorClient = AsyncMongoClient  # type: ignore[misc,assignment]
    runpy.run_module(f"services.{sys.argv[1]}", run_name="__main__")
