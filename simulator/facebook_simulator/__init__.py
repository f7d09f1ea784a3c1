"""A stateful simulator of Facebook Login and the parts of the Graph API that WhatsApp Connect uses."""
