"""Refuse requests that AWS refuses and the emulator accepts.

`python -m local.strict` runs the emulator with these rules in its process, so that they apply to clients and to
CloudFormation inside the emulator. The rules are pure functions of a request and the existing resources, and return a
Refusal or None. `inside` installs them in the emulator. Each rule names the page of AWS that it follows.
"""
