"""The main job, done against the running system through the gateway, told line by line.

Places and people are fictional and marked as demo; the organisations' names are real, what they do
here is invented. It can be run again and again: each run founds a new association.
"""

import argparse
import os
import sys
import threading
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console

from deploy.local.api import ApiError, Person
from deploy.local.operate import ADMINISTRATOR, appoint_first_administrator
from shared.clock import STOCKHOLM, local_date

DATA = Path(__file__).parent / "demodata"
OFFICER = "omar-handlaggare-demo"
APPLICANT = "karim-samordnare-demo"
LEADER = "dawit-volontar-demo"
VOLUNTEERS = ("vera-volontar-demo", "viktor-volontar-demo", "yasmin-volontar-demo")
ENGLISH_READERS = ("viktor-volontar-demo", "dawit-volontar-demo")
NATIONAL = "Röda Korset"
SEATS = len(VOLUNTEERS) - 1
PATIENCE_SECONDS = 20.0

out = Console(highlight=False, soft_wrap=True)
Answer = dict[str, Any]


def say(text: str) -> None:
    """One line of the story."""
    out.print(text, markup=False)


def chapter(title: str) -> None:
    """What comes next."""
    out.print(f"\n[bold]{title}[/bold]")


class Listener:
    """One person's live inbox: reads the stream in a thread of its own and tells what comes."""

    def __init__(self, person: Person, tell: Callable[[str], None]) -> None:
        self._person = person
        self._tell = tell
        self._titles: list[str] = []
        self._came = threading.Condition()
        self._began = datetime.now().astimezone()
        threading.Thread(target=self._listen, daemon=True).start()

    def wait_for(self, count: int) -> None:
        """Return when so many messages have come; RuntimeError when they do not."""
        with self._came:
            if not self._came.wait_for(lambda: len(self._titles) >= count, PATIENCE_SECONDS):
                raise RuntimeError(f"{self._person.name} heard only {self._titles} of {count}")

    def _listen(self) -> None:
        try:
            for message in self._person.stream("/notifications/inbox/stream", seconds=600):
                self._heard(message)
        except httpx.HTTPError:
            return  # the demo is over, or the system stopped

    def _heard(self, message: Answer) -> None:
        if "title" not in message or datetime.fromisoformat(message["at"]) < self._began:
            return
        self._tell(f"  ✉ {self._person.name}: {message['title']}")
        with self._came:
            self._titles.append(message["title"])
            self._came.notify_all()


class Demo:
    """One run of the story; everybody in it is a client like any other."""

    def __init__(self, mail_url: str) -> None:
        self._mail_url = mail_url
        self._began = datetime.now().astimezone()
        self.administrator = Person(ADMINISTRATOR)
        self.officer = Person(OFFICER)
        self.applicant = Person(APPLICANT)
        self.leader = Person(LEADER)
        self.volunteers = [Person(subject) for subject in VOLUNTEERS]
        self._ids: dict[str, str] = {}

    def run(self) -> None:
        """The whole story."""
        self._people()
        self._imports()
        before = self._coverage()
        chapter("2  An organisation applies and is approved")
        listeners = [Listener(one, say) for one in (self.applicant, self.leader, *self.volunteers)]
        organisation = self._organisation()
        listeners[0].wait_for(1)
        house, place = self._meeting_place(organisation)
        session = self._activity(organisation, place)
        self._shifts(session, listeners)
        self._cancel(session, listeners)
        self._mails()
        chapter("7  Coverage, before and after")
        say(f"  before: {before}")
        say(f"  after:  {self._coverage()}")
        say(f"  {house['name']}: {self._one_coverage(house['id'])}")

    def _people(self) -> None:
        chapter("0  People sign in and get their roles")
        appoint_first_administrator()
        for person in (
            self.administrator,
            self.officer,
            self.applicant,
            self.leader,
            *self.volunteers,
        ):
            language = "en" if person.subject in ENGLISH_READERS else "sv"
            me = person.introduce(preferred_language=language, languages=["sv", "en"])
            self._ids[person.subject] = me["id"]
        self._grant(self.administrator, OFFICER, "officer", {"kind": "national"})
        say(
            f"  {self.administrator.name} is administrator, {self.officer.name} officer for the country"
        )

    def _grant(self, by: Person, subject: str, role: str, scope: Answer) -> None:
        by.post(f"/registry/people/{self._ids[subject]}/roles", {"role": role, "scope": scope})

    def _imports(self) -> None:
        chapter("1  The nine organisations and a list of accommodations are imported")
        self._import(self.administrator, "organisations", "/registry/organisations")
        self._import(self.officer, "accommodations", "/registry/accommodations")

    def _import(self, person: Person, kind: str, listed_at: str) -> None:
        text = (DATA / f"{kind}.csv").read_text(encoding="utf-8")
        known = {one["name"] for one in person.pages(listed_at)}
        header, *rows = text.strip().splitlines()
        new = [row for row in rows if not known & set(row.split(";"))]
        if not new:
            say(f"  {kind}: all {len(rows)} are there already")
            return
        checked = person.post("/registry/imports", {"kind": kind, "csv": "\n".join([header, *new])})
        say(f"  {kind}: dry run of {len(new)} rows, {checked['status']}")
        person.post(f"/registry/imports/{checked['id']}/commit")
        done = eventually(lambda: self._import_done(person, checked["id"]))
        say(f"  {kind}: {done['position']} of {done['rows']} made")

    @staticmethod
    def _import_done(person: Person, id: str) -> Answer | None:
        found: Answer = person.get(f"/registry/imports/{id}")
        return found if found["status"] == "done" else None

    def _organisation(self) -> str:
        national = next(
            one
            for one in self.applicant.pages("/registry/organisations")
            if one["name"] == NATIONAL
        )
        name = f"{NATIONAL}, demokretsen {self._began:%H:%M:%S} (demo)"
        body = {"name": name, "kind": "branch", "parent": national["id"], "languages": ["sv", "ar"]}
        applied = self.applicant.post("/registry/organisations", body)
        say(f"  {self.applicant.name} applies for {name}: {applied['status']}")
        id = str(applied["id"])
        approved = self.administrator.post(f"/registry/organisations/{id}/approve")
        say(f"  {self.administrator.name} welcomes it: {approved['status']}")
        return id

    def _meeting_place(self, organisation: str) -> tuple[Answer, str]:
        chapter("3  A meeting place is agreed and opened")
        house = self._a_house()
        today = local_date(self._began)
        wish = {
            "name": f"Samlingssalen vid {house['name']}",
            "accommodations": [house["id"]],
            "hosts": [organisation],
            "rooms": [{"name": "Matsalen", "capacity": 40}],
            "door": "Vaktmästaren öppnar klockan 17 (demo).",
            "agreement": {"from": str(today), "until": str(today + timedelta(days=365))},
        }
        place = eventually(partial(self._once_known, "/registry/meeting-places", wish))
        id = str(place["id"])
        say(f"  proposed at {house['name']}: {place['status']}")
        self.applicant.post(f"/registry/meeting-places/{id}/sign", {"party": organisation})
        agreed = self.officer.post(f"/registry/meeting-places/{id}/sign", {"party": "agency"})
        say(f"  signed by the host and by {self.officer.name}: {agreed['status']}")
        opened = self.applicant.post(f"/registry/meeting-places/{id}/open")
        say(f"  its host opens it: {opened['status']}")
        return house, id

    def _a_house(self) -> Answer:
        """The first house without a meeting place; when all have one, the first."""
        houses: list[Answer] = list(self.officer.pages("/registry/accommodations"))
        demo = [one for one in houses if one["name"].endswith("(demo)") and one["status"] == "open"]
        taken = {
            id
            for place in self.officer.pages("/registry/meeting-places")
            if place["status"] == "open"
            for id in place["accommodations"]
        }
        return next((one for one in demo if one["id"] not in taken), demo[0])

    def _activity(self, organisation: str, place: str) -> str:
        chapter("4  An activity with weekly sessions is planned, and volunteers sign up")
        scope = {"kind": "organisation", "ids": [organisation]}
        for person in (self.leader, *self.volunteers):
            person.post(f"/registry/organisations/{organisation}/ask-to-join")
            self._grant(self.applicant, person.subject, "volunteer", scope)
        say(f"  {len(self.volunteers) + 1} ask to join, and {self.applicant.name} says yes")
        first, hour = self._free_evening()
        plan = {
            "kind": "language_cafe",
            "title": {"sv": "Språkcafé", "en": "Language café"},
            "places": 20,
            "languages": ["sv", "ar", "prs"],
            "organiser": organisation,
            "meeting_place": place,
            "leader": self._ids[LEADER],
            "roles": [
                {"role": "leader", "minimum": 1, "maximum": 1},
                {"role": "helper", "minimum": 1, "maximum": SEATS},
            ],
            "schedule": {
                "weekly": [
                    {"weekday": first.isoweekday(), "start": f"{hour}:00", "end": f"{hour + 2}:00"}
                ],
                "first": str(first),
                "meetings": 8,
            },
        }
        activity = eventually(partial(self._once_known, "/activities/activities", plan))
        meetings = activity["meetings"]
        say(
            f"  {len(meetings)} weekly sessions, {hour}:00-{hour + 2}:00, from {meetings[0]['date']}"
        )
        return str(meetings[0]["session"])

    def _free_evening(self) -> tuple[date, int]:
        """A day and hour at which nobody of the story has a shift from an earlier run.

        Three days ahead or more: a seat that becomes free is then placed, not offered. A week at
        most: when the first session is cancelled, the next one is still within two weeks.
        """
        taken = {
            (start.isoweekday(), start.hour)
            for person in (self.leader, *self.volunteers)
            for one in eventually(partial(_shifts_of, person))
            for start in [datetime.fromisoformat(one["start"]).astimezone(STOCKHOLM)]
        }
        days = [local_date(self._began) + timedelta(days=ahead) for ahead in range(3, 8)]
        for hour in (18, 16, 14, 12, 10, 20, 8):
            for day in days:
                if (day.isoweekday(), hour) not in taken:
                    return day, hour
        raise RuntimeError("every evening is taken by earlier demos; begin anew: samverkan reset")

    def _once_known(self, path: str, body: Answer) -> Answer | None:
        """The answer, or None while a new place or role has not reached the other service."""
        try:
            answer: Answer = self.applicant.post(path, body)
            return answer
        except ApiError as error:
            if error.code in ("not-yet-known", "not-allowed", "not-found", "place-not-open"):
                return None
            raise

    def _shifts(self, session: str, listeners: list[Listener]) -> None:
        for number, volunteer in enumerate(self.volunteers, 1):
            found = eventually(partial(self._sign_up, volunteer, session))
            where = f", number {found['position']}" if found.get("position") else ""
            say(
                f"  {volunteer.name} signs up: {found['status']}{where}  ({number} for {SEATS} seats)"
            )
        chapter("5  One withdraws, and the waiting one gets the seat")
        self.volunteers[0].post(f"/activities/sessions/{session}/withdraw")
        say(f"  {self.volunteers[0].name} cannot come")
        # One message of the new activity, one of the seat.
        listeners[-1].wait_for(2)

    @staticmethod
    def _sign_up(person: Person, session: str) -> Answer | None:
        try:
            answer: Answer = person.post(
                f"/activities/sessions/{session}/sign-up", {"role": "helper"}
            )
            return answer
        except ApiError as error:
            if error.status in (403, 404):
                return None  # the new role is still on its way
            raise

    def _cancel(self, session: str, listeners: list[Listener]) -> None:
        chapter(
            "6  The leader cancels the session; whoever is concerned learns it, live and by mail"
        )
        self.leader.post(f"/activities/sessions/{session}/cancel", {"reason": "illness"})
        say(f"  {self.leader.name} cancels: illness")
        listeners[0].wait_for(2)
        listeners[3].wait_for(2)
        listeners[4].wait_for(3)

    def _mails(self) -> None:
        for subject in (APPLICANT, *VOLUNTEERS[1:]):
            address = f"{subject}@demo.example"
            mail = eventually(partial(self._newest_mail, address))
            say(f"  @ {address}: {mail['subject']}")

    def _newest_mail(self, to: str) -> Answer | None:
        answer = httpx.get(f"{self._mail_url}/mails.json", params={"to": to}, trust_env=False)
        for mail in answer.raise_for_status().json():
            is_new = mail["received"] >= self._began.timestamp()
            if is_new and ("Inställt" in mail["subject"] or "Cancelled" in mail["subject"]):
                found: Answer = mail
                return found
        return None

    def _coverage(self) -> str:
        houses = [one["status"] for one in self.officer.pages("/registry/accommodations")]
        wanted = houses.count("open") + houses.count("closing")
        found = eventually(partial(self._whole_country, wanted))
        people, houses = found["people"], found["accommodations"]
        return (
            f"{people['without_meeting_place']} of {people['all']} people have no living meeting place; "
            f"{houses['living']} of {houses['all']} accommodations have one"
        )

    def _whole_country(self, wanted: int) -> Answer | None:
        """The country's figures, once every house that counts is among them."""
        found: Answer = self.officer.get("/activities/coverage/country")
        return found if found["accommodations"]["all"] >= wanted else None

    def _one_coverage(self, accommodation: str) -> str:
        found = self.officer.get(f"/activities/coverage/{accommodation}")
        return f"living meeting place: {'yes' if found['living'] else 'no'}"


def _shifts_of(person: Person) -> list[Answer] | None:
    try:
        return list(person.pages("/activities/me/sessions"))
    except ApiError as error:
        if error.code != "not-yet-known":
            raise
        return None


def eventually(ask: Callable[[], Any]) -> Any:
    """Ask until there is an answer; what one service has done reaches the next in milliseconds."""
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while True:
        answer = ask()
        if answer is not None:
            return answer
        if time.monotonic() > give_up_at:
            raise RuntimeError(f"no answer within {PATIENCE_SECONDS:.0f} s")
        time.sleep(0.05)


def main() -> int:
    """Tell the story; exit status 1 with the reason when it does not go as it should."""
    argparse.ArgumentParser(
        prog="samverkan demo", description=__doc__, epilog="Example: samverkan demo"
    ).parse_args()
    try:
        Demo(os.environ["SAMVERKAN_MAIL_URL"]).run()
    except (ApiError, RuntimeError, httpx.HTTPError) as fault:
        say(f"\nThe demo stops here: {fault}")
        return 1
    say("\nDone. The mails: " + os.environ["SAMVERKAN_MAIL_URL"])
    return 0


if __name__ == "__main__":
    sys.exit(main())
