"""``queue-alert schema``: the neutral feed's types, for programs that speak it."""

import argparse

import msgspec

from queue_alert.ports import Command

__all__ = ["COMMAND"]

_DESCRIPTION = """\
Print how the neutral feed is written, made from the very types that read it:
for whoever connects an ACD that Queue Alert has no adapter for.

examples:
  queue-alert schema > feed.schema.json
  queue-alert schema asyncapi > feed.asyncapi.json
  queue-alert schema events | less
"""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "form",
        nargs="?",
        choices=("jsonschema", "asyncapi", "events"),
        default="jsonschema",
        help="JSON Schema of an event, AsyncAPI 3 of all ways it travels, or every event in words "
        "(default: jsonschema)",
    )


def _run(arguments: argparse.Namespace) -> int:
    from queue_alert.app.schema import asyncapi_document, event_page, event_schema

    if arguments.form == "events":
        print(event_page(), end="")
        return 0
    document = event_schema() if arguments.form == "jsonschema" else asyncapi_document()
    print(msgspec.json.format(msgspec.json.encode(document), indent=2).decode())
    return 0


COMMAND = Command(
    summary="print how the neutral feed is written, as JSON Schema or AsyncAPI",
    description=_DESCRIPTION,
    arguments=_add_arguments,
    run=_run,
)
