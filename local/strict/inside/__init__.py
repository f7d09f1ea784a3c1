"""Puts the rules into the emulator, whose modules it changes. Runs in the emulator's process and environment."""
