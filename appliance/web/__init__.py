"""The web door: pages, the REST API, Git over HTTPS, and the appliance's own programs."""
