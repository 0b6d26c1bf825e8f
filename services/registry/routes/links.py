"""`/l/TOKEN`: where the links in our messages lead (P23). Plain pages; reading one does nothing."""

from html import escape

from fastapi import APIRouter, Depends, Request
from starlette.responses import HTMLResponse, Response

from services.registry.queries.invitations import Invited, invited
from services.registry.routes.here import Registry, here
from services.registry.routes.invitations import PURPOSE
from shared.contracts.problems import Gone, Language, NotFound, Problem, Text
from shared.http.language import language_of
from shared.links import PATH, BadLink
from shared.permissions import public

router = APIRouter(prefix=PATH.rstrip("/"), include_in_schema=False)

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_STYLE = """
body { font: 1.125rem/1.5 system-ui, sans-serif; max-width: 36rem; margin: 2rem auto; padding: 0 1rem }
a { display: inline-block; padding: .75rem 1.5rem; border: 2px solid; border-radius: .5rem }
"""
_TITLE = Text("Du är inbjuden: {what}", "You are invited: {what}")
_EXPLAINED = Text(
    "Inbjudan gäller till och med {day}. Inget händer av att du läser den här sidan. "
    "Vill du tacka ja, logga in och svara. Vill du inte, behöver du inte göra något.",
    "The invitation holds until {day}. Nothing happens by reading this page. "
    "To say yes, sign in and answer. If you do not want to, there is nothing to do.",
)
_BUTTON = Text("Logga in och svara", "Sign in and answer")


@router.api_route("/{token}", methods=["GET", "HEAD"], dependencies=[Depends(public)])
async def linked(request: Request, token: str) -> Response:
    """What the link is about, and one button that leads on."""
    language = language_of(request.scope)
    try:
        return _page(await _invitation(here(request), token, language), language)
    except (NotFound, Gone) as problem:
        return _page(_words_of(problem, language), language, problem.status)


async def _invitation(registry: Registry, token: str, language: Language) -> tuple[str, str]:
    """Title and content."""
    try:
        link = registry.links.read(token, PURPOSE)
    except BadLink as error:
        raise NotFound() from error
    stored = await registry.invitations.linked(link)
    about = await invited(registry.store, stored)
    # In the fragment: it is sent to no server, and stands in no log.
    goal = f"{registry.public_url.rstrip('/')}/invitation#{token}"
    return _title(about, language), _content(about, goal, language)


def _title(about: Invited, language: Language) -> str:
    what = about.what.in_language(language)
    return _TITLE.in_language(language).format(what=f"<bdi>{escape(what)}</bdi>")


def _content(about: Invited, goal: str, language: Language) -> str:
    explained = _EXPLAINED.filled(day=about.last_day.isoformat()).in_language(language)
    button = _BUTTON.in_language(language)
    return f'<p>{explained}</p><p><a href="{escape(goal)}">{button}</a></p>'


def _words_of(problem: Problem, language: Language) -> tuple[str, str]:
    title, detail = problem.title.in_language(language), problem.detail.in_language(language)
    return escape(title), f"<p>{escape(detail)}</p>"


def _page(words: tuple[str, str], language: Language, status: int = 200) -> Response:
    title, content = words
    body = (
        f'<!doctype html><html lang="{language}"><meta charset="utf-8"><title>Samverkan</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style>'
        f"<h1>{title}</h1>{content}</html>"
    )
    headers = {
        "Content-Security-Policy": POLICY,
        "Content-Language": language,
        "Vary": "Accept-Language",
        "X-Robots-Tag": "noindex",
    }
    return HTMLResponse(body, status, headers=headers)
