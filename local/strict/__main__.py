"""Run the emulator with AWS's limits: `python -m local.strict LIMITS`. LIMITS is a JSON object of Limits."""

import sys

from ministack import app

from local.strict.inside import access, alarms, delivery, http_api, parameter_store, services, site
from local.strict.limits import Limits

if __name__ == "__main__":
    limits = Limits.from_json(sys.argv.pop())
    alarms.install()
    delivery.install()
    http_api.install(limits)
    parameter_store.install(limits)
    services.install()
    site.install()
    access.install()  # installed last, so that rights are checked before every other rule
    app.main()
