"""`whatsapp-connect due`: show how many checks are due."""

import click

from whatsapp_connect_cli.options import CommonOptions, common_options
from whatsapp_connect_cli.output import ago, iso, say, show_json, show_line


@click.command()
@common_options
@click.pass_obj
def due(options: CommonOptions) -> None:
    """Show how many checks are due.

    Also shows when the oldest became due, and how many messages wait in the queues.
    """
    deployment = options.find()
    connections = deployment.connections
    number, oldest = connections.number_due(), connections.oldest_due_at()
    waiting = {"DueQueue": deployment.due_queue.waiting(), "CheckQueue": deployment.check_queue.waiting()}
    if options.json:
        show_json({"due": number, "oldest_due_at": iso(oldest), "waiting": waiting})
        return
    since = f" The oldest became due at {iso(oldest)}, {ago(deployment.clock() - oldest)}." if oldest else ""
    show_line(f"Checks due: {number}.{since}")
    for name, messages in waiting.items():
        show_line(f"Messages in {name}: about {messages}.")
    if not deployment.settings.checking:
        say("Checking is paused. To check, deploy with Checking=enabled.")
