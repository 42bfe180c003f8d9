"""XML from repositories, without document types, entities or anything that is fetched.

Source: OWASP, XML External Entity Prevention; lxml, "Parser options".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from appliance.errors import sentence
from appliance.late import Late
from appliance.scanning.manifests.refusal import malformed, unfit, wrong

if TYPE_CHECKING:
    from lxml import etree
else:
    etree = Late("lxml.etree")

Element = Any


def read(content: bytes, root: str) -> Element:
    """The root of a document, which must have this name.

    Errors:
        ManifestError: it is no XML, has a document type, or is something else.
    """
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        element = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise malformed(getattr(error, "lineno", None) or 1, "XML") from error
    if element.getroottree().docinfo.doctype:
        raise wrong(1, sentence("It has a document type, which is not read."))
    if local(element) != root:
        raise unfit(line(element), root)
    return element


def local(element: Element) -> str:
    """An element's name without its namespace."""
    return str(etree.QName(element).localname) if isinstance(element.tag, str) else ""


def line(element: Element) -> int:
    """Where an element starts."""
    return int(element.sourceline or 1)


def children(element: Element | None, name: str) -> Iterator[Element]:
    """The elements of a name right inside another."""
    if element is not None:
        yield from (each for each in element if local(each) == name)


def child(element: Element | None, *names: str) -> Element | None:
    """The first element that is reached by these names, one inside the other."""
    for name in names:
        element = next(children(element, name), None)
    return element


def text(element: Element | None, *names: str) -> str:
    """What stands in an element, without the space around it; empty where there is none."""
    found = child(element, *names)
    return (found.text or "").strip() if found is not None else ""
