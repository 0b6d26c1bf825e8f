"""What the logs say of a fault: its kind and place, never its words (P26)."""

import json

import pytest
import structlog

from shared import telemetry


def _fail() -> None:
    raise ValueError("vera@demo.example, 070-174 06 05")


@pytest.mark.promise("P26")
def test_a_logged_exception_names_its_place_and_none_of_its_words(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configured = structlog.get_config()
    try:
        telemetry.configure_logging("registry")
        try:
            _fail()
        except ValueError:
            structlog.get_logger().exception("wake-failed", id="x")
    finally:
        structlog.configure(**configured)
    line = json.loads(capsys.readouterr().out)
    assert line["exception"].startswith("ValueError at ")
    assert "_fail" in line["exception"]
    assert "vera" not in json.dumps(line)
    assert "070" not in json.dumps(line)


@pytest.mark.promise("P26")
def test_a_group_of_faults_is_told_by_its_first() -> None:
    try:
        _fail()
    except ValueError as fault:
        group = ExceptionGroup("tasks", [fault])
    assert "ValueError" in telemetry.fault_in_words(group)
    assert "vera" not in telemetry.fault_in_words(group)
