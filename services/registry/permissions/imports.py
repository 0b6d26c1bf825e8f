"""Who may import what."""

from dataclasses import dataclass

from services.registry.domain.import_ import Import
from services.registry.domain.import_columns import ImportKind
from services.registry.permissions.common import is_administrator, is_officer
from shared.caller import Caller
from shared.contracts.places import COUNTIES
from shared.contracts.problems import Text
from shared.kind import Stored
from shared.permissions import Permission


@dataclass(frozen=True)
class Wanted:
    """What is to be imported, before anything is read of it."""

    kind: ImportKind


def may_import(caller: Caller, kind: ImportKind) -> bool:
    """Administrators import organisations and people, officers accommodations."""
    return is_officer(caller) if kind == "accommodations" else is_administrator(caller)


def _covers(caller: Caller, one: Stored[Import]) -> bool:
    """Still the importer's to make: role and area may have changed since the dry run."""
    return may_import(caller, one.state.kind) and all(
        caller.is_officer_for(county) for county in one.state.counties
    )


def area_of(caller: Caller) -> tuple[str, ...] | None:
    """The counties in which the caller may enter accommodations; None for all of them."""
    counties = tuple(county for county in COUNTIES if caller.is_officer_for(county))
    return None if len(counties) == len(COUNTIES) else counties


WHO = Text(
    "Nätverkets administratörer: organisationer och personer. Handläggare: boenden i sitt område",
    "Network administrators: organisations and people. Officers: accommodations of their area",
)
IMPORT_FILE = Permission[Wanted](
    "import.check",
    WHO,
    rule=lambda caller: is_administrator(caller) or is_officer(caller),
    within=lambda caller, wanted: may_import(caller, wanted.kind),
)
CHANGE_IMPORT = Permission[Stored[Import]](
    "import.change",
    Text("Den som läste in filen", "Whoever uploaded the file"),
    rule=lambda caller: is_administrator(caller) or is_officer(caller),
    within=_covers,
    visible=lambda caller, one: one.state.importer == caller.person_id,
)
READ_IMPORT = Permission[Stored[Import]](
    "import.read",
    Text("Den som läste in filen", "Whoever uploaded the file"),
    rule=lambda caller: is_administrator(caller) or is_officer(caller),
    visible=lambda caller, one: one.state.importer == caller.person_id,
)
