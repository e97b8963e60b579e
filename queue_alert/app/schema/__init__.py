"""The neutral feed as published: JSON Schema, AsyncAPI and a page of words, all made from the types."""

from queue_alert.app.schema.asyncapi import asyncapi_document
from queue_alert.app.schema.jsonschema import event_schema
from queue_alert.app.schema.page import event_page

__all__ = ["asyncapi_document", "event_page", "event_schema"]
