"""The ready-made people of the local runtime: invented, and marked as such wherever they show up."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class DemoPerson:
    """Someone the development issuer signs in; `role` and `home` only help to choose, they grant nothing."""

    subject: str
    name: str
    role: str
    home: str

    @property
    def email(self) -> str:
        """An address in a domain that never exists."""
        return f"{self.subject}@demo.example"


def _person(subject: str, name: str, role: str, home: str) -> DemoPerson:
    return DemoPerson(f"{subject}-demo", f"{name} (demo)", role, home)


PEOPLE = (
    _person("alva-administrator", "Alva Administratör", "administrator", "Forum"),
    _person("omar-handlaggare", "Omar Handläggare", "officer", "Migrationsverket, norr"),
    _person("hanna-handlaggare", "Hanna Handläggare", "officer", "Migrationsverket, syd"),
    _person("siv-samordnare", "Siv Samordnare", "coordinator", "Röda Korset"),
    _person("karim-samordnare", "Karim Samordnare", "coordinator", "Rädda Barnen"),
    _person("maja-samordnare", "Maja Samordnare", "coordinator", "Svenska kyrkan"),
    _person("vera-volontar", "Vera Volontär", "volunteer", "Röda Korset"),
    _person("viktor-volontar", "Viktor Volontär", "volunteer", "Röda Korset"),
    _person("yasmin-volontar", "Yasmin Volontär", "volunteer", "Röda Korset"),
    _person("nils-volontar", "Nils Volontär", "volunteer", "Rädda Barnen"),
    _person("asa-volontar", "Åsa Volontär", "volunteer", "Rädda Barnen"),
    _person("samir-volontar", "Samir Volontär", "volunteer", "Rädda Barnen"),
    _person("elin-volontar", "Elin Volontär", "volunteer", "Svenska kyrkan"),
    _person("dawit-volontar", "Dawit Volontär", "volunteer", "Svenska kyrkan"),
    _person("dina-drift", "Dina Drift", "operator", "Driften"),
)
BY_SUBJECT = {person.subject: person for person in PEOPLE}
