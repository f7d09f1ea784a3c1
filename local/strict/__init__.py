"""What AWS refuses and the emulator takes.

`python -m local.strict` runs the emulator with this layer in its process, so that nothing passes it by: neither a client
nor what CloudFormation does inside the emulator. The rules are pure functions of a request and of what there is: they
return a Refusal, or None. `inside` puts them into the emulator. Each rule names the page of AWS it follows.
"""
