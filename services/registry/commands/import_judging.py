"""The dry run: every row of a file is judged against what the network knows already."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from services.registry.commands.accommodations import Accommodations
from services.registry.commands.import_rows import (
    AccommodationRows,
    Judged,
    OrganisationRows,
    house_key,
    number_in,
)
from services.registry.commands.organisations import Organisations
from services.registry.domain.import_columns import ImportKind, Read, understood
from services.registry.domain.import_file import Row
from services.registry.domain.organisation import Organisation
from shared.caller import Caller
from shared.kind import Stored
from shared.words import sort_key

WITHOUT_A_BREATH = 50

Judge = Callable[[Row, Mapping[str, Any]], Judged]


class Judging:
    """Loads what the rows are judged against, and has them judged."""

    def __init__(self, organisations: Organisations, accommodations: Accommodations) -> None:
        self._organisations = organisations
        self._accommodations = accommodations

    async def judge(
        self, kind: ImportKind, rows: Sequence[Row], import_id: str, caller: Caller, today: date
    ) -> list[Judged]:
        """Each row's verdict, in the file's order; others are served in between."""
        read = [understood(row.values) for row in rows]
        if kind == "organisations":
            judge = await self._organisation_judge(read, import_id)
        else:
            judge = await self._house_judge(read, caller, today)
        judged: list[Judged] = []
        for row, one in zip(rows, read, strict=True):
            if len(judged) % WITHOUT_A_BREATH == 0:
                await asyncio.sleep(0)
            judged.append(replace(judge(row, one.values), repairs=one.repairs))
        return judged

    async def _organisation_judge(self, rows: Sequence[Read], import_id: str) -> Judge:
        texts = [
            str(one.values[name])
            for one in rows
            for name in ("name", "number", "parent")
            if name in one.values
        ]
        numbers = {number for text in texts for number in number_in(text)}
        known = await self._organisations.known_among(numbers, {sort_key(text) for text in texts})
        return OrganisationRows(import_id, _by_name(known), _nationals(known)).judge

    async def _house_judge(self, rows: Sequence[Read], caller: Caller, today: date) -> Judge:
        codes = {str(one.values.get("code", "")).casefold() for one in rows}
        names = {sort_key(str(one.values.get("name", ""))) for one in rows}
        found = [one.state for one in await self._accommodations.known_among(codes, names)]
        known = {one.code.casefold() for one in found} | {
            house_key(one.name, one.county) for one in found if one.status != "closed"
        }
        houses = AccommodationRows(today, known)
        return lambda row, values: houses.judge(row, values, caller)


def _by_name(known: Sequence[Stored[Organisation]]) -> dict[str, str]:
    """Ids by name and by number; where a national one and its branch share a name, the national."""
    in_order = sorted(known, key=lambda one: one.state.kind == "national")
    names = {sort_key(one.state.name): one.id for one in in_order}
    return names | {one.state.number: one.id for one in known if one.state.number}


def _nationals(known: Sequence[Stored[Organisation]]) -> set[str]:
    return {one.id for one in known if one.state.kind == "national"}
