"""The bodies that an OpenAPI document gives as examples of itself."""

from collections.abc import Mapping
from typing import Any

Document = Mapping[str, Any]


def documented_body(document: Document, method: str, path: str) -> Any:
    """The example of what is sent to an operation; None where nothing is."""
    sent = document["paths"][path][method.lower()].get("requestBody", {})
    schema = sent.get("content", {}).get("application/json", {}).get("schema")
    return None if schema is None else _example(document, schema)


def _example(document: Document, schema: Document) -> Any:
    schema = _resolved(document, schema)
    if "examples" in schema:
        return schema["examples"][0]
    if "properties" not in schema:
        return _plain(document, schema)
    needed = schema.get("required", ())
    return {name: _example(document, schema["properties"][name]) for name in needed}


def _plain(document: Document, schema: Document) -> Any:
    if "enum" in schema or "const" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    if schema.get("type") == "array":
        return [_example(document, schema["items"])] if schema.get("minItems") else []
    return {"integer": schema.get("minimum", 1), "boolean": False, "string": "demo"}.get(
        schema.get("type", "")
    )


def _resolved(document: Document, schema: Document) -> Document:
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        found: Document = document["components"]["schemas"][name]
        return found
    options = [one for one in schema.get("anyOf", ()) if one.get("type") != "null"]
    return _resolved(document, options[0]) if options and "examples" not in schema else schema
