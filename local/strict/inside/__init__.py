"""Install the rules in the emulator by replacing functions of its modules. Runs in the emulator's process."""
