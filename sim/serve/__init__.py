"""The local page with levers: ``sim serve``."""
