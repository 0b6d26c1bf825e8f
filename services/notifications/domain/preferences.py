"""What a person wants to have by mail; the inbox has everything anyway."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

Group = Literal["my_shifts", "asked_for_help", "news_nearby", "role_summary"]


class MailWanted(BaseModel):
    """The four choices that people have; all are on until switched off."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    my_shifts: bool = True
    asked_for_help: bool = True
    news_nearby: bool = True
    role_summary: bool = True


class Preferences(BaseModel):
    """The aggregate; its id is the person's."""

    model_config = ConfigDict(frozen=True)

    mail: MailWanted = MailWanted()

    def wants_mail(self, group: Group | None) -> bool:
        """What belongs to no group concerns the membership itself and is always sent."""
        return group is None or bool(getattr(self.mail, group))
