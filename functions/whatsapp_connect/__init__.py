"""What the functions share. Imports nothing, so that each function loads only what it uses."""
