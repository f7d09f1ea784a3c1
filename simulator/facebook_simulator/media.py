"""Serve media: upload a file, show it, download it, delete it."""

import hashlib
import secrets

from flask import Flask, Response, g, request

from facebook_simulator import errors
from facebook_simulator.access import Access
from facebook_simulator.answer import json_response
from facebook_simulator.content import Media
from facebook_simulator.errors import GraphError
from facebook_simulator.state import State


class MediaApi:
    """The views of these endpoints. A file can be read with a token that reaches the number it was uploaded to."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._access = Access(state)

    def add_to(self, app: Flask) -> None:
        """Register the routes. Faults use their endpoint names. WhatsAppApi shows a single file at `/{media-id}`."""
        app.add_url_rule("/<int:node>/media", "media", self.upload, methods=["POST"])
        app.add_url_rule("/<int:node>", "media/delete", self.delete, methods=["DELETE"])
        app.add_url_rule("/whatsapp_business/attachments", "media/download", self.download)

    def upload(self, node: int) -> Response:
        """Store a file."""
        _, phone = self._access.phone(str(node), self._access.caller().require_token())
        if request.form.get("messaging_product") != "whatsapp":
            raise GraphError(errors.required("messaging_product"))
        file = request.files.get("file")
        if file is None:
            raise GraphError(errors.required("file"))
        media_id = str(1_000_000_000_000_000 + secrets.randbelow(10**15))
        kind = request.form.get("type") or file.mimetype
        self._state.content.media[media_id] = Media(media_id, phone.id, kind, file.read())
        return json_response({"id": media_id}, g.version)

    def download(self) -> Response:
        """Return the content of a file."""
        media = self._media(request.args.get("mid", ""))
        return Response(media.content, content_type=media.mime_type)

    def delete(self, node: int) -> Response:
        """Delete a file."""
        del self._state.content.media[self._media(str(node)).id]
        return json_response({"success": True}, g.version)

    def _media(self, media_id: str) -> Media:
        token = self._access.caller().require_token()
        media = self._state.content.media.get(media_id)
        if media is None:
            raise GraphError(errors.unsupported(request.method, media_id))
        self._access.phone(media.phone_id, token)
        return media


def describe(media: Media) -> dict[str, object]:
    """Return what the Graph API shows of a file."""
    return {
        "messaging_product": "whatsapp",
        "url": f"{request.host_url}whatsapp_business/attachments?mid={media.id}",
        "mime_type": media.mime_type,
        "sha256": hashlib.sha256(media.content).hexdigest(),
        "file_size": len(media.content),
        "id": media.id,
    }
