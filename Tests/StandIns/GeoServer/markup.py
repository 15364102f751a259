"""XML and JSON as GeoServer's REST writes them: the same document in two notations."""

import json
import xml.etree.ElementTree as ElementTree

ATOM = "http://www.w3.org/2005/Atom"
ElementTree.register_namespace("atom", ATOM)
LINK = f"{{{ATOM}}}link"

# What is an array in JSON even when there is one of it.
LISTS = {"workspaces", "namespaces", "dataStores", "coverageStores", "wmsStores", "featureTypes",
         "coverages", "wmsLayers", "layers", "layerGroups", "styles", "list", "keywords",
         "attributes", "connectionParameters", "metadata", "publishables"}


def node(tag, text=None, *children, **attributes):
    """An element; children that are None are left out."""
    element = ElementTree.Element(tag, attributes)
    element.text = text
    element.extend(child for child in children if child is not None)
    return element


def link(href):
    return node(LINK, None, rel="alternate", href=href, type="application/xml")


def to_xml(element):
    return ElementTree.tostring(element, encoding="unicode")


def to_json(element):
    return json.dumps({element.tag: value(element)})


def value(element):
    fields = {f"@{key}": text for key, text in element.attrib.items() if key != "class"
              or element.tag in ("resource", "store")}
    for child in element:
        if child.tag == LINK:
            fields["href"] = child.get("href").replace(".xml", ".json")
            continue
        found = value(child)
        if element.tag in LISTS and child.tag not in fields:
            fields[child.tag] = [found]
        elif child.tag in fields:
            old = fields[child.tag]
            fields[child.tag] = [*(old if isinstance(old, list) else [old]), found]
        else:
            fields[child.tag] = found
    if len(element):
        return fields
    text = scalar(element.text or "")
    return {**fields, "$": text} if fields else text


def scalar(text):
    if text in ("true", "false"):
        return text == "true"
    if text.isdecimal() and (text == "0" or text[0] != "0"):
        return int(text)
    return text


def from_json(text):
    (tag, content), = json.loads(text).items()
    return build(tag, content)


def build(tag, content):
    element = ElementTree.Element(tag)
    if not isinstance(content, dict):
        element.text = write(content)
        return element
    for key, item in content.items():
        if key.startswith("@"):
            element.set(key[1:], write(item))
        elif key == "$":
            element.text = write(item)
        elif key != "href":
            element.extend(build(key, one) for one in (item if isinstance(item, list) else [item]))
    return element


def write(content):
    return str(content).lower() if isinstance(content, bool) else str(content or "")


def read(body, kind):
    """The document in a request's body; ValueError if it is none."""
    try:
        return from_json(body) if "json" in kind else ElementTree.fromstring(body)
    except (ElementTree.ParseError, json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ValueError(str(error)) from error


def without_links(element):
    """Nothing of what REST adds when it shows an object, for keeping."""
    copy = ElementTree.Element(element.tag, element.attrib)
    copy.text = (element.text or "").strip() or None
    copy.extend(without_links(child) for child in element if child.tag != LINK)
    return copy


def merge(old, new):
    """What PUT does: each field that is given takes the place of the one there was."""
    result = ElementTree.Element(old.tag, old.attrib)
    given = {child.tag for child in new}
    result.extend(child for child in old if child.tag not in given)
    result.extend(new)
    return result
