"""The public language of the three services: snapshots, events, problems, words.

`PUBLISHES` names each service's aggregates; everything the broker is set up with follows from it
and from what each service listens to.
"""

from shared.contracts import activities as activities
from shared.contracts import registry as registry
from shared.contracts.base import FACTS as FACTS
from shared.contracts.base import SNAPSHOTS as SNAPSHOTS

PUBLISHES: dict[str, tuple[str, ...]] = {
    service: tuple(
        sorted(
            {
                name.split(".")[1]
                for name in (*SNAPSHOTS, *(kind.rsplit(".", 1)[0] for kind in FACTS))
                if name.startswith(f"{service}.")
            }
        )
    )
    for service in ("registry", "activities", "notifications")
}
