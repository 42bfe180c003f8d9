"""The name of whom a message is about, in clear or encrypted for us.

Source: Assertions and Protocols for the OASIS SAML V2.0, sections 2.2.3 and 2.2.4.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from copy import deepcopy
from typing import Any

from lxml import etree
from onelogin.saml2.utils import OneLogin_Saml2_Utils

from appliance.federation import saml_xml
from appliance.federation.refused import refused
from appliance.federation.saml_keys import OurKey
from appliance.federation.saml_refusals import Why
from appliance.federation.saml_xml import NAMES, tag, text_of


def name_in(element: etree._Element, keys: Iterable[OurKey]) -> etree._Element:
    """The one name in an element whose signature was checked: only then it may be opened.

    Errors:
        AnswerRefusedError: there is none, or several, or none of the keys opens it.
    """
    found = [*element.iterfind("saml:NameID", NAMES), *element.iterfind("saml:EncryptedID", NAMES)]
    if len(found) != 1:
        raise refused(Why.NAME_ID)
    name = found[0] if found[0].tag == tag("saml:NameID") else _opened(found[0], keys)
    if name.tag != tag("saml:NameID") or len(name) or not text_of(name):
        raise refused(Why.NAME_ID)
    return name


def _opened(around: etree._Element, keys: Iterable[OurKey]) -> etree._Element:
    data = around.findall("xenc:EncryptedData", NAMES)
    if len(data) != 1:
        raise refused(Why.NAME_ID)
    _bring_keys_in(data[0], around.findall("xenc:EncryptedKey", NAMES))
    found = next(filter(None, (_opened_by(data[0], each) for each in keys)), None)
    if found is None:
        raise refused(Why.DECRYPTION)
    # Parsed anew: what the library lends hides comments from who looks for them.
    return saml_xml.parse(found)


def _bring_keys_in(data: etree._Element, beside: list[etree._Element]) -> None:
    """Let keys that stand beside what is encrypted stand in it, where xmlsec looks for them."""
    if not beside:
        return
    for pointer in data.findall("ds:KeyInfo", NAMES):
        data.remove(pointer)
    info = etree.Element(tag("ds:KeyInfo"))
    info.extend(deepcopy(each) for each in beside)
    data.insert(1, info)  # Behind EncryptionMethod, which `check_ciphers` insists on.


def _opened_by(data: etree._Element, key: OurKey) -> bytes:
    """What is in there; nothing where that key does not open it."""
    # Where it stands, because what is inside may use names of spaces from around it.
    root = data.getroottree().getroot()
    place = list(root.iter(data.tag)).index(data)
    copied = list(deepcopy(root).iter(data.tag))[place]
    with suppress(Exception):  # The library and what it calls raise whatever they like.
        found: Any = OneLogin_Saml2_Utils.decrypt_element(copied, key.private_key, inplace=True)
        return bytes(etree.tostring(found, encoding="utf-8", with_tail=False))
    return b""
