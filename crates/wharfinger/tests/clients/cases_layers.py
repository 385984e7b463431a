"""Cases of the operations on layers."""

import os
import tempfile

from record import ACCOUNT, FOREIGN
import images
from images import ONE, digest_of

ABSENT = digest_of(b"nothing here")
MIB = 1 << 20
NO_UPLOAD = "00000000-0000-4000-8000-000000000000"


def repository(r, name="app"):
    """Makes a repository without a line in the transcript."""
    r.name(ABSENT, "digest of nothing")
    r.call("CreateRepository", quiet=True, repositoryName=name)


def begin(r, name="app"):
    """Begins an upload without a line in the transcript."""
    return r.call("InitiateLayerUpload", quiet=True, repositoryName=name)["uploadId"]


def part(first, content):
    """A part as the SDK takes it."""
    return {"partFirstByte": first, "partLastByte": first + len(content) - 1, "layerPartBlob": content}


def send(r, upload, *parts, name="app"):
    """Sends parts one after the other without a line in the transcript."""
    first = 0
    for content in parts:
        r.call("UploadLayerPart", quiet=True, repositoryName=name, uploadId=upload, **part(first, content))
        first += len(content)


def sent(r, content, name="app"):
    """An upload of one part."""
    upload = begin(r, name)
    send(r, upload, content, name=name)
    return upload


def elsewhere(r, **parameters):
    """What every operation on a repository refuses."""
    r.title("an unknown repository, another registry")
    r.call(**{**parameters, "repositoryName": "absent"})
    r.call(**parameters, registryId=FOREIGN)
    r.title("constraints of the repository and the registry")
    r.call(**{**parameters, "repositoryName": "UPPER"})
    r.call(**{**parameters, "repositoryName": "a"})
    r.call(**parameters, registryId="x")
    r.refuse_strangers(**parameters)


def batch_check_layer_availability(r):
    repository(r)
    repository(r, "other")
    images.push(r, "app", ONE, "v1")
    app = {"repositoryName": "app"}
    config, layer = (digest_of(blob) for blob in ONE.blobs)
    loose = r.name(digest_of(b"a loose layer"), "loose layer")
    r.push_blob("app", b"a loose layer", loose)
    r.title("a layer, a config, and one that no image holds")
    r.call(**app, layerDigests=[layer, config, loose])
    r.title("one that is not there, one of another repository")
    r.call(**app, layerDigests=[ABSENT])
    r.call(repositoryName="other", layerDigests=[layer])
    r.title("by the registry's own id, and the same one twice")
    r.call(**app, registryId=ACCOUNT, layerDigests=[layer, ABSENT, layer])
    r.title("each digest fails alone")
    r.call(**app, layerDigests=[layer, "", "nonsense", "sha256:xyz", ABSENT, "sha256:", ":00", "sha256:0 0"])
    r.call(**app, layerDigests=["nonsense"])
    r.title("well formed, but no digest that a layer can have")
    r.call(**app, layerDigests=["sha256:00", "md5:00112233445566778899aabbccddeeff", "SHA256:" + "0" * 64,
                                "sha256:" + "A" * 64])
    r.title("constraints")
    r.call(**app)
    r.call(**app, layerDigests=[])
    r.call(**app, layerDigests=[f"sha256:{i:064x}" for i in range(100)])
    r.call(**app, layerDigests=[f"sha256:{i:064x}" for i in range(101)])
    r.call(**app, layerDigests=["a" * 1001])
    r.call(**app, layerDigests=[None])
    r.call(layerDigests=[layer])
    elsewhere(r, **app, layerDigests=[layer])
    r.title("by the CLI")
    r.cli("ecr", "batch-check-layer-availability", "--repository-name", "app", "--layer-digests", layer, "x")
    r.cli("ecr", "batch-check-layer-availability", "--repository-name", "absent", "--layer-digests", layer)


def initiate_layer_upload(r):
    repository(r)
    app = {"repositoryName": "app"}
    r.title("two uploads")
    one, two = r.call(**app), r.call(**app, registryId=ACCOUNT)
    if one["uploadId"] == two["uploadId"]:
        r.fault("two uploads have one id")
    r.title("constraints")
    r.call()
    elsewhere(r, **app)
    r.title("by the CLI")
    r.cli("ecr", "initiate-layer-upload", "--repository-name", "app")
    r.cli("ecr", "initiate-layer-upload", "--repository-name", "absent")


def upload_layer_part(r):
    repository(r)
    repository(r, "other")
    app = {"repositoryName": "app"}
    known = {**app, "uploadId": begin(r)}
    large = os.urandom(1 * MIB)
    r.title("three parts in order, the second large, the third by the registry's id")
    r.call(**known, **part(0, b"0123456789"))
    r.call(**known, **part(10, large))
    r.call(**known, **part(10 + MIB, b"end"), registryId=ACCOUNT)
    r.title("the same upload, its id in capitals")
    capitals = r.name(known["uploadId"].upper(), "uuid in capitals")
    r.call(**app, uploadId=capitals, **part(13 + MIB, b"more"))

    r.title("a part where none has come; a gap, an overlap, the same again")
    fresh = {**app, "uploadId": begin(r)}
    r.call(**fresh, **part(1, b"abc"))
    r.call(**fresh, **part(0, b"abc"))
    r.call(**fresh, **part(4, b"abc"))
    r.call(**fresh, **part(2, b"abc"))
    r.call(**fresh, **part(0, b"abc"))
    r.title("another length than the places tell, and none")
    r.call(**fresh, partFirstByte=3, partLastByte=4, layerPartBlob=b"abc")
    r.call(**fresh, partFirstByte=3, partLastByte=6, layerPartBlob=b"abc")
    r.call(**fresh, partFirstByte=3, partLastByte=0, layerPartBlob=b"abc")
    r.call(**fresh, partFirstByte=3, partLastByte=3, layerPartBlob=b"")
    r.call(**fresh, partFirstByte=3, partLastByte=2, layerPartBlob=b"")
    r.title("it goes on all the same")
    r.call(**fresh, **part(3, b"def"))
    r.title("the largest part, and one byte more")
    most = {**app, "uploadId": begin(r)}
    whole = bytes(20_971_521)
    r.call(**most, **part(0, whole))
    r.call(**most, **part(0, whole[:-1]))

    r.title("an upload that is not there, of another repository, over")
    r.call(**app, uploadId=NO_UPLOAD, **part(0, b"abc"))
    r.call(repositoryName="other", uploadId=fresh["uploadId"], **part(6, b"ghi"))
    over = sent(r, b"it is over")
    r.call("CompleteLayerUpload", quiet=True, **app, uploadId=over, layerDigests=[digest_of(b"it is over")])
    r.call(**app, uploadId=over, **part(10, b"abc"))
    r.title("constraints")
    r.call(**app, **part(0, b"abc"))
    r.call(**app, uploadId=NO_UPLOAD)
    r.call(**app, uploadId="upload", **part(0, b"abc"))
    r.call(**known, partFirstByte=-1, partLastByte=1, layerPartBlob=b"abc")
    r.call(**known, partFirstByte=0, partLastByte=-1, layerPartBlob=b"abc")
    r.title("bodies that the SDK would not make")
    start = '{"repositoryName":"app","uploadId":"%s","partFirstByte":0,"partLastByte":2,' % NO_UPLOAD
    for blob in ('"YWJj"', r'"\u0059W\/j"', '"YWJ"', '"YW Jj"', '"YWJj\\n"', '"YQ==YQ=="', "null", "7", '["YWJj"]'):
        r.raw((start + '"layerPartBlob":' + blob + "}").encode())
    r.raw((start + '"layerPartBlob":"YWJj","layerPartBlob":"YWJj"}').encode())
    r.raw((start + '"layerPartBlob":"YWJj').encode())
    elsewhere(r, **known, **part(0, b"abc"))
    r.title("by the CLI")
    upload = begin(r)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "part")
        r.name(folder, "folder")
        with open(path, "wb") as file:
            file.write(b"abc")
        for first in ("0", "0"):
            r.cli("ecr", "upload-layer-part", "--repository-name", "app", "--upload-id", upload,
                  "--part-first-byte", first, "--part-last-byte", "2", "--layer-part-blob", f"fileb://{path}")


def complete_layer_upload(r):
    repository(r)
    repository(r, "other")
    app = {"repositoryName": "app"}
    first = r.name(digest_of(b"first"), "digest of first")
    second = r.name(digest_of(b"second"), "digest of second")
    r.title("one part")
    r.call(**app, uploadId=sent(r, b"first"), layerDigests=[first])
    r.title("the layer is there: told to who has its bytes, and to nobody else")
    r.call(**app, uploadId=sent(r, b"first"), layerDigests=[first])
    r.call(**app, uploadId=sent(r, b"second"), layerDigests=[first])
    r.title("another repository knows nothing of it")
    r.call(repositoryName="other", uploadId=sent(r, b"first", "other"), layerDigests=[first])
    r.title("wrong, then right, by the registry's id; then it is over")
    upload = sent(r, b"second")
    r.call(**app, uploadId=upload, layerDigests=[first])
    r.call(**app, uploadId=upload, layerDigests=[second], registryId=ACCOUNT)
    r.call(**app, uploadId=upload, layerDigests=[second])
    r.title("several digests of the same bytes, one of others, one that cannot be computed")
    third = r.name(digest_of(b"third"), "digest of third")
    wide = r.name("sha512:" + images.hashlib.sha512(b"third").hexdigest(), "sha512 of third")
    upload = sent(r, b"third")
    r.call(**app, uploadId=upload, layerDigests=[third, first])
    r.call(**app, uploadId=upload, layerDigests=[third, "md5:00112233445566778899aabbccddeeff"])
    r.call(**app, uploadId=upload, layerDigests=["sha256:00"])
    r.call(**app, uploadId=upload, layerDigests=[wide, third, third])
    r.title("nothing was sent")
    r.call(**app, uploadId=begin(r), layerDigests=[digest_of(b"")])
    r.title("parts: the last may be small, the others not")
    five, rest = bytes(5 * MIB), b"the rest"
    whole = r.name(digest_of(five + five + rest), "digest of 10 MiB and more")
    upload = begin(r)
    send(r, upload, five, five, rest)
    r.call(**app, uploadId=upload, layerDigests=[whole])
    upload = begin(r)
    send(r, upload, five, five[:-1], rest)
    r.call(**app, uploadId=upload, layerDigests=[whole])
    r.title("an upload that is not there, of another repository")
    r.call(**app, uploadId=NO_UPLOAD, layerDigests=[first])
    r.call(repositoryName="other", uploadId=sent(r, b"first"), layerDigests=[first])
    r.title("constraints")
    r.call(**app, layerDigests=[first])
    r.call(**app, uploadId=NO_UPLOAD)
    r.call(**app, uploadId="upload", layerDigests=[first])
    r.call(**app, uploadId=NO_UPLOAD, layerDigests=[])
    r.call(**app, uploadId=NO_UPLOAD, layerDigests=[""])
    r.call(**app, uploadId=NO_UPLOAD, layerDigests=["nonsense"])
    r.call(**app, uploadId=NO_UPLOAD, layerDigests=[first] * 101)
    elsewhere(r, **app, uploadId=NO_UPLOAD, layerDigests=[first])
    r.title("by the CLI")
    upload = sent(r, b"by the CLI")
    digest = r.name(digest_of(b"by the CLI"), "digest of the CLI's")
    for _ in range(2):
        r.cli("ecr", "complete-layer-upload", "--repository-name", "app", "--upload-id", upload,
              "--layer-digests", digest)


CASES = {
    "BatchCheckLayerAvailability": batch_check_layer_availability,
    "InitiateLayerUpload": initiate_layer_upload,
    "UploadLayerPart": upload_layer_part,
    "CompleteLayerUpload": complete_layer_upload,
}
