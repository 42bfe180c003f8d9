"""What is said of what does not exist, and of what is hidden: the same, with how to ask for it."""

from __future__ import annotations

from appliance.errors import Askable, HiddenError, sentence


def repository(path: str) -> HiddenError:
    """There is no repository of that path, as it was spelled."""
    askable = Askable("repository", path)
    return HiddenError(sentence("There is no repository %(path)s.", path=path), askable=askable)


def organisation(name: str) -> HiddenError:
    """There is no organisation of that name."""
    askable = Askable("organisation", name)
    return HiddenError(sentence("There is no organisation %(name)s.", name=name), askable=askable)


def team(path: str) -> HiddenError:
    """There is no team of that path."""
    askable = Askable("team", path)
    return HiddenError(sentence("There is no team %(path)s.", path=path), askable=askable)


def home(name: str) -> HiddenError:
    """There is nobody in whose name a repository could be."""
    return HiddenError(sentence("There is no user or organisation %(name)s.", name=name))
