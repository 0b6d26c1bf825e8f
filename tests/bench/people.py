"""The demo people whom the bench works with, with the roles they need."""

from deploy.local.api import Person
from deploy.local.operate import ADMINISTRATOR, appoint_first_administrator

OFFICER = "omar-handlaggare-demo"
COORDINATOR = "siv-samordnare-demo"


def registered(subject: str) -> tuple[Person, str]:
    """A demo person who has said who they are; and their id."""
    person = Person(subject)
    return person, person.introduce()["id"]


def administrator() -> Person:
    """The first administrator."""
    appoint_first_administrator()
    return registered(ADMINISTRATOR)[0]


def officer(appointed_by: Person) -> Person:
    """An officer for the whole country."""
    person, id = registered(OFFICER)
    grant(appointed_by, id, "officer", {"kind": "national"})
    return person


def grant(by: Person, person_id: str, role: str, scope: dict[str, object]) -> None:
    """Give somebody a role."""
    by.post(f"/registry/people/{person_id}/roles", {"role": role, "scope": scope})


def organisation(applicant: Person, approved_by: Person, name: str) -> str:
    """An approved organisation that the applicant coordinates; its id."""
    body = {"name": name, "kind": "partner"}
    id = str(applicant.post("/registry/organisations", body)["id"])
    approved_by.post(f"/registry/organisations/{id}/approve")
    return id
