"""`python -m services.registry.first_administrator`: somebody must be the first who may appoint others.

Works only while nobody is an administrator, so that a forgotten command opens no door later.
"""

import argparse
import asyncio
import sys

from services.registry.commands.people import People
from services.registry.domain.person import Profile
from services.registry.kinds import PERSON
from services.registry.offline import run
from shared.contracts.registry import RoleGrant, Scope
from shared.kind import By, derived_id
from shared.store import Store
from shared.tokens import Identity


async def appoint(store: Store, identity: Identity, name: str) -> str | None:
    """The person's id; None, and nothing done, when the network has an administrator already."""
    await store.ensure_indexes(PERSON)
    people = People(store)
    if await people.roles.has_administrator():
        return None
    known = await people.by_identity(identity.key)
    person = known or await people.register(identity, Profile(name=name), By())
    grant = RoleGrant(
        id=derived_id(person.id, person.version, "first-administrator"),
        role="administrator",
        scope=Scope(kind="national"),
        from_=store.clock.now(),
    )
    await people.roles.grant(person.id, grant, By())
    return person.id


def main(arguments: list[str]) -> int:
    """Read the arguments and appoint; 0 when done, 1 when there is an administrator already."""
    parser = argparse.ArgumentParser(prog="first_administrator", description=__doc__)
    parser.add_argument("--issuer", required=True, help="the OIDC issuer, as in the tokens' iss")
    parser.add_argument("--subject", required=True, help="the person at the issuer, as in sub")
    parser.add_argument("--name", required=True, help="the person's name")
    given = parser.parse_args(arguments)

    async def work(store: Store) -> int:
        identity = Identity(given.issuer, given.subject)
        id = await appoint(store, identity, given.name)
        if id is None:
            print(  # noqa: T201
                "The network has an administrator already. Ask them to appoint another, "
                "under People in the API: POST /api/registry/people/ID/roles.",
                file=sys.stderr,
            )
            return 1
        print(f"{given.name} is the network's first administrator (person {id}).")  # noqa: T201
        return 0

    return asyncio.run(run(work))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
