"""The web door: pages, the API and Git over HTTPS."""
