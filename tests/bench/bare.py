"""The bare parts that ours are measured against: FastAPI and a driver, nothing else.

`python -m tests.bench.bare motor|pymongo PORT MONGODB_URL`
"""

import sys
from typing import Any
from uuid import uuid4

import uvicorn
from fastapi import Body, FastAPI
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo import AsyncMongoClient
from pymongo.write_concern import WriteConcern


def application(client: Any) -> FastAPI:
    """POST a document, GET it by its id."""
    documents = client.get_default_database().get_collection(
        "bare", write_concern=WriteConcern(w="majority")
    )
    app = FastAPI()

    @app.get("/health")
    async def health() -> dict[str, bool]:
        return {"up": True}

    @app.post("/documents", status_code=201)
    async def post(document: dict[str, Any] = Body()) -> dict[str, Any]:
        document["_id"] = str(uuid4())
        await documents.insert_one(document)
        return document

    @app.get("/documents/{id}")
    async def get(id: str) -> dict[str, Any]:
        found: dict[str, Any] = await documents.find_one({"_id": id})
        return found

    return app


if __name__ == "__main__":
    driver, port, url = sys.argv[1:]
    kind: Any = {"motor": AsyncIOMotorClient, "pymongo": AsyncMongoClient}[driver]
    uvicorn.run(
        application(kind(url)),
        port=int(port),
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
    )
