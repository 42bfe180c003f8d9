"""Answers made from true ones, as an attacker would: moved, cut, signed by others, asked for XML's
tricks. Where a test needs a true signature over other words, the provider's own key makes it.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import xmlsec
from lxml import etree

NAMES = {
    "p": "urn:oasis:names:tc:SAML:2.0:protocol",
    "a": "urn:oasis:names:tc:SAML:2.0:assertion",
    "d": "http://www.w3.org/2000/09/xmldsig#",
    "x": "http://www.w3.org/2001/04/xmlenc#",
}
Change = Callable[[Any], None]


def opened(answer: str) -> Any:
    """The document of an answer."""
    return etree.fromstring(base64.b64decode(answer))


def closed(root: Any) -> str:
    """A document as an answer."""
    return base64.b64encode(etree.tostring(root)).decode()


def one(root: Any, path: str) -> Any:
    """The one element at a path."""
    (found,) = root.xpath(path, namespaces=NAMES)
    return found


def assertion(root: Any) -> Any:
    """The assertion of an answer."""
    return one(root, "/p:Response/a:Assertion")


def changed(answer: str, change: Change) -> str:
    """An answer of which something was changed after it was signed."""
    root = opened(answer)
    change(root)
    return closed(root)


def signed_anew(
    answer: str, change: Change, key: bytes, *, method: Any = None, digest: Any = None
) -> str:
    """An answer that says something else, its assertion signed with that key."""
    root = opened(answer)
    change(root)
    sign(assertion(root), key, method=method, digest=digest)
    return closed(root)


def sign(element: Any, key: bytes, *, method: Any = None, digest: Any = None) -> None:
    """Sign an element in place of who signed it before."""
    for old in element.xpath("d:Signature", namespaces=NAMES):
        element.remove(old)
    method = method or xmlsec.Transform.RSA_SHA256
    node = xmlsec.template.create(element, xmlsec.Transform.EXCL_C14N, method, ns="d")
    element.insert(1, node)
    reference = xmlsec.template.add_reference(
        node, digest or xmlsec.Transform.SHA256, uri=f"#{element.get('ID')}"
    )
    xmlsec.template.add_transform(reference, xmlsec.Transform.ENVELOPED)
    xmlsec.template.add_transform(reference, xmlsec.Transform.EXCL_C14N)
    context = xmlsec.SignatureContext()
    context.key = (
        xmlsec.Key.from_binary_data(xmlsec.KeyData.HMAC, key)
        if method is xmlsec.Transform.HMAC_SHA256
        else xmlsec.Key.from_memory(key, xmlsec.KeyFormat.PEM)
    )
    xmlsec.tree.add_ids(element.getroottree().getroot(), ["ID"])
    context.sign(node)


def encrypted(answer: str, key: str, *, by: Any = None) -> str:
    """An answer whose assertion is encrypted for a key: with AES-GCM, as not every provider can."""
    root = opened(answer)
    true = assertion(root)
    method, oaep = by or xmlsec.Transform.AES256_GCM, xmlsec.Transform.RSA_OAEP
    data = xmlsec.template.encrypted_data_create(true, method, type=xmlsec.EncryptionType.ELEMENT)
    xmlsec.template.encrypted_data_ensure_cipher_value(data)
    info = xmlsec.template.encrypted_data_ensure_key_info(data)
    wrapped_key = xmlsec.template.add_encrypted_key(info, oaep)
    xmlsec.template.encrypted_data_ensure_cipher_value(wrapped_key)
    keys = xmlsec.KeysManager()
    keys.add_key(xmlsec.Key.from_memory(key, xmlsec.KeyFormat.PEM))
    context = xmlsec.EncryptionContext(keys)
    context.key = xmlsec.Key.generate(xmlsec.KeyData.AES, 256, xmlsec.KeyDataType.SESSION)
    around = etree.Element(f"{{{NAMES['a']}}}EncryptedAssertion")
    root.replace(true, around)
    around.append(true)
    context.encrypt_xml(data, true)
    return closed(root)


def evil_copy(root: Any) -> Any:
    """An unsigned assertion about somebody else, under an id of its own."""
    evil = deepcopy(assertion(root))
    evil.remove(one(evil, "d:Signature"))
    evil.set("ID", "_evil")
    one(evil, "a:Subject/a:NameID").text = "somebody else"
    return evil


def wrapped(number: int, root: Any) -> None:
    """One of the eight ways to wrap a signature (Somorovsky et al., 2012); 1 and 2 are of signed
    answers, the others of signed assertions.
    """
    if number in {1, 2}:
        _wrap_answer(number, root)
        return
    true, evil = assertion(root), evil_copy(root)
    if number == 3:  # The evil one before the true one.
        root.insert(root.index(true), evil)
    elif number == 4:  # The true one inside the evil one.
        root.replace(true, evil)
        evil.append(true)
    elif number == 7:  # The true one in extensions, where the schema allows anything.
        root.replace(true, evil)
        extensions = etree.Element(f"{{{NAMES['p']}}}Extensions")
        root.insert(1, extensions)
        extensions.append(true)
    else:
        _wrap_by_signature(number, root, true, evil)


def _wrap_by_signature(number: int, root: Any, true: Any, evil: Any) -> None:
    """The true one's signature in the evil one, and the true one elsewhere."""
    signature = one(true, "d:Signature")
    true.remove(signature)
    evil.insert(1, signature)
    root.replace(true, evil)
    if number == 5:  # Behind the evil one.
        root.append(true)
    elif number == 6:  # Inside the signature.
        signature.append(true)
    else:  # 8: in an object of the signature.
        etree.SubElement(signature, f"{{{NAMES['d']}}}Object").append(true)


def _wrap_answer(number: int, root: Any) -> None:
    """The signed answer as a whole inside another, in its signature or beside it."""
    true = deepcopy(root)
    signature = one(root, "/p:Response/d:Signature")
    root.set("ID", "_evil")
    one(root, "/p:Response/a:Assertion/a:Subject/a:NameID").text = "somebody else"
    if number == 1:
        etree.SubElement(signature, f"{{{NAMES['d']}}}Object").append(true)
    else:
        root.insert(root.index(signature), true)


def name_encrypted(answer: str, key: str, signer: bytes, *, name: str = "", by: Any = None) -> str:
    """An answer whose subject is encrypted for a key, and its assertion signed anew."""
    root = opened(answer)
    subject = one(assertion(root), "a:Subject")
    true = one(subject, "a:NameID")
    true.text = name or true.text
    encrypt_name(subject, true, key, by=by)
    sign(assertion(root), signer)
    return closed(root)


def encrypt_name(around: Any, true: Any, key: str, *, by: Any = None) -> None:
    """Put an encrypted name in the place of one in clear."""
    method = by or xmlsec.Transform.AES256_GCM
    data = xmlsec.template.encrypted_data_create(true, method, type=xmlsec.EncryptionType.ELEMENT)
    xmlsec.template.encrypted_data_ensure_cipher_value(data)
    info = xmlsec.template.encrypted_data_ensure_key_info(data)
    wrapped_key = xmlsec.template.add_encrypted_key(info, xmlsec.Transform.RSA_OAEP)
    xmlsec.template.encrypted_data_ensure_cipher_value(wrapped_key)
    keys = xmlsec.KeysManager()
    keys.add_key(xmlsec.Key.from_memory(key, xmlsec.KeyFormat.PEM))
    context = xmlsec.EncryptionContext(keys)
    context.key = xmlsec.Key.generate(xmlsec.KeyData.AES, 256, xmlsec.KeyDataType.SESSION)
    encrypted_id = etree.Element(f"{{{NAMES['a']}}}EncryptedID")
    around.replace(true, encrypted_id)
    encrypted_id.append(true)
    context.encrypt_xml(data, true)
