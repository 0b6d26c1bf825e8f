"""What stands beside the pictures of the complaint form, and the answers on the noticeboard."""

from collections.abc import Mapping

from services.registry.domain.complaint import About, Answer, Picture
from shared.contracts.problems import Text

ABOUT: Mapping[About, Text] = {
    "place": Text("Lokalen eller huset", "The room or the house"),
    "activity": Text("Något som ordnas", "Something that is arranged"),
    "person": Text("Någon som ordnar eller hjälper till", "Someone who arranges or helps"),
    "other": Text("Något annat", "Something else"),
}
PICTURES: Mapping[Picture, Text] = {
    "cold": Text("Kallt", "Cold"),
    "dirty": Text("Smutsigt", "Dirty"),
    "noisy": Text("Högljutt", "Noisy"),
    "crowded": Text("Trångt", "Crowded"),
    "door_closed": Text("Dörren var låst", "The door was locked"),
    "cancelled": Text("Det blev inte av", "It did not take place"),
    "not_understood": Text("Jag förstod inte språket", "I did not understand the language"),
    "nothing_for_children": Text("Inget för barnen", "Nothing for the children"),
    "nothing_for_me": Text("Inget för mig", "Nothing for me"),
    "hard_to_reach": Text("Svårt att ta sig dit", "Hard to get there"),
    "afraid": Text("Jag kände mig rädd", "I felt afraid"),
    "treated_badly": Text("Illa behandlad", "Treated badly"),
    "not_listened_to": Text("Ingen lyssnade", "Nobody listened"),
    "photographed": Text("Fotograferad utan att vilja", "Photographed against my will"),
    "asked_for_money": Text("Någon ville ha pengar", "Someone wanted money"),
    "other": Text("Något annat", "Something else"),
}
ANSWERS: Mapping[Answer, Text] = {
    "put_right": Text("Det är åtgärdat.", "It has been put right."),
    "being_put_right": Text("Vi håller på att åtgärda det.", "We are putting it right."),
    "talked_about": Text(
        "Vi har talat om det och gör annorlunda.", "We have talked about it and will do otherwise."
    ),
    "passed_on": Text(
        "Vi har lämnat det till den som bestämmer.", "We have passed it on to who decides."
    ),
    "cannot_change": Text("Det går tyvärr inte att ändra.", "Sadly it cannot be changed."),
    "thanks": Text("Tack, vi har läst det.", "Thank you, we have read it."),
}
NOTICE = Text(
    "Vi frågar inte vem du är. Skriv inga namn och inga nummer. Det påverkar inte ditt ärende.",
    "We do not ask who you are. Write no names and no numbers. It does not affect your case.",
)
WHO_READS = Text(
    "Migrationsverkets handläggare och nätverkets administratörer läser det. Gäller det någon som "
    "ordnar eller hjälper till läser bara de.",
    "Officers of the Migration Agency and network administrators read it. When it is about someone "
    "who arranges or helps, only they do.",
)
THANKS = Text(
    "Tack. Vi läser det, och svaret står här på anslagstavlan.",
    "Thank you. We read it, and the answer will stand here on the noticeboard.",
)
THANKS_UNSEEN = Text(
    "Tack. Vi läser det. För din skull står svaret inte på anslagstavlan.",
    "Thank you. We read it. For your sake the answer will not stand on the noticeboard.",
)
