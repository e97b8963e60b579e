"""What the timings are fed with: a made-up hour of a neutral feed, and a recording of a real Asterisk."""

import random
from pathlib import Path

import msgspec

from queue_alert.core.policy import GroupPolicy, Policy, SignalPolicy, Thresholds
from queue_alert.core.units import GroupName, SignalName

__all__ = ["POLICY", "RECORDING", "START", "neutral_lines"]

START = 1_800_000_000.0
RECORDING = Path(__file__).parent.parent / "tests" / "golden" / "asterisk" / "calm.ami"
_GROUPS = tuple(GroupName(name) for name in ("sales", "support", "billing"))
_HELD = 30

POLICY = Policy(
    groups={
        name: GroupPolicy(
            warning=Thresholds(waiting=8, longest_wait_s=60.0),
            critical=Thresholds(waiting=16, longest_wait_s=120.0),
        )
        for name in _GROUPS
    },
    signals=(SignalPolicy(name=SignalName("beacon")),),
)
"""Every statistic on, limits in number and in time, one lamp over all groups."""


def neutral_lines(contacts: int) -> list[bytes]:
    """Return the events of that many contacts as JSON, about 300 bytes each, in the order of their time.

    Some thirty wait at any time; one in ten gives up; an agent is rung, talks and wraps up for each of the
    others.
    """
    chance = random.Random(1)
    lines: list[bytes] = []
    waiting: list[tuple[str, str]] = []
    now = START

    def say(kind: str, **data: object) -> None:
        number = len(lines) + 1
        lines.append(
            msgspec.json.encode(
                {
                    "type": kind,
                    "id": f"0192f3a4-7c1e-7b3a-9d52-{number:012d}",
                    "source": "acd.example.net/london",
                    "time": round(now, 6),
                    "seq": number,
                    "provenance": "observed",
                    **data,
                }
            )
        )

    for number in range(contacts):
        now += chance.expovariate(2.0)
        group, contact = chance.choice(_GROUPS), f"6e2f1c0a-93b4-4d58-a1c7-{number:012d}"
        caller = f"+4420794{chance.randrange(100_000):05d}"
        say(
            "contact.queued",
            subject=group,
            contact=contact,
            channel="voice",
            position=7,
            priority=0,
            caller=caller,
        )
        waiting.append((group, contact))
        if len(waiting) <= _HELD:
            continue
        oldest_group, contact = waiting.pop(0)
        now += 0.012
        if number % 10 == 0:
            say("contact.left", subject=oldest_group, contact=contact, outcome="abandoned", queue_s=15.25)
            continue
        who = {"subject": oldest_group, "agent": f"agent-{chance.randrange(40):02d}"}
        say("agent.state", state="reserved", **who)
        say("contact.rung", contact=contact, **who)
        say("contact.answered", contact=contact, queue_s=15.25, ring_s=3.5, **who)
        say("agent.state", state="talking", **who)
        say("contact.completed", contact=contact, talk_s=181.25, held_s=0.0, ended_by="customer", **who)
        say("agent.state", state="wrapup", wrapup_s=20.0, **who)
    return lines
