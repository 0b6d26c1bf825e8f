"""A plain page that shows an OpenAPI document: no script, nothing loaded from another host."""

import json
from html import escape
from typing import Any

METHODS = ("get", "post", "put", "patch", "delete")
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_STYLE = """
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
code, pre { font-family: ui-monospace, monospace } pre { overflow-x: auto; padding: .5rem 1rem }
section { border-top: 1px solid; padding: .5rem 0 } b { min-width: 4.5rem; display: inline-block }
"""


def page(document: dict[str, Any]) -> str:
    """Plain HTML: the routes with their permission and parameters, then the schemas."""
    title = escape(document["info"]["title"])
    routes = "".join(
        _operation(path, method, operations[method])
        for path, operations in document.get("paths", {}).items()
        for method in METHODS
        if method in operations
    )
    schemas = "".join(
        f"<details><summary><code>{escape(name)}</code></summary>{_json(schema)}</details>"
        for name, schema in sorted(document["components"]["schemas"].items())
    )
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style>'
        f"<h1>{title}</h1><p>{escape(document['info'].get('description', ''))}</p>"
        f"<h2>Routes</h2>{routes}<h2>Schemas</h2>{schemas}</html>"
    )


def _operation(path: str, method: str, operation: dict[str, Any]) -> str:
    permission = operation.get("x-permission")
    who = f"<p>Permission: <code>{escape(str(permission))}</code></p>" if permission else ""
    shown = ("parameters", "requestBody", "responses")
    details = {name: operation[name] for name in shown if name in operation}
    words = operation.get("description") or operation.get("summary", "")
    return (
        f"<section><h3><b>{method.upper()}</b> <code>{escape(path)}</code></h3>"
        f"<p>{escape(words)}</p>{who}"
        f"<details><summary>Details</summary>{_json(details)}</details></section>"
    )


def _json(value: Any) -> str:
    return f"<pre>{escape(json.dumps(value, indent=2, ensure_ascii=False))}</pre>"
