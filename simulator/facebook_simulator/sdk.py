"""Serve the stand-in for Facebook's JavaScript SDK, and what the SDK asks of Facebook."""

from flask import Flask, Response, abort, make_response, render_template, request

from facebook_simulator.opener import XD_ARBITER
from facebook_simulator.state import State

_LOCALE_LENGTH = len("en_US")


class Sdk:
    """The views of the script, of the page that passes answers on, and of the SDK's own requests."""

    def __init__(self, state: State) -> None:
        self._state = state

    def add_to(self, app: Flask) -> None:
        """Register the routes. Faults use their endpoint names: without "sdk", a page has no FB."""
        app.add_url_rule("/<locale>/sdk.js", "sdk", self.script, methods=["GET"])
        app.add_url_rule(XD_ARBITER, "xd_arbiter", self.xd_arbiter, methods=["GET"])
        app.add_url_rule("/platform/impression.php/<number>/", "impression", self.impression, methods=["GET", "POST"])
        app.add_url_rule("/x/oauth/status", "login_status", self.login_status, methods=["GET"])
        app.add_url_rule("/_simulator/stranger", "stranger", self.stranger, methods=["GET"])

    def script(self, locale: str) -> Response:
        """Return the script, in any language: with a hash in the query the SDK, without it the one that loads it."""
        if len(locale) != _LOCALE_LENGTH or locale[2] != "_":
            abort(404)
        response = make_response(render_template("sdk_main.js" if "hash" in request.args else "sdk.js"))
        response.headers["Content-Type"] = "application/x-javascript; charset=utf-8"
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        response.headers["Access-Control-Allow-Origin"] = "*"
        return response

    def xd_arbiter(self) -> Response:
        """Return the page at which a dialog in a pop-up ends."""
        return _page("xd_arbiter.html")

    def stranger(self) -> Response:
        """Return a page that posts a message to the page that opened the pop-up. It is used from another origin."""
        return _page("stranger.html")

    def impression(self, number: str) -> Response:  # noqa: ARG002 - the number makes the address unique
        """Accept what the SDK reports."""
        return Response(status=204)

    def login_status(self) -> Response:
        """Answer that it is not known whether somebody is logged in. Pages of all origins may read it."""
        response = Response(status=200)
        response.headers["Access-Control-Allow-Origin"] = request.headers.get("Origin", "*")
        response.headers["Access-Control-Allow-Credentials"] = "true"
        response.headers["Access-Control-Expose-Headers"] = "fb-s, fb-ar"
        response.headers["fb-s"] = "unknown"
        return response


def _page(name: str) -> Response:
    response = make_response(render_template(name))
    response.headers["Cache-Control"] = "no-store"
    return response
