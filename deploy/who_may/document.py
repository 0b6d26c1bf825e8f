"""docs/who-may-what.md: the statements as a table for people, with the routes that each is about."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from deploy.services import unstarted
from deploy.who_may import elsewhere, registry
from deploy.who_may.statement import ALL, PUBLIC, May, Relations, Role
from deploy.who_may.words import ROLES, WAYS
from shared.contracts.problems import Text
from shared.permissions import Permission, stated_permissions

STATEMENTS: Mapping[str, Mapping[str, May]] = {
    "registry": registry.STATEMENTS | elsewhere.COMMON,
    "activities": elsewhere.ACTIVITIES | elsewhere.COMMON,
    "notifications": elsewhere.NOTIFICATIONS | elsewhere.COMMON,
}
Routes = Mapping[str, tuple[Permission[Any], list[str]]]

_HEAD = """\
# Vem får vad · Who may what

Made from `deploy/who_may/` by `python -m deploy.who_may`, the same statements by which the tests try
every route as everyone. Change those, not this page.

**Så läses tabellerna.** En rad är en rättighet, en kolumn den som frågar. I rutan står vad rättigheten
gäller: *egna* är den egna organisationen, det egna området, det man själv har skickat in. – betyder
nej: 403 för det man ser, 404 för det man inte ser. Den som har flera roller får vad någon av dem får.
En roll som inte har börjat, har slutat, eller gäller en organisation som är pausad ger ingenting; ett
avstängt konto släpps bara in till sig självt.

**How to read the tables.** A row is a permission, a column is who asks. The cell says what it holds for:
*own* is one's own organisation, area, or what one has sent in. – is no: 403 for what one sees, 404
for what one does not see. With several roles one may what any of them may. A role that has not begun,
has ended, or is in a paused organisation gives nothing; a suspended account only reaches itself.
"""


def document() -> str:
    """The whole page. Raises KeyError when a route's permission has no statement."""
    parts = [_HEAD]
    for service, app in unstarted().items():
        parts += _service(service, _routes(stated_permissions(app), service))
    return "\n".join(parts)


def _routes(stated: Iterator[tuple[str, Permission[Any] | None]], service: str) -> Routes:
    found: dict[str, tuple[Permission[Any], list[str]]] = {}
    for route, permission in stated:
        if permission is not None:
            path = route.replace(f"/api/{service}", "")
            found.setdefault(permission.name, (permission, []))[1].append(path)
    return found


def _service(service: str, routes: Routes) -> Iterator[str]:
    statements = STATEMENTS[service]
    yield f"## {service}\n"
    yield "| | " + " | ".join(_both(text) for text in ROLES.values()) + " |"
    yield "|---" * (len(ROLES) + 1) + "|"
    for name in routes:
        cells = (_cell(statements[name], role) for role in ROLES)
        yield f"| [`{name}`](#{_anchor(service, name)}) | " + " | ".join(cells) + " |"
    yield ""
    for name, (permission, paths) in routes.items():
        yield f'<a id="{_anchor(service, name)}"></a>**`{name}`** {_both(permission.who)}  '
        yield from _listed(paths)


def _cell(may: May, role: Role) -> str:
    if may.everyone or may.strangers:
        return "ja · yes"
    if role not in may.door:
        return "–"
    if may.subject is None:
        return "ja · yes"
    lets = may.lets.get(role, frozenset())
    ways = _seen(may.subject, role) if lets == ALL else lets
    return "<br>".join(_both(WAYS[way]) for way in sorted(ways, key=list(WAYS).index)) or "–"


def _seen(subject: str, role: Role) -> Relations:
    """What "all" comes to: nobody may anything with what they do not see."""
    table = registry.SEES.get(subject)
    if table is None:
        return ALL
    seen = table.get(role, frozenset())
    return (seen - PUBLIC) | {"public"} if "other" in seen else seen


def _listed(paths: list[str]) -> Iterator[str]:
    """The routes, methods of one path together."""
    methods: dict[str, list[str]] = defaultdict(list)
    for route in paths:
        method, path = route.split()
        methods[path].append(method)
    yield " · ".join(f"`{' '.join(methods[path])} {path}`" for path in methods) + "\n"


def _both(text: Text) -> str:
    return f"{text.sv} · {text.en}"


def _anchor(service: str, name: str) -> str:
    return f"{service}-{name}".replace(".", "-").replace("_", "-")
