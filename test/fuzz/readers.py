"""Reads cases as Python's own readers do: a line of JSON in, {"reader", "cases"} with cases in base64, a line of JSON out.

The answer has an object for each case, with what each way to read it gives: {"reading": ...} or {"refused": "why"}.
"""

import base64
import csv
import email
import html.entities
import html.parser
import io
import json
import re
import resource
import signal
import sys
import tarfile
import urllib.parse
import warnings
import zipfile

try:
    from packaging.metadata import parse_email
    from packaging.specifiers import SpecifierSet
    from packaging.utils import canonicalize_name, parse_sdist_filename, parse_wheel_filename
    from packaging.version import Version
    from pip._internal.index.collector import HTMLLinkParser
    from pip._internal.models.link import Link
except ImportError:
    pass  # Readers that need them are not asked for then.

warnings.simplefilter("ignore")


LIMIT = 64 * 1024 * 1024  # What a case may unpack to: the product's own limit for a small upload.


def bounded(size):
    if size > LIMIT:
        raise ValueError("too large")


def encoded(content):
    return base64.b64encode(content).decode()


def untarred(data):
    """As pip unpacks an sdist: every member, by the filter that keeps it in its place (PEP 706)."""
    kinds = {tarfile.DIRTYPE: "directory", tarfile.SYMTYPE: "symlink", tarfile.LNKTYPE: "link"}
    members = []
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz", encoding="utf-8") as tar:
        for member in tar.getmembers():
            tarfile.data_filter(member, "/place")
            bounded(member.size)
            kind = "file" if member.isreg() else kinds.get(member.type, "other")
            content = encoded(tar.extractfile(member).read()) if member.isreg() else ""
            target = member.linkname if kind in ("symlink", "link") else ""
            members.append([kind, member.name, target, content])
    return members


def unzipped(data):
    files = []
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for info in archive.infolist():
            bounded(info.file_size)
            files.append([info.filename, encoded(archive.read(info))])
    return files


def described(headers):
    name, version, requires = headers["name"], headers["version"], headers["requires_python"]
    if requires is not None:
        SpecifierSet(requires)
    return [canonicalize_name(name, validate=True), str(Version(version)), requires or None]


def by_packaging(data):
    raw, unparsed = parse_email(data)
    for field in ("name", "version", "requires_python", "metadata_version"):
        if field.replace("_", "-") in unparsed:
            raise ValueError(f"unparsed: {field}")
    return described({field: raw.get(field) for field in ("name", "version", "requires_python")})


def by_pip(data):
    """As pip reads a wheel's METADATA, by importlib.metadata."""
    message = email.message_from_string(data.decode())
    fields = {"name": "Name", "version": "Version", "requires_python": "Requires-Python"}
    return described({key: message[field] for key, field in fields.items()})


def by_installed(data):
    """As it is read once installed: in text mode, in which every line end is one."""
    return by_pip(io.TextIOWrapper(io.BytesIO(data), encoding="utf-8").read().encode())


def recorded(rows):
    files = {}
    for row in rows:
        if not row:
            continue
        path, digest, size = row
        if path in files and files[path] != [digest, size]:
            raise ValueError(f"{path} twice")
        files[path] = [digest, size]
    return sorted([path, *told] for path, told in files.items())


def record_text(data):
    return data.split(b"\n", 1)[1].decode()


def unescaped(value):
    """An attribute's value as HTML and newer versions of Python have it: a name without ";" before a letter or "=" is none."""

    def character(match):
        reference = match.group()
        is_name = reference[1:] in html.entities.html5 and not reference.endswith("=")
        return html.unescape(reference) if is_name or reference.startswith("&#") else reference

    return re.sub(r"&(#[0-9]+|#[xX][0-9a-fA-F]+|[a-zA-Z][a-zA-Z0-9]*)[;=]?", character, value)


if not hasattr(html.parser, "_unescape_attrvalue"):
    html.parser.unescape = unescaped
    # Older versions take further characters for blanks, such as U+00A0.
    for name in ("attrfind_tolerant", "locatestarttagend_tolerant", "tagfind_tolerant"):
        pattern = getattr(html.parser, name)
        setattr(html.parser, name, re.compile(pattern.pattern, pattern.flags & ~re.UNICODE | re.ASCII))

PAGE = "https://index.test/simple/demo/"


def linked(data):
    """The files that pip finds on a page."""
    parser = HTMLLinkParser(PAGE)
    parser.feed(data.decode())
    # HTML takes it relative to the page, pip as it stands there.
    base = urllib.parse.urljoin(PAGE, parser.base_url or "")
    if not re.match(r"https?://[\w.-]+(/|$)", base):
        raise ValueError("the base is no address")
    files = []
    for anchor in parser.anchors:
        if "data-yanked" in anchor:
            # PEP 592 lets it have no value, which pip takes for its absence.
            anchor["data-yanked"] = anchor["data-yanked"] or ""
        # In capitals it is a digest for us, too, and none for pip.
        anchor["href"] = re.sub(r"[#&](sha\d+|md5)=", lambda key: key.group().lower(), anchor.get("href") or "", flags=re.I)
        # One without a value is malformed for us, and not there for pip.
        anchor["href"] = re.sub(r"([#&](?:sha\d+|md5))(?=&|$)", r"\1=", anchor["href"], flags=re.I)
        link = Link.from_element(anchor, page_url=PAGE, base_url=base)
        if link is None:
            continue
        metadata = link.metadata_file_data
        files.append(
            {
                "filename": link.filename,
                "url": link.url_without_fragment,
                "hashes": link._hashes,
                "requiresPython": link.requires_python,
                "yanked": link.yanked_reason,
                "metadata": None if metadata is None else metadata.hashes or True,
            }
        )
    return files


def versioned(data):
    return str(Version(data.decode()))


def ordered(data):
    one, other = (Version(text) for text in data.decode().split("\n"))
    return (one > other) - (one < other)


def named(data):
    return canonicalize_name(data.decode(), validate=True)


def specified(data):
    SpecifierSet(data.decode())
    return True


def wheel_named(data):
    name, version, _build, tags = parse_wheel_filename(data.decode())
    return [name, str(version), sorted(map(str, tags))]


def sdist_named(data):
    name, version = parse_sdist_filename(data.decode())
    return [name, str(version)]


READERS = {
    "sdist": {"tarfile": untarred},
    "wheel": {"zipfile": unzipped},
    "metadata": {"packaging": by_packaging, "email": by_pip, "email, installed": by_installed},
    "record": {
        "csv of lines": lambda data: recorded(csv.reader(record_text(data).splitlines())),
        "csv": lambda data: recorded(csv.reader(io.StringIO(record_text(data), newline=""))),
    },
    "html": {"pip": linked},
    "version": {"packaging": versioned},
    "order": {"packaging": ordered},
    "name": {"packaging": named},
    "specifiers": {"packaging": specified},
    "wheel-name": {"packaging": wheel_named},
    "sdist-name": {"packaging": sdist_named},
}


def overtime(*_):
    raise TimeoutError


# Some archives have tarfile go round for ever (CVE-2025-8194).
signal.signal(signal.SIGALRM, overtime)


def read(way, data):
    signal.setitimer(signal.ITIMER_REAL, 0.25)
    try:
        return {"reading": way(data)}
    except Exception as error:
        return {"refused": f"{type(error).__name__}: {error}"[:200]}
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


# A reader that runs away ends this process, not the machine.
resource.setrlimit(resource.RLIMIT_AS, (4 * 1024**3, 4 * 1024**3))

for line in sys.stdin:
    asked = json.loads(line)
    ways = READERS[asked["reader"]]
    cases = (base64.b64decode(case) for case in asked["cases"])
    print(json.dumps([{name: read(way, case) for name, way in ways.items()} for case in cases]), flush=True)
