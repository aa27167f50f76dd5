import { expect, test } from "vitest";
import type { Filename } from "../../worker/pypi/filename.ts";
import { kindOf } from "../../worker/pypi/kind.ts";

test.each([
  ["requests-2.32.3-py3-none-any.whl", "py3-any"],
  ["six-1.16.0-py2.py3-none-any.whl", "py3-any"],
  ["importlib_metadata-2.1.3-py2-none-any.whl", "py2-any"],
  ["black-24.1.0-py38-none-any.whl", "py3-any"],
  ["numpy-1.16.6-cp27-cp27mu-manylinux1_x86_64.whl", "cp27-manylinux_x86_64"],
  ["lxml-4.9.1-cp310-cp310-manylinux2010_i686.whl", "cp310-manylinux_i686"],
  ["PyYAML-6.0.2-cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64.whl", "cp312-manylinux_x86_64"],
  ["grpcio-1.66.1-cp39-cp39-manylinux_2_17_aarch64.whl", "cp39-manylinux_aarch64"],
  ["torch-2.8.0-cp313-cp313-manylinux_2_28_x86_64.whl", "cp313-manylinux_x86_64"],
  ["torch-2.8.0-cp313-cp313t-manylinux_2_28_x86_64.whl", "cp313t-manylinux_x86_64"],
  ["charset_normalizer-3.4.0-cp312-cp312-musllinux_1_2_x86_64.whl", "cp312-musllinux_x86_64"],
  [
    "uv-0.1.0-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.musllinux_1_1_x86_64.whl",
    "py3-manylinux_x86_64.musllinux_x86_64",
  ],
  ["cryptography-43.0.1-cp39-abi3-macosx_10_9_universal2.whl", "cp39abi3-macosx_universal2"],
  ["pydantic_core-2.23.4-cp312-cp312-macosx_11_0_arm64.whl", "cp312-macosx_arm64"],
  [
    "SQLAlchemy-1.4.0-cp39-cp39-macosx_10_9_universal2.macosx_10_9_x86_64.macosx_11_0_arm64.whl",
    "cp39-macosx_universal2",
  ],
  ["markupsafe-2.1.5-cp311-cp311-macosx_11_0_universal2.whl", "cp311-macosx_universal2"],
  ["psutil-6.0.0-cp38-abi3-macosx_11_0_arm64.whl", "cp38abi3-macosx_arm64"],
  ["psutil-6.0.0-cp37-abi3-win_amd64.whl", "cp37abi3-win_amd64"],
  ["demo-1.0-cp315-abi3.abi3t-win_arm64.whl", "cp315abi3-win_arm64"],
  ["demo-1.0-cp315-abi3t-win_arm64.whl", "cp315abi3t-win_arm64"],
  ["psutil-6.0.0-cp27-none-win32.whl", "cp27-win32"],
  ["ruff-0.6.9-py3-none-win_amd64.whl", "py3-win_amd64"],
  ["demo-1.0-1-cp312-cp312-linux_x86_64.whl", "cp312-linux_x86_64"],
  ["pillow-10.4.0-pp310-pypy310_pp73-manylinux_2_28_x86_64.whl", "pp310-manylinux_x86_64"],
  ["pybase64-1.4.0-graalpy311-graalpy242_311_native-win_amd64.whl", "graalpy311-win_amd64"],
  ["pyodide_http-1.0-cp312-cp312-pyodide_2024_0_wasm32.whl", "cp312-pyodide_wasm32"],
  ["cffi-2.0.0-cp314-cp314-ios_13_0_arm64_iphoneos.whl", "cp314-ios_arm64_iphoneos"],
  ["cffi-2.0.0-cp314-cp314-android_21_arm64_v8a.whl", "cp314-android_arm64_v8a"],
  ["DEMO-1.0-PY3-None-Any.WHL", "py3-any"],
  ["requests-2.32.3.tar.gz", "sdist"],
  ["numpy-1.26.4.zip", "sdist"],
  ["setuptools-0.6c11-py2.7.egg", undefined],
  ["numpy-1.8.0-win32-superpack-python2.7.exe", undefined],
  ["demo-1.0-any.whl", undefined],
  ["demo.whl", undefined],
  ["demo-1.0-p y3-none-any.whl", undefined],
  [`demo-1.0-py3-none-${"x".repeat(100)}.whl`, undefined],
])("%s is of the kind %s", (filename, kind) => {
  expect(kindOf(filename as Filename)).toBe(kind);
});
