"""ORAS, by its own library: `oras_client.py HOST http|CA_FILE PASSWORD COMMAND …`, in the folder of the files.

Commands: push REPOSITORY:TAG FILE[:TYPE]…; chunked, the same in chunks of 100,000 bytes; attach REPOSITORY:TAG TYPE
FILE…, an artifact whose subject is what the tag names; referrers REPOSITORY DIGEST TYPE; pull REPOSITORY:TAG FOLDER;
tags REPOSITORY; delete REPOSITORY:TAG. Ends with 1 and ORAS's own words where ORAS gives up.
"""

import json
import sys

import oras.client
import oras.defaults
import oras.oci


def pushed(answer):
    return {"status": answer.status_code, **{k.lower(): v for k, v in answer.headers.items()}}


def attach(client, host, target, artifact_type, files):
    container = client.get_container(f"{host}/{target}")
    answer = client.do_request(
        f"{client.prefix}://{container.manifest_url()}",
        headers={"Accept": oras.defaults.default_manifest_media_type},
    )
    client._check_200_response(answer)
    manifest = oras.oci.NewManifest()
    manifest["artifactType"] = artifact_type
    manifest["subject"] = {
        "mediaType": answer.headers["content-type"],
        "digest": answer.headers["docker-content-digest"],
        "size": len(answer.content),
    }
    for file in files:
        layer = oras.oci.NewLayer(file)
        client._check_200_response(client.upload_blob(file, container, layer))
        manifest["layers"].append(layer)
    with open("empty.json", "w") as empty:
        empty.write("{}")
    manifest["config"], _ = oras.oci.ManifestConfig("empty.json", "application/vnd.oci.empty.v1+json")
    client._check_200_response(client.upload_blob("empty.json", container, manifest["config"]))
    container.tag = "attached"
    answer = client.upload_manifest(manifest, container)
    client._check_200_response(answer)
    return pushed(answer)


def referrers(client, host, name, digest, artifact_type):
    answer = client.do_request(
        f"{client.prefix}://{host}/v2/{name}/referrers/{digest}?artifactType={artifact_type}"
    )
    client._check_200_response(answer)
    return {"filters": answer.headers.get("oci-filters-applied"), **answer.json()}


def run(host, wire, password, command, arguments):
    client = oras.client.OrasClient(
        insecure=wire == "http", tls_verify=True if wire == "http" else wire, auth_backend="basic"
    )
    client.auth.set_basic_auth("AWS", password)
    target, *rest = arguments
    name = f"{host}/{target}"
    if command == "push":
        return pushed(client.push(target=name, files=rest, manifest_annotations={"colour": "blue"}))
    if command == "chunked":
        return pushed(client.push(target=name, files=rest, do_chunked=True, chunk_size=100_000))
    if command == "attach":
        return attach(client, host, target, rest[0], rest[1:])
    if command == "referrers":
        return referrers(client, host, target, *rest)
    if command == "pull":
        return client.pull(target=name, outdir=rest[0])
    if command == "tags":
        return client.get_tags(name)
    if command == "delete":
        return client.delete_tags(*name.rsplit(":", 1))
    sys.exit(f"no such command: {command}")


try:
    print(json.dumps(run(*sys.argv[1:5], sys.argv[5:])))
except (ValueError, RuntimeError, OSError) as error:
    sys.exit(f"{type(error).__name__}: {error}")
