"""Prints which wheels packaging.tags would install where, as JSON: {"tags": […], "environments": [{python, platform, fits}]}.

`fits` are the places in `tags` of those that the environment takes. Arguments: more tags than the made-up ones.
"""

import json
import sys
from itertools import product

from packaging import _manylinux, _musllinux
from packaging.tags import android_platforms, compatible_tags, cpython_tags, ios_platforms, mac_platforms, parse_tag

# They would look at the machine that this runs on.
_manylinux._have_compatible_abi = lambda *_: True


def manylinux(minor, arch):
    _manylinux._get_glibc_version = lambda: _manylinux._GLibCVersion(2, minor)
    return [f"linux_{arch}", *_manylinux.platform_tags([arch])]


def musllinux(minor, arch):
    _musllinux._get_musl_version = lambda _: _musllinux._MuslVersion(1, minor)
    return [f"linux_{arch}", *_musllinux.platform_tags([arch])]


PLATFORMS = {
    **{f"manylinux_2_{v}_{a}": manylinux(v, a) for v, a in product([5, 17, 28], ["x86_64", "i686", "aarch64", "armv7l"])},
    **{f"musllinux_1_{v}_{a}": musllinux(v, a) for v, a in product([1, 2], ["x86_64", "aarch64"])},
    **{f"macosx_{m}_{n}_x86_64": list(mac_platforms((m, n), "x86_64")) for m, n in [(10, 9), (10, 15), (12, 3)]},
    **{f"macosx_{m}_{n}_arm64": list(mac_platforms((m, n), "arm64")) for m, n in [(11, 0), (14, 5)]},
    **{f"android_{v}_{a}": list(android_platforms(v, a)) for v, a in product([21, 24], ["arm64_v8a", "x86_64"])},
    **{f"ios_{m}_{n}_arm64_iphoneos": list(ios_platforms((m, n), "arm64_iphoneos")) for m, n in [(13, 0), (14, 12)]},
    **{name: [name] for name in ["win_amd64", "win32", "win_arm64", "pyodide_2025_0_wasm32"]},
}
PYTHONS = [f"3.{minor}" for minor in range(8, 15)] + ["3.13t", "3.14t"]

INTERPRETERS = "py3 py2 py2.py3 py30 py38 py308 py300 py312 py315 cp3 cp31 cp32 cp39 cp308 cp312 cp311.cp312 cp314 pp310 py"
ABIS = "none abi3 abi3t cp39 cp312 cp313t cp314 cp314t cp314td abi3.abi3t pypy310_pp73 cp312.none any"
WIDE = "any linux_x86_64 manylinux2014_x86_64 win_amd64 any.win32 musllinux_1_1_x86_64 macosx_10_9_x86_64"
VERSIONED = {
    "manylinux": ["2_4", "2_5", "2_12", "2_16", "2_17", "2_28", "2_05", "1_9", "3_0"],
    "musllinux": ["0_9", "1_0", "1_1", "1_2", "1_01", "2_0"],
    "android": ["15", "16", "21", "24", "024"],
    "ios": ["11_0", "12_0", "12_9", "12_10", "13_0", "13_10", "14_12", "15_0"],
    "pyodide": ["2024_0", "2025_0", "2025_1"],
    "macosx": ["10_3", "10_4", "10_12", "10_16", "10_17", "11_0", "11_3", "12_0", "14_2", "15_0"],
}
MACHINES = "x86_64 i686 aarch64 armv7l armv8l arm64 universal2 universal intel fat fat3 fat32 fat64 i386 arm64_v8a x86 arm64_iphoneos arm64_iphonesimulator wasm32"
ODD = "manylinux1_x86_64 manylinux1_aarch64 manylinux2010_aarch64 manylinux2014_aarch64 win_ia64 linux_armv8l WIN_AMD64 linux"

tags = {
    *sys.argv[1:],
    *("-".join(each) for each in product(INTERPRETERS.split(), ABIS.split(), WIDE.split())),
    *(
        f"py3-none-{kind}_{version}_{machine}"
        for kind, versions in VERSIONED.items()
        for version, machine in product(versions, MACHINES.split())
    ),
    *(f"cp312-cp312-{platform}" for platform in ODD.split()),
}
tags = sorted(tags)


def supported(python, platforms):
    minor = int(python[2:].rstrip("t"))
    abi = f"cp3{minor}{'t' if python.endswith('t') else ''}"
    return {
        *cpython_tags((3, minor), [abi], platforms),
        *compatible_tags((3, minor), f"cp3{minor}", platforms),
    }


sets = [parse_tag(tag) for tag in tags]
environments = []
for python, (platform, platforms) in product(PYTHONS, PLATFORMS.items()):
    known = supported(python, platforms)
    fits = [at for at, each in enumerate(sets) if not known.isdisjoint(each)]
    environments.append({"python": python, "platform": platform, "fits": fits})
print(json.dumps({"tags": tags, "environments": environments}))
