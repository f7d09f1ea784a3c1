"""`whatsapp-connect due`: do the checks keep up."""

import click

from whatsapp_connect_cli.options import Asked, common_options
from whatsapp_connect_cli.output import ago, iso, say, show_json, show_line


@click.command()
@common_options
@click.pass_obj
def due(asked: Asked) -> None:
    """Show how many checks are due, since when, and how many wait in the queues."""
    deployment = asked.find()
    connections = deployment.connections
    number, oldest = connections.number_due(), connections.oldest_due_at()
    waiting = {"DueQueue": deployment.due_queue.waiting(), "CheckQueue": deployment.check_queue.waiting()}
    if asked.json:
        show_json({"due": number, "oldest_due_at": iso(oldest), "waiting": waiting})
        return
    since = f", the oldest since {iso(oldest)}, {ago(deployment.clock() - oldest)}" if oldest else ""
    show_line(f"Checks due: {number}{since}.")
    for name, messages in waiting.items():
        show_line(f"Waiting in {name}: about {messages}.")
    if not deployment.settings.checking:
        say("Checking is paused: nothing is checked before you deploy with Checking=enabled.")
