"""Small images, the same in each run."""

import hashlib
import json

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"


def digest_of(content):
    """The sha256 digest of bytes."""
    return "sha256:" + hashlib.sha256(content).hexdigest()


def descriptor(media_type, content):
    """Names content by its digest."""
    return {"mediaType": media_type, "digest": digest_of(content), "size": len(content)}


class Image:
    """A manifest with the blobs it needs."""

    def __init__(self, name, layers, docker=False, **more):
        self.name = name
        self.media_type = DOCKER_MANIFEST if docker else OCI_MANIFEST
        config = json.dumps({"architecture": "amd64", "os": "linux", "author": name}).encode()
        layer_type = ("application/vnd.docker.image.rootfs.diff.tar.gzip" if docker
                      else "application/vnd.oci.image.layer.v1.tar+gzip")
        self.blobs = [config, *layers]
        self.manifest = json.dumps({
            "schemaVersion": 2,
            "mediaType": self.media_type,
            "config": descriptor(DOCKER_CONFIG if docker else OCI_CONFIG, config),
            "layers": [descriptor(layer_type, layer) for layer in layers],
            **more,
        })
        self.digest = digest_of(self.manifest.encode())


class Index:
    """An index of images."""

    def __init__(self, name, images):
        self.name = name
        self.media_type = OCI_INDEX
        self.blobs = []
        self.manifest = json.dumps({
            "schemaVersion": 2,
            "mediaType": OCI_INDEX,
            "manifests": [{**descriptor(i.media_type, i.manifest.encode()),
                           "platform": {"architecture": "amd64", "os": "linux"}} for i in images],
        })
        self.digest = digest_of(self.manifest.encode())


ONE = Image("one", [b"layer one"])
TWO = Image("two", [b"layer one", b"layer two" * 100])
DOCKER = Image("docker", [b"layer of docker"], docker=True)
BOTH = Index("both", [ONE, TWO])
ARTIFACT = Image("artifact", [b"an artifact"], artifactType="application/vnd.example.sbom",
                 subject=descriptor(OCI_MANIFEST, ONE.manifest.encode()))
SIGNATURE = Image("signature", [b"a signature"], artifactType="application/vnd.example.signature",
                  subject=descriptor(OCI_MANIFEST, ONE.manifest.encode()),
                  annotations={"org.example.signer": "platform", "ünï": "cödé"})
CONFIGURED = Image("configured", [b"without a type of its own"],
                   subject=descriptor(OCI_MANIFEST, ONE.manifest.encode()))
# What it is about is nowhere.
MISSING = digest_of(b"never pushed")
OTHERS = Image("others", [b"about another"], artifactType="application/vnd.example.sbom",
               subject={"mediaType": OCI_MANIFEST, "digest": MISSING, "size": 12})
AGAIN = Index("again", [TWO, ONE])


def know(r, *images):
    """Prints the names of images instead of their manifests and digests."""
    for image in images:
        r.name(image.manifest, f"manifest {image.name}")
        r.name(image.digest, f"digest {image.name}")
        for number, blob in enumerate(image.blobs):
            # Images share layers: the first name stays.
            if digest_of(blob) not in r.names:
                r.name(digest_of(blob), f"{image.name} {'config' if number == 0 else f'layer {number}'}")


def push_blobs(r, repository, image):
    """Stores the blobs of an image."""
    know(r, image)
    for blob in image.blobs:
        r.push_blob(repository, blob, digest_of(blob))


def push(r, repository, image, tag=None):
    """Stores an image with its blobs, without a line in the transcript."""
    push_blobs(r, repository, image)
    more = {"imageTag": tag} if tag else {}
    r.call("PutImage", quiet=True, repositoryName=repository, imageManifest=image.manifest,
           imageManifestMediaType=image.media_type, **more)
