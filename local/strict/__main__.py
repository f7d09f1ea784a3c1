"""`python -m local.strict LIMITS`: the emulator, as strict as AWS. LIMITS are Limits as JSON."""

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
    access.install()  # the last, so that nobody is told anything without the right to ask
    app.main()
