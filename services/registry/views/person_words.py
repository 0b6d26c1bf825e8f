"""What a person's fields are called, for themselves to read."""

from collections.abc import Mapping

from shared.contracts.problems import Language, Text

FIELD_WORDS: Mapping[str, Text] = {
    "name": Text("namn", "name"),
    "mail": Text("mejladress", "mail address"),
    "phone": Text("telefonnummer", "phone number"),
    "languages": Text("språk", "languages"),
    "preferred_language": Text("språk för meddelanden", "language of messages"),
    "municipality": Text("hemkommun", "home municipality"),
    "protected": Text("att uppgifterna är skyddade", "that the identity is protected"),
    "status": Text("om kontot är öppet", "whether the account is open"),
    "roles": Text("roller", "roles"),
    "asks": Text("vilka du har frågat om att få vara med", "whom you have asked to join"),
    "identity": Text("pseudonym för inloggningen", "pseudonym of the sign-in"),
    "suspended": Text("om kontot är pausat", "whether the account is suspended"),
    "merged_into": Text(
        "ditt andra konto, om två blev ett", "your other account, if two became one"
    ),
    "absorbed": Text("konton som blev ett med det här", "accounts that became one with this"),
    "accommodation": Text(
        "boendet, för en kontaktperson där", "the house, for a contact person there"
    ),
    "extracts": Text(
        "när ett registerutdrag visades, och för vem",
        "when a register extract was shown, and to whom",
    ),
    "pledges": Text("vilka löften du har lämnat", "which pledges you have accepted"),
    "initials": Text("initialer", "initials"),
}


def in_words(field: str, language: Language) -> str:
    """What a field is called; its code where nobody has named it."""
    known = FIELD_WORDS.get(field)
    return known.in_language(language) if known else field
