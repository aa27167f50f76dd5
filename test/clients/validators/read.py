"""Reads pages of an index with two parsers that others wrote, and prints what they found in them as JSON.

Arguments: the root of the Simple API, then projects. Any page that a parser refuses ends this with its complaint.
"""

import json
import sys
import urllib.parse
import urllib.request
import warnings

from mousebender import simple
from pypi_simple import ACCEPT_HTML_ONLY, ACCEPT_JSON_ONLY, PyPISimple

# It knows the members of 1.4, and says of every version after 1.1 that it may not.
warnings.simplefilter("ignore", simple.APIVersionWarning)


def by_pypi_simple(root, project, accept):
    with PyPISimple(root) as client:
        page = client.get_project_page(project, accept=accept)
    return {
        "parser": "pypi-simple",
        "version": page.repository_version,
        "versions": page.versions,
        "serial": page.last_serial,
        "status": page.status and page.status.value,
        "reason": page.status_reason,
        "files": [
            {
                "filename": file.filename,
                "url": file.url,
                "hashes": file.digests,
                "requires-python": file.requires_python,
                "yanked": file.yanked_reason if file.is_yanked else False,
                "core-metadata": file.metadata_digests or file.has_metadata is True,
                "size": file.size,
                "upload-time": file.upload_time and file.upload_time.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
                "provenance": file.provenance_url,
            }
            for file in page.packages
        ],
    }


def by_mousebender(root, project, accept):
    url = simple.create_project_url(root, project)
    page = simple.parse_project_details(*fetch(url, accept), project)
    return {
        "parser": "mousebender",
        "files": [
            {
                "filename": file["filename"],
                "url": urllib.parse.urljoin(url, file["url"]),
                "hashes": file["hashes"],
                "requires-python": file.get("requires-python"),
                "yanked": file.get("yanked", False),
                "core-metadata": file.get("core-metadata", False),
            }
            for file in page["files"]
        ],
    }


def listing(root, accept):
    with PyPISimple(root) as client:
        names = client.get_index_page(accept=accept).projects
    index = simple.parse_project_index(*fetch(root, accept))
    return {"pypi-simple": names, "mousebender": [project["name"] for project in index["projects"]]}


def fetch(url, accept):
    with urllib.request.urlopen(urllib.request.Request(url, headers={"Accept": accept})) as response:
        return response.read().decode(), response.headers["Content-Type"]


root, *projects = sys.argv[1:]
found = {
    representation: {
        "listing": listing(root, accept),
        "pages": {
            project: [by_pypi_simple(root, project, accept), by_mousebender(root, project, accept)]
            for project in projects
        },
    }
    for representation, accept in {"json": ACCEPT_JSON_ONLY, "html": ACCEPT_HTML_ONLY}.items()
}
print(json.dumps(found))
