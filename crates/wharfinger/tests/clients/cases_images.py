"""Cases of the operations on images."""

import json
import os
import tempfile

from record import ACCOUNT, FOREIGN
import images
from images import (AGAIN, ARTIFACT, BOTH, CONFIGURED, DOCKER, MISSING, ONE, OTHERS, SIGNATURE,
                    TWO)

ABSENT = "sha256:" + "0" * 64


def repository(r, name="app", **settings):
    """Makes a repository without a line in the transcript."""
    r.name(ABSENT, "digest of nothing")
    r.call("CreateRepository", quiet=True, repositoryName=name, **settings)


def put_image(r):
    repository(r)
    repository(r, "fixed", imageTagMutability="IMMUTABLE")
    images.know(r, ONE, TWO, DOCKER, BOTH, ARTIFACT)
    app = {"repositoryName": "app"}
    one, two = {"imageManifest": ONE.manifest}, {"imageManifest": TWO.manifest}
    r.title("layers that are not there")
    r.call(**app, **two, imageTag="v1")
    for image in (ONE, TWO, DOCKER, ARTIFACT):
        images.push_blobs(r, "app", image)
        images.push_blobs(r, "fixed", image)
    r.title("members of an index that are not there")
    r.call(**app, imageManifest=BOTH.manifest, imageTag="all")
    r.title("new manifest, new tag")
    r.call(**app, **one, imageTag="v1")
    r.title("the same again")
    r.call(**app, **one, imageTag="v1")
    r.title("another tag")
    r.call(**app, **one, imageTag="also")
    r.title("the tag moves")
    r.call(**app, **two, imageTag="v1")
    r.title("without a tag: the image is known")
    r.call(**app, **two)
    r.title("without a tag, by digest, with the media type")
    r.call(**app, imageManifest=DOCKER.manifest, imageDigest=DOCKER.digest,
           imageManifestMediaType=DOCKER.media_type)
    r.call(**app, imageManifest=DOCKER.manifest)
    r.title("an index")
    r.call(**app, imageManifest=BOTH.manifest, imageTag="all")
    r.title("an artifact with a subject")
    r.call(**app, imageManifest=ARTIFACT.manifest)
    r.title("the images now")
    r.call("ListImages", **app)

    fixed = {"repositoryName": "fixed"}
    r.title("immutable: a new tag, the same again, another digest, another tag")
    r.call(**fixed, **one, imageTag="v1")
    r.call(**fixed, **one, imageTag="v1")
    r.call(**fixed, **two, imageTag="v1")
    r.call(**fixed, **one, imageTag="v2")
    r.call("ListImages", **fixed)

    r.title("another digest than announced")
    r.call(**app, **one, imageTag="v9", imageDigest=TWO.digest)
    r.title("manifests that are none")
    for text in ("", "{", "[]", "{}", '"text"', json.dumps({"schemaVersion": 2})):
        r.call(**app, imageManifest=text, imageTag="bad")
    bare = json.loads(ONE.manifest)
    del bare["mediaType"]
    r.title("no media type in the manifest: it must be announced")
    text = r.name(json.dumps(bare), "manifest one without media type")
    r.call(**app, imageManifest=text, imageTag="bare")
    r.name(images.digest_of(text.encode()), "its digest")
    r.call(**app, imageManifest=text, imageTag="bare", imageManifestMediaType=ONE.media_type)
    r.title("the media type announced disagrees")
    r.call(**app, **one, imageTag="bad", imageManifestMediaType=BOTH.media_type)
    r.call(**app, **one, imageTag="bad", imageManifestMediaType="text/plain")
    mixed = json.dumps({**json.loads(ONE.manifest), "manifests": json.loads(BOTH.manifest)["manifests"]})
    r.title("an image and an index at once")
    r.call(**app, imageManifest=r.name(mixed, "manifest of both kinds"), imageTag="bad")
    r.title("constraints")
    r.call(**app)
    r.call(**one)
    for tag in ("", "-a", ".a", "a b", "a+b", "ä", "a" * 129, "a" * 301):
        r.call(**app, **one, imageTag=tag)
    r.call(**app, **one, imageDigest="sha256:zz")
    r.call(**app, **one, imageDigest="md5:" + "0" * 32)
    r.call(**app, **one, registryId="x")
    r.title("an unknown repository, another registry")
    r.call(repositoryName="absent", **one, imageTag="v1")
    r.call(**app, **one, registryId=FOREIGN)
    r.refuse_strangers(**app, **one, imageTag="v3")
    r.title("by the CLI")
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "manifest.json")
        with open(path, "w", encoding="utf-8") as file:
            file.write(ONE.manifest)
        r.name(folder, "folder")
        r.cli("ecr", "put-image", "--repository-name", "app", "--image-tag", "cli",
              "--image-manifest", f"file://{path}")
        r.cli("ecr", "put-image", "--repository-name", "app", "--image-tag", "cli",
              "--image-manifest", f"file://{path}")


def some_images(r):
    """One image with two tags, one with none, one with one, and an index of the first two."""
    repository(r)
    images.push(r, "app", ONE, "v1")
    r.call("PutImage", quiet=True, repositoryName="app", imageManifest=ONE.manifest, imageTag="latest")
    images.push(r, "app", TWO)
    images.push(r, "app", DOCKER, "docker")
    images.push(r, "app", BOTH, "all")


def batch_get_image(r):
    some_images(r)
    app = {"repositoryName": "app"}
    r.title("by tag, by digest, by both")
    r.call(**app, imageIds=[{"imageTag": "v1"}])
    r.call(**app, imageIds=[{"imageDigest": TWO.digest}])
    r.call(**app, imageIds=[{"imageDigest": ONE.digest, "imageTag": "latest"}])
    r.call(**app, imageIds=[{"imageTag": "all"}, {"imageTag": "docker"}])
    r.title("the same image twice")
    r.call(**app, imageIds=[{"imageTag": "v1"}, {"imageTag": "v1"}, {"imageTag": "latest"}])
    r.title("each identifier fails alone")
    r.call(**app, imageIds=[
        {"imageTag": "absent"},
        {"imageDigest": ABSENT},
        {"imageDigest": ABSENT, "imageTag": "absent"},
        {"imageDigest": TWO.digest, "imageTag": "v1"},
        {"imageDigest": ONE.digest, "imageTag": "absent"},
        {"imageDigest": ABSENT, "imageTag": "v1"},
        {},
        {"imageDigest": "nonsense"},
        {"imageTag": "v1"},
    ])
    r.title("what cannot be a digest or a tag")
    r.call(**app, imageIds=[
        {"imageDigest": "sha256:", "imageTag": "v1"},
        {"imageTag": "a+b"},
        {"imageTag": "a\0b"},
        {"imageTag": "a" * 129},
        {"imageDigest": ONE.digest, "imageTag": "-a"},
    ])
    r.title("a hundred at once, all of them failing but one")
    ids = [{"imageTag": f"t{i}"} for i in range(99)] + [{"imageTag": "v1"}]
    answer = r.call(quiet=True, **app, imageIds=ids)
    print(f"-- {len(answer['images'])} image, {len(answer['failures'])} failures")
    r.title("accepted media types")
    r.call(**app, imageIds=[{"imageTag": "docker"}], acceptedMediaTypes=[DOCKER.media_type])
    r.call(**app, imageIds=[{"imageTag": "v1"}], acceptedMediaTypes=[DOCKER.media_type])
    r.call(**app, imageIds=[{"imageDigest": ONE.digest}], acceptedMediaTypes=[DOCKER.media_type])
    r.title("constraints")
    r.call(**app)
    r.call(**app, imageIds=[])
    r.call(**app, imageIds=[{"imageTag": f"t{i}"} for i in range(101)])
    r.call(**app, imageIds=[{"imageTag": ""}])
    r.call(**app, imageIds=[{"imageTag": "a" * 301}])
    r.call(**app, imageIds=[{"imageTag": "v1"}], acceptedMediaTypes=[])
    r.call(**app, imageIds=[{"imageTag": "v1"}], acceptedMediaTypes=[""])
    r.call(imageIds=[{"imageTag": "v1"}])
    r.title("an unknown repository, another registry")
    r.call(repositoryName="absent", imageIds=[{"imageTag": "v1"}])
    r.call(**app, imageIds=[{"imageTag": "v1"}], registryId=FOREIGN)
    r.refuse_strangers(**app, imageIds=[{"imageTag": "v1"}])
    r.title("by the CLI")
    r.cli("ecr", "batch-get-image", "--repository-name", "app", "--image-ids", "imageTag=v1", "imageTag=no")
    r.cli("ecr", "batch-get-image", "--repository-name", "absent", "--image-ids", "imageTag=v1")


def batch_delete_image(r):
    some_images(r)
    app = {"repositoryName": "app"}
    r.title("each identifier fails alone")
    r.call(**app, imageIds=[
        {"imageTag": "absent"},
        {"imageDigest": ABSENT},
        {"imageDigest": TWO.digest, "imageTag": "v1"},
        {"imageDigest": ONE.digest, "imageTag": "absent"},
        {"imageDigest": ABSENT, "imageTag": "v1"},
        {"imageDigest": ABSENT, "imageTag": "absent"},
        {},
        {"imageDigest": "nonsense"},
        {"imageTag": "a+b"},
    ])
    r.title("one of two tags, twice")
    r.call(**app, imageIds=[{"imageTag": "latest"}])
    r.call(**app, imageIds=[{"imageTag": "latest"}])
    r.title("what an index refers to")
    r.call(**app, imageIds=[{"imageDigest": TWO.digest}])
    r.call(**app, imageIds=[{"imageTag": "v1"}])
    r.call("ListImages", **app)
    r.title("the last tag takes the image along")
    r.call(**app, imageIds=[{"imageTag": "docker"}])
    r.title("a member first: it is still referred to when its turn comes, its index is not")
    r.call(**app, imageIds=[{"imageDigest": ONE.digest, "imageTag": "v1"}, {"imageDigest": BOTH.digest}])
    images.push(r, "app", BOTH, "all")
    r.title("two indexes refer to it: both are named")
    images.push(r, "app", AGAIN, "again")
    r.call(**app, imageIds=[{"imageDigest": TWO.digest}])
    r.call(**app, imageIds=[{"imageTag": "again"}])
    r.title("the index first, then its members")
    r.call(**app, imageIds=[{"imageDigest": BOTH.digest}, {"imageDigest": ONE.digest},
                            {"imageDigest": TWO.digest}])
    r.call("ListImages", **app)
    r.title("by digest, with all tags; by digest and tag")
    images.push(r, "app", ONE, "v1")
    r.call("PutImage", quiet=True, **app, imageManifest=ONE.manifest, imageTag="v2")
    r.call(**app, imageIds=[{"imageDigest": ONE.digest}])
    images.push(r, "app", TWO, "v3")
    r.call("PutImage", quiet=True, **app, imageManifest=TWO.manifest, imageTag="v4")
    r.call(**app, imageIds=[{"imageDigest": TWO.digest, "imageTag": "v4"}])
    r.call("ListImages", **app)
    r.title("the same identifier twice")
    images.push(r, "app", ONE, "v1")
    r.call(**app, imageIds=[{"imageTag": "v1"}, {"imageTag": "v1"}])
    r.title("both tags in one call: the second takes the image along")
    images.push(r, "app", ONE, "v1")
    r.call("PutImage", quiet=True, **app, imageManifest=ONE.manifest, imageTag="v2")
    r.call(**app, imageIds=[{"imageTag": "v1"}, {"imageTag": "v2"}, {"imageDigest": ONE.digest}])
    r.title("a subject goes, its referrer stays")
    images.push(r, "app", ONE, "v1")
    images.push(r, "app", ARTIFACT)
    r.call(**app, imageIds=[{"imageDigest": ONE.digest}])
    r.call("ListImages", **app)
    r.call(**app, imageIds=[{"imageDigest": ARTIFACT.digest}])
    r.title("a hundred at once")
    ids = [{"imageTag": f"t{i}"} for i in range(100)]
    answer = r.call(quiet=True, **app, imageIds=ids)
    print(f"-- {len(answer['imageIds'])} deleted, {len(answer['failures'])} failures")
    r.title("an immutable tag may be deleted")
    repository(r, "fixed", imageTagMutability="IMMUTABLE")
    images.push(r, "fixed", ONE, "v1")
    r.call(repositoryName="fixed", imageIds=[{"imageTag": "v1"}])
    r.title("constraints")
    r.call(**app)
    r.call(**app, imageIds=[])
    r.call(**app, imageIds=[{"imageTag": f"t{i}"} for i in range(101)])
    r.call(imageIds=[{"imageTag": "v1"}])
    r.title("an unknown repository, another registry")
    r.call(repositoryName="absent", imageIds=[{"imageTag": "v1"}])
    r.call(**app, imageIds=[{"imageTag": "v1"}], registryId=FOREIGN)
    r.refuse_strangers(**app, imageIds=[{"imageTag": "v1"}])
    r.title("by the CLI")
    images.push(r, "app", ONE, "v1")
    r.cli("ecr", "batch-delete-image", "--repository-name", "app", "--image-ids", "imageTag=v1", "imageTag=no")
    r.cli("ecr", "batch-delete-image", "--repository-name", "absent", "--image-ids", "imageTag=v1")


def get_download_url_for_layer(r):
    repository(r)
    images.push(r, "app", ONE, "v1")
    app = {"repositoryName": "app"}
    config, layer = (images.digest_of(blob) for blob in ONE.blobs)
    r.title("a layer and a config, which the URL then gives")
    for digest, blob in ((layer, ONE.blobs[1]), (config, ONE.blobs[0])):
        r.download(r.call(**app, layerDigest=digest), blob)
    r.title("the registry named")
    r.call(**app, layerDigest=layer, registryId=ACCOUNT)
    r.title("a layer that is not there, that another repository has, and a digest of another kind")
    repository(r, "other")
    images.push(r, "other", DOCKER, "v1")
    r.call(**app, layerDigest=ABSENT)
    r.call(**app, layerDigest=images.digest_of(DOCKER.blobs[1]))
    r.call(**app, layerDigest="md5:" + "0" * 32)
    r.call(**app, layerDigest=layer.upper().replace("SHA", "sha"))
    r.call(**app, layerDigest=ONE.digest)
    r.title("a layer of no image")
    alone = r.name(images.digest_of(b"alone"), "digest of a layer alone")
    r.push_blob("app", b"alone", alone)
    r.call(**app, layerDigest=alone)
    r.title("constraints")
    r.call(**app)
    r.call(layerDigest=layer)
    for digest in ("", "nonsense", "sha256:", "sha256:zz", "sha 256:00"):
        r.call(**app, layerDigest=digest)
    r.call(repositoryName="UPPER", layerDigest=layer)
    r.call(**app, layerDigest=layer, registryId="12")
    r.raw(b'{"repositoryName":"app","layerDigest":5}')
    r.title("an unknown repository, another registry")
    r.call(repositoryName="absent", layerDigest=layer)
    r.call(**app, layerDigest=layer, registryId=FOREIGN)
    r.refuse_strangers(**app, layerDigest=layer)
    r.title("by the CLI")
    r.cli("ecr", "get-download-url-for-layer", "--repository-name", "app", "--layer-digest", layer)
    r.cli("ecr", "get-download-url-for-layer", "--repository-name", "app", "--layer-digest", ABSENT)


def bounds(r, **app):
    """What the two lists share."""
    r.title("constraints")
    r.call()
    r.call(**app, maxResults=0)
    r.call(**app, maxResults=1001)
    r.call(**app, nextToken="no-such-token")
    r.call(**app, filter={"tagStatus": "SOMETIMES"})
    r.call(**app, filter={"imageStatus": "SOMETIMES"})
    r.call(repositoryName="UPPER")
    r.title("an unknown repository, another registry")
    r.call(repositoryName="absent")
    r.call(**app, registryId=FOREIGN)


def foreign_tokens(r, other):
    """Tokens of another filter, another repository, another operation."""
    app = {"repositoryName": "app"}
    r.title("a token of another filter, of another repository, of another operation")
    token = r.call(quiet=True, **app, maxResults=1)["nextToken"]
    r.name(token, "token")
    r.call(**app, filter={"tagStatus": "TAGGED"}, nextToken=token)
    r.call(**app, filter={"imageStatus": "ANY"}, nextToken=token)
    r.call(repositoryName="empty", nextToken=token)
    r.call(other, **app, nextToken=token)
    r.call(**app, nextToken=token[:-2])


def list_image_referrers(r):
    repository(r, "empty")
    some_images(r)
    app = {"repositoryName": "app"}
    sbom, signature = "application/vnd.example.sbom", "application/vnd.example.signature"
    subject = {"subjectId": {"imageDigest": ONE.digest}}
    r.title("none")
    r.call(**app, **subject)
    images.push(r, "app", ARTIFACT)
    for image in (SIGNATURE, CONFIGURED, OTHERS):
        images.push(r, "app", image)
    r.title("all: with the type of each, or that of its config, size and annotations")
    r.call(**app, **subject)
    r.title("of some types")
    for types in ([], [sbom], [signature, sbom], [images.OCI_CONFIG, images.OCI_CONFIG],
                  ["application/vnd.example.none"], ["a\0b"]):
        r.call(**app, **subject, filter={"artifactTypes": types})
    r.title("of a status")
    for status in ("ACTIVE", "ARCHIVED", "ACTIVATING", "ANY"):
        answer = r.call(quiet=True, **app, **subject, filter={"artifactStatus": status})
        print(f"-- {status}: {len(answer['referrers'])}")
    r.title("one at a time, and of one type")
    r.pages("referrers", **app, **subject)
    r.pages("referrers", **app, **subject, filter={"artifactTypes": [sbom]})
    r.title("a subject that is not there, in the same repository and in another")
    r.call(**app, subjectId={"imageDigest": ABSENT})
    r.call(**app, subjectId={"imageDigest": MISSING})
    r.call(repositoryName="empty", **subject)
    r.title("twenty to a page, at most fifty")
    for number in range(52):
        images.push(r, "empty", images.Image(f"many {number}", [], artifactType=sbom,
                                             subject=images.descriptor(images.OCI_MANIFEST, b"of many")))
    many = {"repositoryName": "empty", "subjectId": {"imageDigest": images.digest_of(b"of many")}}
    for more in ({}, {"maxResults": 50}):
        token, sizes = None, []
        while token or not sizes:
            page = r.call(quiet=True, **many, **more, **({"nextToken": token} if token else {}))
            token = page.get("nextToken")
            sizes.append(len(page["referrers"]))
        print(f"-- {more}: {sizes}")
    r.title("a token of another filter, of another subject, of another repository")
    token = r.call(quiet=True, **app, **subject, maxResults=1)["nextToken"]
    r.name(token, "token")
    r.call(**app, **subject, filter={"artifactTypes": [sbom]}, nextToken=token)
    r.call(**app, **subject, filter={"artifactStatus": "ANY"}, nextToken=token)
    r.call(**app, subjectId={"imageDigest": TWO.digest}, nextToken=token)
    r.call(repositoryName="empty", **subject, nextToken=token)
    r.call(**app, **subject, nextToken="no-such-token")
    r.title("constraints")
    r.call()
    r.call(**app)
    r.call(**subject)
    r.call(**app, subjectId={})
    for digest in ("", "nonsense", "sha256:", "sha256:xyz", ":ab"):
        r.call(**app, subjectId={"imageDigest": digest})
    r.call(**app, **subject, maxResults=0)
    r.call(**app, **subject, maxResults=51)
    r.call(**app, **subject, filter={"artifactTypes": ["a"] * 6})
    r.call(**app, **subject, filter={"artifactTypes": [""]})
    r.call(**app, **subject, filter={"artifactTypes": ["a" * 256]})
    r.call(**app, **subject, filter={"artifactStatus": "SOMETIMES"})
    r.call(repositoryName="UPPER", **subject)
    r.title("an unknown repository, another registry")
    r.call(repositoryName="absent", **subject)
    r.call(repositoryName="absent", **subject, filter={"artifactStatus": "ARCHIVED"})
    r.call(**app, **subject, registryId=FOREIGN)
    r.refuse_strangers(**app, **subject)
    r.title("by the CLI")
    r.cli("ecr", "list-image-referrers", "--repository-name", "app", "--subject-id", f"imageDigest={ONE.digest}",
          "--filter", f"artifactTypes={sbom}")
    r.cli("ecr", "list-image-referrers", "--repository-name", "app", "--subject-id", "imageDigest=x")


def list_images(r):
    repository(r, "empty")
    some_images(r)
    app = {"repositoryName": "app"}
    r.title("none")
    r.call(repositoryName="empty")
    r.title("all, tagged, untagged, any")
    r.call(**app)
    for status in ("TAGGED", "UNTAGGED", "ANY"):
        r.call(**app, filter={"tagStatus": status})
    for status in ("ACTIVE", "ARCHIVED", "ANY"):
        r.call(**app, filter={"imageStatus": status})
    r.title("one at a time")
    r.pages("imageIds", **app)
    r.title("one at a time, tagged ones only, untagged ones only")
    r.pages("imageIds", **app, filter={"tagStatus": "TAGGED"})
    r.pages("imageIds", **app, filter={"tagStatus": "UNTAGGED"})
    foreign_tokens(r, "DescribeImages")
    bounds(r, **app)
    r.refuse_strangers(**app)
    r.title("by the CLI, which pages by itself")
    r.cli("ecr", "list-images", "--repository-name", "app", "--page-size", "1", "--filter", "tagStatus=TAGGED",
          "--query", "imageIds[].imageTag")
    r.cli("ecr", "list-images", "--repository-name", "absent")


def describe_images(r):
    repository(r, "empty")
    some_images(r)
    images.push(r, "app", ARTIFACT)
    app = {"repositoryName": "app"}
    r.title("none")
    r.call(repositoryName="empty")
    r.title("all")
    r.call(**app)
    r.title("by tag, by digest, by both")
    r.call(**app, imageIds=[{"imageTag": "v1"}])
    r.call(**app, imageIds=[{"imageDigest": TWO.digest}, {"imageDigest": ONE.digest, "imageTag": "latest"}])
    r.title("one unknown identifier refuses the call")
    r.call(**app, imageIds=[{"imageTag": "v1"}, {"imageTag": "absent"}])
    r.call(**app, imageIds=[{"imageDigest": ABSENT}])
    r.call(**app, imageIds=[{"imageDigest": TWO.digest, "imageTag": "v1"}])
    r.call(**app, imageIds=[{}])
    r.call(**app, imageIds=[{"imageDigest": "nonsense"}])
    r.title("filters")
    r.call(**app, filter={"tagStatus": "UNTAGGED"})
    for tag_status in ("TAGGED", "UNTAGGED", "ANY"):
        for image_status in ("ACTIVE", "ARCHIVED", "ACTIVATING", "ANY"):
            answer = r.call(quiet=True, **app, filter={"tagStatus": tag_status, "imageStatus": image_status})
            print(f"-- {tag_status} {image_status}: {len(answer['imageDetails'])}")
    r.title("one at a time")
    r.pages("imageDetails", **app)
    r.title("one at a time, tagged ones only, untagged ones only")
    r.pages("imageDetails", **app, filter={"tagStatus": "TAGGED"})
    r.pages("imageDetails", **app, filter={"tagStatus": "UNTAGGED"})
    foreign_tokens(r, "ListImages")
    r.title("identifiers with a filter: those that pass it")
    r.call(**app, imageIds=[{"imageDigest": TWO.digest}, {"imageTag": "docker"}], filter={"tagStatus": "TAGGED"})
    r.call(**app, imageIds=[{"imageTag": "docker"}], filter={"imageStatus": "ARCHIVED"})
    r.title("an index is as large as its largest member, an artifact about something names it")
    r.call(**app, imageIds=[{"imageTag": "all"}, {"imageDigest": ARTIFACT.digest}])
    r.title("identifiers exclude pages")
    r.call(**app, imageIds=[{"imageTag": "v1"}], maxResults=1)
    r.call(**app, imageIds=[{"imageTag": "v1"}], nextToken="x")
    r.call(**app, imageIds=[{"imageTag": "a+b"}])
    r.call(**app, imageIds=[])
    r.call(**app, imageIds=[{"imageTag": f"t{i}"} for i in range(101)])
    bounds(r, **app)
    r.refuse_strangers(**app)
    r.title("by the CLI, which pages by itself")
    r.cli("ecr", "describe-images", "--repository-name", "app", "--page-size", "1", "--filter",
          "tagStatus=TAGGED", "--query", "sort(imageDetails[].imageTags[])")
    r.cli("ecr", "describe-images", "--repository-name", "app", "--image-ids", "imageTag=absent")


CASES = {
    "PutImage": put_image,
    "BatchGetImage": batch_get_image,
    "BatchDeleteImage": batch_delete_image,
    "ListImageReferrers": list_image_referrers,
    "ListImages": list_images,
    "DescribeImages": describe_images,
    "GetDownloadUrlForLayer": get_download_url_for_layer,
}
