"""What the services called out at level `error`: an alarm, which no kill may set off."""

import json
from collections import Counter

from tests.chaos.running import Running


def alarms(system: Running) -> Counter[str]:
    """The alarms in the logs of all copies, by service and event."""
    found: Counter[str] = Counter()
    for log in system.service_logs():
        service = log.stem.rpartition("-")[0]
        for line in log.read_text(errors="replace").splitlines():
            if '"error"' in line or line.startswith("Traceback"):
                found[f"{service}: {_event(line)}"] += 1
    return found


def _event(line: str) -> str:
    try:
        said = json.loads(line)
    except ValueError:
        return line[:80]
    return (
        f"{said['event']} {said.get('reason') or said.get('message') or said.get('exception', '')}"
    )
