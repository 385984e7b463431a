"""Helm, by its own library: `helm_client.py HOME http|https COMMAND …`.

Commands: login HOST USER PASSWORD; create NAME VERSION; push ARCHIVE REMOTE; pull REFERENCE VERSION FOLDER;
tags REFERENCE; resolve REFERENCE. Ends with 1 and Helm's own words where Helm refuses.
"""

import json
import os
import sys

import helm_python as helm


def run(home, plain, command, arguments):
    client = helm.RegistryClient(plain_http=plain, credentials_file=os.path.join(home, "registry.json"))
    if command == "login":
        return client.login(*arguments, plain_http=plain)
    if command == "create":
        name, version = arguments
        helm.Chart.create(name, home)
        return helm.package(os.path.join(home, name), destination=home, version=version)
    if command == "push":
        return client.push(*arguments, plain_http=plain)
    if command == "pull":
        reference, version, folder = arguments
        return client.pull(reference, version=version, destination=folder, plain_http=plain)
    if command == "tags":
        return client.tags(*arguments)
    if command == "resolve":
        return client.resolve(*arguments)
    sys.exit(f"no such command: {command}")


try:
    print(json.dumps(run(sys.argv[1], sys.argv[2] == "http", sys.argv[3], sys.argv[4:])))
except helm.HelmError as error:
    sys.exit(f"{type(error).__name__}: {error}")
