"""Run the command line with `python -m whatsapp_connect_cli`."""

from whatsapp_connect_cli.app import main

if __name__ == "__main__":
    main()
