"""Pushes and pulls images through the API alone, with the calls of a containerd resolver for ECR.

Usage: resolver.py push REPOSITORY TAG FOLDER      an image or index with all it needs
       resolver.py layers REPOSITORY FOLDER        only the layers and the config of an image
       resolver.py manifest REPOSITORY TAG FOLDER  only the manifest of an image
       resolver.py pull REPOSITORY TAG FOLDER      into a folder

A folder holds each blob and manifest under its digest, and `root`, which says the root's digest and media type.
What is printed at the end is how often each operation was called, as JSON.
"""

import collections
import concurrent.futures
import hashlib
import json
import os
import pathlib
import sys
import threading
import urllib.request

import boto3
import botocore.config

ACCOUNT = "123456789012"
LISTS = ("application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json")
MANIFESTS = (*LISTS, "application/vnd.oci.image.manifest.v1+json",
             "application/vnd.docker.distribution.manifest.v2+json")
RANGES = 4


class Resolver:
    """One repository, as a client of the API sees it."""

    def __init__(self, repository):
        self.calls = collections.Counter()
        self.lock = threading.Lock()
        options = botocore.config.Config(max_pool_connections=32, retries={"total_max_attempts": 1})
        self.ecr = boto3.session.Session().client("ecr", config=options)
        self.known = {"registryId": ACCOUNT, "repositoryName": repository}

    def call(self, operation, **parameters):
        """Calls an operation and counts it."""
        with self.lock:
            self.calls[operation] += 1
        return getattr(self.ecr, botocore.xform_name(operation))(**self.known, **parameters)

    # Pushing.

    def has_manifest(self, descriptor, tag):
        """Whether the image is there; one identifier, with its tag if it is the root."""
        image = {"imageDigest": descriptor["digest"], **({"imageTag": tag} if tag else {})}
        answer = self.call("BatchGetImage", imageIds=[image], acceptedMediaTypes=[descriptor["mediaType"]])
        if answer["failures"]:
            (failure,) = answer["failures"]
            # Nothing there, or the tag is another image's: either way it is to be pushed.
            if failure["failureCode"] not in ("ImageTagDoesNotMatchDigest", "ImageNotFound"):
                raise RuntimeError(f"unexpected: {failure}")
            return False
        (found,) = answer["images"]
        if found["imageId"]["imageDigest"] != descriptor["digest"]:
            raise RuntimeError(f"another image was answered: {found['imageId']}")
        return True

    def has_layer(self, digest):
        """Whether a layer is there. An answer without an entry ends a push."""
        answer = self.call("BatchCheckLayerAvailability", layerDigests=[digest])
        if not answer["layers"]:
            raise RuntimeError(f"no answer about {digest}: {answer['failures']}")
        return answer["layers"][0]["layerAvailability"] == "AVAILABLE"

    def push_layer(self, digest, content):
        """Sends a layer in parts of the size that the registry tells, unless it is there."""
        if self.has_layer(digest):
            return
        begun = self.call("InitiateLayerUpload")
        upload, size = begun["uploadId"], begun["partSize"]
        if size <= 0:
            raise RuntimeError(f"parts of {size} bytes")
        for first in range(0, len(content), size):
            part = content[first:first + size]
            last = first + len(part) - 1
            answer = self.call("UploadLayerPart", uploadId=upload, partFirstByte=first, partLastByte=last,
                               layerPartBlob=part)
            if answer["lastByteReceived"] != last:
                raise RuntimeError(f"{answer['lastByteReceived']} was received instead of {last}")
        try:
            answer = self.call("CompleteLayerUpload", uploadId=upload, layerDigests=[digest])
        except self.ecr.exceptions.LayerAlreadyExistsException:
            # Somebody was faster.
            return
        if answer["layerDigest"] != digest:
            raise RuntimeError(f"{answer['layerDigest']} was stored instead of {digest}")

    def push_manifest(self, descriptor, text, tag):
        """Stores a manifest: always with media type and digest, with a tag only if it is the root."""
        more = {"imageTag": tag} if tag else {}
        answer = self.call("PutImage", imageManifest=text.decode(), imageManifestMediaType=descriptor["mediaType"],
                           imageDigest=descriptor["digest"], **more)
        if answer["image"]["imageId"]["imageDigest"] != descriptor["digest"]:
            raise RuntimeError(f"another image was stored: {answer['image']['imageId']}")

    def push(self, folder, root, tag):
        """Pushes what a manifest needs, then the manifest; layers in parallel."""
        text = read(folder, root)
        manifest = json.loads(text)
        if root["mediaType"] in LISTS:
            for child in manifest["manifests"]:
                self.push(folder, child, None)
        else:
            self.push_layers(folder, manifest)
        if not self.has_manifest(root, tag):
            self.push_manifest(root, text, tag)

    def push_layers(self, folder, manifest):
        """Pushes the layers and the config of an image."""
        blobs = {d["digest"]: d for d in [manifest["config"], *manifest["layers"]]}
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            jobs = [pool.submit(self.push_layer, d["digest"], read(folder, d)) for d in blobs.values()]
            for job in jobs:
                job.result()

    # Pulling.

    def pull(self, folder, tag):
        """Pulls an image or index and all it needs."""
        answer = self.call("BatchGetImage", imageIds=[{"imageTag": tag}], acceptedMediaTypes=list(MANIFESTS))
        (found,) = answer["images"]
        root = {"digest": found["imageId"]["imageDigest"], "mediaType": found["imageManifestMediaType"]}
        (folder / "root").write_text(json.dumps(root, sort_keys=True, separators=(",", ":")))
        self.pull_manifest(folder, root)

    def pull_manifest(self, folder, descriptor):
        """Pulls a manifest by its digest, and what it needs; layers in parallel, each in ranges."""
        answer = self.call("BatchGetImage", imageIds=[{"imageDigest": descriptor["digest"]}],
                           acceptedMediaTypes=[descriptor["mediaType"]])
        text = answer["images"][0]["imageManifest"].encode()
        write(folder, descriptor, text)
        manifest = json.loads(text)
        if descriptor["mediaType"] in LISTS:
            for child in manifest["manifests"]:
                self.pull_manifest(folder, child)
            return
        for blob in [manifest["config"], *manifest["layers"]]:
            write(folder, blob, self.pull_layer(blob))

    def pull_layer(self, descriptor):
        """Pulls a layer by its URL, in parallel ranges."""
        answer = self.call("GetDownloadUrlForLayer", layerDigest=descriptor["digest"])
        if answer["layerDigest"] != descriptor["digest"]:
            raise RuntimeError(f"a URL of {answer['layerDigest']} was answered")
        size = descriptor["size"]
        step = max(1, -(-size // RANGES))

        def part(first):
            last = min(first + step, size) - 1
            # No header of AWS: the URL says all.
            request = urllib.request.Request(answer["downloadUrl"], headers={"Range": f"bytes={first}-{last}"})
            with urllib.request.urlopen(request, timeout=60) as response:
                expected = f"bytes {first}-{last}/{size}"
                if response.status != 206 or response.headers["Content-Range"] != expected:
                    raise RuntimeError(f"{response.status} {response.headers['Content-Range']}, not {expected}")
                return response.read()

        with concurrent.futures.ThreadPoolExecutor(RANGES) as pool:
            return b"".join(pool.map(part, range(0, size, step)))


def digest_of(content):
    """The sha256 digest of bytes."""
    return "sha256:" + hashlib.sha256(content).hexdigest()


def read(folder, descriptor):
    """Reads what a descriptor names."""
    return (folder / descriptor["digest"].replace(":", "-")).read_bytes()


def write(folder, descriptor, content):
    """Writes what a descriptor names, if it is that."""
    if digest_of(content) != descriptor["digest"]:
        raise RuntimeError(f"{descriptor['digest']} came back as {digest_of(content)}")
    (folder / descriptor["digest"].replace(":", "-")).write_bytes(content)


def main():
    """Does what the command line says."""
    what, repository, *words = sys.argv[1:]
    resolver = Resolver(repository)
    folder = pathlib.Path(words[-1])
    if what == "pull":
        os.makedirs(folder, exist_ok=True)
        resolver.pull(folder, words[0])
    else:
        root = json.loads((folder / "root").read_text())
        if what == "push":
            resolver.push(folder, root, words[0])
        elif what == "layers":
            resolver.push_layers(folder, json.loads(read(folder, root)))
        elif what == "manifest":
            resolver.push_manifest(root, read(folder, root), words[0])
        else:
            raise SystemExit(__doc__)
    print(json.dumps(resolver.calls))


if __name__ == "__main__":
    main()
