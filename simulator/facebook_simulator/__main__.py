"""Run the Facebook simulator until it is interrupted."""

import argparse
import signal

from facebook_simulator.server import APP_ID, APP_SECRET, REDIRECT_URI, FacebookServer


def main() -> None:
    """Serve with the options of the command line."""
    # Threads inherit the signal mask, so only sigwait() below receives these signals.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    parser = argparse.ArgumentParser(prog="python -m facebook_simulator", description=__doc__)
    parser.add_argument("--port", type=int, default=4000, help="port to listen at; 0 for any free port (%(default)s)")
    parser.add_argument("--app-id", default=APP_ID, help="App ID of the simulated Meta app (%(default)s)")
    parser.add_argument("--app-secret", default=APP_SECRET, help="app secret of the simulated Meta app (%(default)s)")
    parser.add_argument(
        "--redirect-uri",
        action="append",
        help=f"a valid OAuth redirect URI; repeat the option for more ({REDIRECT_URI})",
    )
    parser.add_argument("--deauthorize-url", default="", help="URL to call when a person removes the app")
    parser.add_argument("--data-deletion-url", default="", help="URL to call when a person asks for deletion")
    parser.add_argument("--whatsapp-webhook-url", default="", help="URL to call when a WhatsApp account changes")
    parser.add_argument("--webhook-verify-token", default="", help="token for verifying the URLs of webhooks")
    parser.add_argument(
        "--sdk-domain", action="append", default=[], help="origin of a page that may use the JavaScript SDK; repeatable"
    )
    parser.add_argument("--verbose", action="store_true", help="print method, path and status of each request")
    options = parser.parse_args()
    server = FacebookServer(
        app_id=options.app_id,
        app_secret=options.app_secret,
        redirect_uris=tuple(options.redirect_uri or (REDIRECT_URI,)),
        deauthorize_url=options.deauthorize_url,
        data_deletion_url=options.data_deletion_url,
        whatsapp_webhook_url=options.whatsapp_webhook_url,
        webhook_verify_token=options.webhook_verify_token,
        sdk_domains=tuple(options.sdk_domain),
        port=options.port,
        verbose=options.verbose,
    )
    with server:
        print(f"Facebook simulator for app {options.app_id} on {server.url}", flush=True)
        signal.sigwait({signal.SIGINT, signal.SIGTERM})


if __name__ == "__main__":
    main()
