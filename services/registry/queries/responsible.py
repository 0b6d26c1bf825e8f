"""Who answers for which data: one line for each kind that any service keeps, with or without people.

A test sees to it that nothing is kept without a line here. What a line says of time is done by what
it names: a wake-up of the aggregate, `shared.retention`, or an index that removes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

from services.registry.permissions.accommodations import FIND_THE_WAY
from services.registry.permissions.common import REGISTERED, WITH_A_ROLE
from services.registry.permissions.imports import WHO as IMPORTERS
from services.registry.permissions.incidents import OVERSEERS
from services.registry.permissions.people import OWN_PROFILE, READ_PERSON
from services.registry.permissions.support_cases import ALL_CONCERNED
from shared.contracts.problems import Language, Text

NETWORK = Text("Forum, som sköter nätverket", "Forum, which runs the network")
AGENCY = Text("Migrationsverket", "The Swedish Migration Agency")
ORGANISER = Text(
    "Organisationen som ordnar aktiviteten", "The organisation that organises the activity"
)
OPERATORS = Text("Den som driver plattformen", "Whoever runs the platform")
NOBODY = Text("Ingen", "Nobody")
WHILE_THERE = Text("Så länge det finns i nätverket", "As long as it is in the network")
WITH_ACCOUNT = Text(
    "Tills personen tar bort sig, eller kontot har varit oanvänt i 24 månader utan roll eller pass",
    "Until the person removes themselves, or the account was unused for 24 months without role or "
    "shift",
)
TWO_YEARS = Text("Två år", "Two years")


@dataclass(frozen=True)
class Line:
    """One kind of data: what it is, what for, who answers for it, how long it stays, who sees it."""

    what: Text
    purpose: Text
    controller: Text
    kept: Text
    seen_by: Text


RESPONSIBLE: Mapping[str, Line] = {
    "registry.organisation": Line(
        Text("Organisationer och deras kontaktvägar", "Organisations and how to reach them"),
        Text("Att nätverket vet vilka som är med", "To know who takes part in the network"),
        NETWORK,
        WHILE_THERE,
        REGISTERED,
    ),
    "registry.person": Line(
        Text(
            "Namn, mejl, telefon, språk, hemkommun, roller",
            "Name, mail, phone, languages, home, roles",
        ),
        Text(
            "Att kunna ta pass, bli nådd och ha rätt behörighet",
            "To take shifts, be reached, and have the right access",
        ),
        NETWORK,
        WITH_ACCOUNT,
        READ_PERSON.who,
    ),
    "registry.account": Line(
        Text("Dagen då kontot senast användes", "The day when the account was last used"),
        Text("Att inget bortglömt konto står öppet", "That no forgotten account stands open"),
        NETWORK,
        WITH_ACCOUNT,
        OWN_PROFILE.who,
    ),
    "registry.accommodation": Line(
        Text("Boenden och antal personer", "Accommodations and how many live there"),
        Text("Att se var något saknas", "To see where something is missing"),
        AGENCY,
        WHILE_THERE,
        WITH_A_ROLE,
    ),
    "registry.location": Line(
        Text("Var ett boende ligger", "Where an accommodation lies"),
        Text("Att hitta dit", "To find the way there"),
        AGENCY,
        WHILE_THERE,
        FIND_THE_WAY.who,
    ),
    "registry.site_contact": Line(
        Text(
            "Kontaktperson på boendet: namn och telefon",
            "Contact person at the house: name and phone",
        ),
        Text("Att kunna ringa dit", "To be able to call"),
        AGENCY,
        Text("Tills den byts eller boendet stänger", "Until it is changed or the house closes"),
        FIND_THE_WAY.who,
    ),
    "registry.meeting_place": Line(
        Text("Mötesplatser och överenskommelser", "Meeting places and agreements"),
        Text("Att veta var och hur man kan ses", "To know where and how people can meet"),
        NETWORK,
        WHILE_THERE,
        WITH_A_ROLE,
    ),
    "registry.closing_plan": Line(
        Text("Planer för boenden som stänger", "Plans for accommodations that close"),
        Text("Att alla hinner planera om", "That everyone has time to plan anew"),
        AGENCY,
        WHILE_THERE,
        WITH_A_ROLE,
    ),
    "registry.import": Line(
        Text("Importer: hur många rader som blev vad", "Imports: how many rows became what"),
        Text("Att kunna lägga in många på en gång", "To enter many at once"),
        NETWORK,
        Text("Filens innehåll i högst en vecka", "What the file said for a week at most"),
        IMPORTERS,
    ),
    "registry.import_rows": Line(
        Text("Importers rader", "Rows of imports"),
        Text("Att kunna granska före inläsning", "To look before anything is made"),
        NETWORK,
        Text("Värden tills de är inlästa, annars en vecka", "Values until made, or else a week"),
        IMPORTERS,
    ),
    "registry.invitation": Line(
        Text("Inbjudningar och adressen de gick till", "Invitations and the address they went to"),
        Text("Att kunna bjuda in någon som inte är med", "To invite somebody who is not here"),
        NETWORK,
        Text(
            "Adressen tills någon svarat, högst 14 dagar",
            "The address until answered, 14 days at most",
        ),
        Text(
            "Den som bjöd in, och den som själv kan ge rollen",
            "Whoever invited, and whoever can give the role",
        ),
    ),
    "registry.support_case": Line(
        Text("Frågor till nätverket", "Questions to the network"),
        Text("Att få svar", "To be answered"),
        NETWORK,
        Text("Orden i två år", "The words for two years"),
        ALL_CONCERNED,
    ),
    "registry.incident": Line(
        Text("Händelser, utan namn", "Incidents, without names"),
        Text("Att den som har ansvar får veta", "That whoever is responsible knows"),
        AGENCY,
        Text("Orden i två år", "The words for two years"),
        OVERSEERS,
    ),
    "registry.incident_reads": Line(
        Text("Vem som har läst en händelse", "Who has read an incident"),
        Text("Att läsning kan granskas", "That reading can be looked into"),
        AGENCY,
        TWO_YEARS,
        OVERSEERS,
    ),
    "registry.complaint": Line(
        Text("Klagomål från boende, utan namn", "Residents' complaints, without names"),
        Text("Att något som är fel blir rättat", "That what is wrong is put right"),
        AGENCY,
        Text("Orden i ett år", "The words for a year"),
        OVERSEERS,
    ),
    "registry.noticeboard": Line(
        Text("Anslagstavlans kod", "The noticeboard's code"),
        Text("Att boende ska kunna läsa och säga till", "That residents can read and speak up"),
        NETWORK,
        WHILE_THERE,
        WITH_A_ROLE,
    ),
    "registry.reads": Line(
        Text("Vem som har läst vägen till ett boende", "Who has read the way to an accommodation"),
        Text("Att adresser inte sprids i det tysta", "That addresses are not spread in silence"),
        AGENCY,
        TWO_YEARS,
        Text("Handläggare för området, och läsaren själv", "Officers of the area, and the reader"),
    ),
    "registry.erasures": Line(
        Text(
            "Vilka id som har tagits bort, som kontrollsummor", "Which ids were erased, as hashes"
        ),
        Text("Att de förblir borta efter en återläsning", "That they stay gone after a restore"),
        NETWORK,
        Text(
            "För alltid; de går inte att läsa tillbaka", "For ever; they cannot be read backwards"
        ),
        NOBODY,
    ),
    "registry.history": Line(
        Text(
            "Vem som gjorde vad när, med id och aldrig namn",
            "Who did what when, by id and never by name",
        ),
        Text("Att beslut kan följas", "That decisions can be followed"),
        NETWORK,
        Text(
            "Om personer i fem år, eller tills de tas bort",
            "About people five years, or until erased",
        ),
        Text("De som ser det som ändrades", "Those who see what was changed"),
    ),
    "activities.activity": Line(
        Text("Aktiviteter, med ledarens id", "Activities, with the leader's id"),
        Text("Att planera", "To plan"),
        ORGANISER,
        WHILE_THERE,
        WITH_A_ROLE,
    ),
    "activities.session": Line(
        Text(
            "Tillfällen, med vilka volontärer som har pass",
            "Sessions, with which volunteers have shifts",
        ),
        Text(
            "Att någon kommer, och att timmar kan visas",
            "That somebody comes, and that hours can be shown",
        ),
        ORGANISER,
        Text(
            "Tills personen tas bort; sedan utan vem",
            "Until the person is erased; then without who",
        ),
        Text(
            "Organisationens samordnare, och var och en sina egna",
            "The organisation's coordinators, and everyone their own",
        ),
    ),
    "activities.coverage": Line(
        Text("Andel boenden med mötesplats", "Share of accommodations with a meeting place"),
        Text("Att se luckor", "To see gaps"),
        NETWORK,
        WHILE_THERE,
        WITH_A_ROLE,
    ),
    "activities.helper": Line(
        Text(
            "Vilka dagar, platser och aktiviteter som passar, och när man blev tillfrågad",
            "Which days, places and activities suit, and when one was asked",
        ),
        Text(
            "Att hitta pass, och att ingen frågas för ofta",
            "To find shifts, and that nobody is asked too often",
        ),
        NETWORK,
        WITH_ACCOUNT,
        OWN_PROFILE.who,
    ),
    "activities.history": Line(
        Text(
            "Vem som gjorde vad när, med id och aldrig namn",
            "Who did what when, by id and never by name",
        ),
        Text("Att beslut kan följas", "That decisions can be followed"),
        NETWORK,
        WHILE_THERE,
        Text("De som ser det som ändrades", "Those who see what was changed"),
    ),
    "notifications.preferences": Line(
        Text("Vilka mejl man vill ha", "Which mails one wants"),
        Text("Att få lagom", "To get neither too much nor too little"),
        NETWORK,
        WITH_ACCOUNT,
        OWN_PROFILE.who,
    ),
    "notifications.notifications": Line(
        Text("Inkorgen: vad man har fått veta", "The inbox: what one was told"),
        Text("Att få veta", "To be told"),
        NETWORK,
        Text("Ett år efter att det lästs", "A year after it was read"),
        OWN_PROFILE.who,
    ),
    "notifications.deliveries": Line(
        Text(
            "Att ett mejl har gått iväg, utan innehåll",
            "That a mail has left, without what it said",
        ),
        Text("Att kunna se vad som kom fram", "To see what arrived"),
        NETWORK,
        Text("Ett halvår", "Half a year"),
        Text(
            "Mottagaren och den som driver plattformen",
            "The recipient and whoever runs the platform",
        ),
    ),
    "failed": Line(
        Text("Meddelanden som fastnat, i alla tjänster", "Dead letters, in all services"),
        Text("Att inget går förlorat", "That nothing is lost"),
        OPERATORS,
        Text("Ett halvår", "Half a year"),
        OPERATORS,
    ),
}
"""By the full name of what is kept; `failed` lies in each service."""


def listed(language: Language) -> list[dict[str, str]]:
    """The lines in one language, with what each is called inside."""
    return [
        {
            "data": name,
            "what": line.what.in_language(language),
            "purpose": line.purpose.in_language(language),
            "controller": line.controller.in_language(language),
            "kept": line.kept.in_language(language),
            "seen_by": line.seen_by.in_language(language),
        }
        for name, line in RESPONSIBLE.items()
    ]


_TITLE = Text("Vem ansvarar för vilka uppgifter", "Who is responsible for which data")
_HEADS = Text(
    "Uppgift|Varför|Ansvarig|Hur länge|Vem ser", "Data|What for|Responsible|How long|Who sees"
)
_SHOWN = ("what", "purpose", "controller", "kept", "seen_by")


def as_page(language: Language) -> str:
    """The same as one plain page."""
    title = _TITLE.in_language(language)
    heads = "".join(f"<th scope=col>{one}" for one in _HEADS.in_language(language).split("|"))
    rows = "".join(
        "<tr>" + "".join(f"<td>{escape(line[name])}" for name in _SHOWN)
        for line in listed(language)
    )
    return (
        f"<!doctype html><html lang={language}><meta charset=utf-8>"
        "<meta name=viewport content='width=device-width'>"
        f"<title>{title}</title><h1>{title}</h1><table><tr>{heads}{rows}</table></html>"
    )
