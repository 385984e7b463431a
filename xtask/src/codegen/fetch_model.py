"""Writes the model of a service of one release of botocore, as plain JSON.

Usage: fetch_model.py VERSION SERVICE/API_VERSION OUTPUT

Takes it from the installed botocore if that is the release, else from the release's wheel, which pip fetches
into the folder of OUTPUT.
"""

import glob
import gzip
import os
import subprocess
import sys
import zipfile


def installed(version, wanted):
    try:
        import botocore
    except ImportError:
        return None
    if botocore.__version__ != version:
        return None
    folder = os.path.dirname(botocore.__file__)
    for name in (wanted, wanted + ".gz"):
        path = os.path.join(folder, name)
        if os.path.exists(path):
            with open(path, "rb") as file:
                return file.read()
    return None


def downloaded(version, wanted, folder):
    pattern = os.path.join(folder, "botocore-%s-*.whl" % version)
    # The wheel stays: it has the models of all services.
    if not glob.glob(pattern):
        subprocess.run(
            [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
             "--only-binary", ":all:", "--dest", folder, "botocore==" + version],
            check=True,
            stdout=sys.stderr,
        )
    with zipfile.ZipFile(glob.glob(pattern)[0]) as archive:
        names = archive.namelist()
        name = next(name for name in ("botocore/" + wanted, "botocore/" + wanted + ".gz") if name in names)
        return archive.read(name)


def main(version, service, output):
    wanted = "data/%s/service-2.json" % service
    folder = os.path.dirname(output)
    os.makedirs(folder, exist_ok=True)
    model = installed(version, wanted) or downloaded(version, wanted, folder)
    if model[:2] == b"\x1f\x8b":
        model = gzip.decompress(model)
    # Renamed into place, so that a broken run leaves no half of a model to be trusted.
    with open(output + ".new", "wb") as file:
        file.write(model)
    os.replace(output + ".new", output)


main(*sys.argv[1:])
