"""Collect the commands in one program and turn every exception into an error message and an exit code."""

import os
import sys

import click

from whatsapp_connect.version import VERSION
from whatsapp_connect_cli.app_secret import app_secret
from whatsapp_connect_cli.brake import brake
from whatsapp_connect_cli.connections import connections
from whatsapp_connect_cli.doctor import doctor
from whatsapp_connect_cli.due import due
from whatsapp_connect_cli.errors import as_click
from whatsapp_connect_cli.events import events
from whatsapp_connect_cli.links import links
from whatsapp_connect_cli.numbers import numbers
from whatsapp_connect_cli.options import CommonOptions, common_options
from whatsapp_connect_cli.orphans import orphans
from whatsapp_connect_cli.pause import pause, resume
from whatsapp_connect_cli.policy import policy
from whatsapp_connect_cli.publish import publish
from whatsapp_connect_cli.rollback import rollback
from whatsapp_connect_cli.token import token


class Program(click.Group):
    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except (click.exceptions.Exit, click.Abort, KeyboardInterrupt):
            raise
        except BrokenPipeError:
            # The reader has seen enough, as in `| head`. Python would complain when it flushes stdout at the end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return None
        except Exception as exception:  # noqa: BLE001  every error ends as one sentence, without a traceback
            options = ctx.ensure_object(CommonOptions)
            raise as_click(exception, profile=options.profile or "") from None


@click.group(cls=Program, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(VERSION)
@common_options
def program() -> None:
    """Run a WhatsApp Connect stack: create links, manage connections and tokens, find problems.

    Uses the stack named by --stack and the credentials of the AWS CLI. With --local it uses the stack that make run
    started. Exit codes: 0 done, 1 failed, 2 wrong command line, 3 not found, 4 refused, 5 the doctor found the
    stack or its app broken, 6 it found connections that need a person.
    """


for command in (
    links,
    connections,
    numbers,
    token,
    policy,
    publish,
    events,
    due,
    brake,
    orphans,
    pause,
    resume,
    rollback,
    app_secret,
    doctor,
):
    program.add_command(command)


def main() -> None:
    program(prog_name="whatsapp-connect")
