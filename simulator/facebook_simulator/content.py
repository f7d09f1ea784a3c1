"""Hold what apps have created in WhatsApp accounts: messages, profiles, settings, templates and media."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Media:
    """An uploaded file."""

    id: str
    phone_id: str
    mime_type: str
    content: bytes = field(repr=False)


@dataclass(slots=True)
class Content:
    """Messages in the order of arrival; profiles and settings by phone number ID; templates by account ID."""

    messages: list[dict[str, Any]] = field(default_factory=list)
    profiles: dict[str, dict[str, Any]] = field(default_factory=dict)
    settings: dict[str, dict[str, Any]] = field(default_factory=dict)
    templates: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    media: dict[str, Media] = field(default_factory=dict)
    webhooks: dict[str, str] = field(default_factory=dict)
    """Addresses of the webhooks of single phone numbers."""
