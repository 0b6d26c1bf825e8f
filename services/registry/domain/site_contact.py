"""Whom to call at an accommodation: who has its keys and rooms. No account; known to few, like its address."""

from pydantic import BaseModel, ConfigDict

from services.registry.domain.contact import MailAddress, PhoneNumber
from shared.contracts.base import AccommodationId, Facts
from shared.contracts.problems import FieldError, Invalid, Text
from shared.contracts.registry import ContactChanged
from shared.contracts.texts import Line, Name


class Contact(BaseModel):
    """A person at the house, or the office; `hours` are when they answer."""

    model_config = ConfigDict(frozen=True)

    name: Name
    phone: PhoneNumber | None = None
    mail: MailAddress | None = None
    hours: Line | None = None


class SiteContact(BaseModel):
    """The aggregate, one for an accommodation; `contact` is None when there is nobody any more."""

    model_config = ConfigDict(frozen=True)

    accommodation: AccommodationId
    contact: Contact | None = None


Decision = tuple[SiteContact, tuple[Facts, ...]]


def name(accommodation: AccommodationId, contact: Contact) -> Decision:
    """Somebody is to be called from now on. Invalid without a way to reach them."""
    if contact.phone is None and contact.mail is None:
        text = Text("Skriv telefon eller e-post.", "Give a phone number or a mail address.")
        raise Invalid(fields=(FieldError("phone", "no-way-to-reach", text),))
    return SiteContact(accommodation=accommodation, contact=contact), (ContactChanged(),)


def remove(one: SiteContact) -> Decision:
    """Nobody is to be called any more; name, phone and mail are gone."""
    if one.contact is None:
        return one, ()
    return SiteContact(accommodation=one.accommodation), (ContactChanged(),)
