"""Roles and ways to stand to an object, in Swedish and English."""

from deploy.who_may.statement import Role
from shared.contracts.problems import Text

ROLES: dict[Role, Text] = {
    Role.REGISTERED: Text("registrerad utan roll", "registered, no role"),
    Role.VOLUNTEER: Text("volontär", "volunteer"),
    Role.COORDINATOR: Text("samordnare (förening)", "coordinator (branch, independent)"),
    Role.NATIONAL: Text("samordnare (riksorganisation)", "coordinator (national organisation)"),
    Role.OFFICER: Text("handläggare", "officer"),
    Role.READER: Text("länsstyrelsens läsare", "county board reader"),
    Role.ADMINISTRATOR: Text("nätverkets administratör", "network administrator"),
    Role.OPERATOR: Text("driftansvarig", "operator"),
}
WAYS: dict[str, Text] = {
    "*": Text("alla", "all"),
    "public": Text("de som är öppna för nätverket", "those that the network may know"),
    "self": Text("sig själv", "oneself"),
    "own": Text("egna", "own"),
    "own-area": Text("roller i eget område", "roles in the own area"),
    "own-application": Text("egen ansökan", "own application"),
    "own-planned": Text("planerade i eget område", "planned in the own area"),
    "own-proposal": Text("förslag i eget område", "proposals in the own area"),
    "own-about-a-person": Text("om en person, i eget område", "about a person, in the own area"),
    "child": Text("sina föreningars", "their branches'"),
    "child-application": Text("sina föreningars ansökningar", "their branches' applications"),
    "child-coordinator": Text("en förenings första samordnare", "a branch's first coordinator"),
    "parent": Text("riksorganisationens", "the national organisation's"),
    "sibling": Text("syskonföreningars", "sibling branches'"),
    "other": Text("andras", "others'"),
    "leads": Text("tillfällen hen leder", "sessions they lead"),
    "reported": Text("det hen rapporterade", "what they reported"),
    "accommodations": Text("boenden", "accommodations"),
    "organisations": Text("organisationer och personer", "organisations and people"),
}
