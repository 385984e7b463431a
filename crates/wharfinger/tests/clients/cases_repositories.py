"""Cases of the operations on repositories and their tags."""

from record import ACCOUNT, FOREIGN, REGION, repository_arn
import images


def tags(count, key="k{}", value="v"):
    """So many tags."""
    return [{"Key": key.format(i), "Value": value} for i in range(count)]


def filters(*texts):
    """Exclusion filters."""
    return [{"filterType": "WILDCARD", "filter": text} for text in texts]


def bad_filters(r, **more):
    """Modes and filters that are no pair, and filters that are none."""
    for mode in ("MUTABLE", "IMMUTABLE"):
        r.call(**more, imageTagMutability=mode, imageTagMutabilityExclusionFilters=filters("a"))
    mode = "MUTABLE_WITH_EXCLUSION"
    r.call(**more, imageTagMutability=mode)
    for bad in (filters(), filters("a", "b", "c", "d", "e", "f"), filters(""), filters("a" * 129),
                filters("a b"), filters("a+b"), filters("ä"), filters("fine", "*a*b*"),
                [{"filterType": "REGEX", "filter": "a"}], [{"filter": "a"}], [{"filterType": "WILDCARD"}]):
        r.call(**more, imageTagMutability=mode, imageTagMutabilityExclusionFilters=bad)


def create_repository(r):
    r.title("defaults")
    r.call(repositoryName="team/app")
    r.title("everything given")
    r.call(repositoryName="all", registryId=ACCOUNT, imageTagMutability="IMMUTABLE",
           imageScanningConfiguration={"scanOnPush": True},
           encryptionConfiguration={"encryptionType": "AES256"},
           tags=[{"Key": "owner", "Value": "platform"}, {"Key": "empty", "Value": ""}])
    r.call("ListTagsForResource", resourceArn=repository_arn("all"))
    r.title("the longest and the shortest name")
    r.call(repositoryName="a" * 256)
    r.call(repositoryName="ab")
    r.title("the name is taken, whatever the settings")
    r.call(repositoryName="team/app")
    r.call(repositoryName="team/app", imageTagMutability="IMMUTABLE")

    r.title("constraints")
    r.call()
    r.call(repositoryName="a")
    r.call(repositoryName="a" * 257)
    for name in ("UPPER", "a//b", "/ab", "ab/", "a..b", "a___b", "../ab", "ab\n", "äöü", ""):
        r.call(repositoryName=name)
    r.call(repositoryName="new", registryId="12")
    r.call(repositoryName="new", imageTagMutability="SOMETIMES")
    r.call(repositoryName="new", encryptionConfiguration={"encryptionType": "ROT13"})
    r.call(repositoryName="new", encryptionConfiguration={})
    r.title("wrong types")
    r.call(repositoryName=5)
    r.raw(b'{"repositoryName":"new","tags":{"Key":"a"}}')
    r.raw(b'{"repositoryName":["new"]}')
    r.raw(b'{"repositoryName":"new","imageScanningConfiguration":{"scanOnPush":"yes"}}')
    r.title("null is absent")
    r.raw(b'{"repositoryName":null}')
    r.raw(b'{"repositoryName":"with/nulls","tags":null,"registryId":null,"imageTagMutability":null}')
    r.title("exclusion filters")
    r.call(repositoryName="new", imageTagMutability="MUTABLE",
           imageTagMutabilityExclusionFilters=[{"filterType": "WILDCARD", "filter": "v*"}])
    r.call(repositoryName="new", imageTagMutability="IMMUTABLE_WITH_EXCLUSION")
    r.call(repositoryName="fixed/but/latest", imageTagMutability="IMMUTABLE_WITH_EXCLUSION",
           imageTagMutabilityExclusionFilters=filters("latest", "dev-*"))
    r.call(repositoryName="only/releases", imageTagMutability="MUTABLE_WITH_EXCLUSION",
           imageTagMutabilityExclusionFilters=filters("v*.*"))
    bad_filters(r, repositoryName="new")
    r.title("encryption with keys")
    r.call(repositoryName="new", encryptionConfiguration={"encryptionType": "AES256", "kmsKey": "alias/x"})
    r.call(repositoryName="new", encryptionConfiguration={"encryptionType": "KMS"})
    r.call(repositoryName="new", encryptionConfiguration={"encryptionType": "KMS_DSSE", "kmsKey": "alias/x"})
    r.title("tags")
    r.call(repositoryName="fifty", tags=tags(50))
    r.call(repositoryName="new", tags=tags(51))
    r.call(repositoryName="new", tags=tags(1, "aws:{}"))
    r.call(repositoryName="new", tags=tags(2, "same"))
    r.call(repositoryName="new", tags=tags(1, "k" * 129))
    r.call(repositoryName="new", tags=tags(1, "", "v"))
    r.call(repositoryName="new", tags=tags(1, "k", "v" * 257))
    r.call(repositoryName="new", tags=[{"Key": "k"}])
    r.title("another registry")
    r.call(repositoryName="new", registryId=FOREIGN)
    r.refuse_strangers(repositoryName="new")
    r.title("nothing refused was made")
    r.call("DescribeRepositories", repositoryNames=["new"])
    r.title("by the CLI")
    r.cli("ecr", "create-repository", "--repository-name", "by/cli", "--image-tag-mutability", "IMMUTABLE",
          "--tags", "Key=owner,Value=cli")
    r.cli("ecr", "create-repository", "--repository-name", "by/cli")
    r.cli("ecr", "create-repository", "--repository-name", "UPPER")


def describe_repositories(r):
    r.title("an empty registry")
    r.call()
    for name in ("zeta", "a0", "a/b", "a-b", "aa"):
        r.call("CreateRepository", quiet=True, repositoryName=name)
    r.title("all, in the order of their names")
    r.call()
    r.title("by name")
    r.call(repositoryNames=["aa", "zeta"])
    r.call(repositoryNames=["aa", "aa"], registryId=ACCOUNT)
    r.title("one unknown name refuses the call")
    r.call(repositoryNames=["aa", "absent"])
    r.title("one at a time")
    r.pages("repositories")
    r.title("constraints")
    r.call(maxResults=0)
    r.call(maxResults=1001)
    r.call(maxResults="1")
    r.call(nextToken="no-such-token")
    r.call(repositoryNames=[])
    r.call(repositoryNames=[f"r{i}" for i in range(101)])
    r.call(repositoryNames=["UPPER"])
    r.call(repositoryNames=[None])
    r.call(repositoryNames=["aa"], maxResults=1)
    r.call(registryId="x")
    r.title("another registry")
    r.call(registryId=FOREIGN)
    r.call(registryId=FOREIGN, repositoryNames=["aa"])
    r.title("another region has its own repositories")
    r.call(client=r.client(region_name="eu-west-1"))
    r.title("a region that does not exist")
    r.call(client=r.client(region_name="xx-nowhere-1"))
    r.refuse_strangers()
    r.title("by the CLI, which pages by itself")
    r.cli("ecr", "describe-repositories", "--page-size", "1", "--query", "repositories[].repositoryName")
    r.cli("ecr", "describe-repositories", "--repository-names", "absent")


def delete_repository(r):
    r.call("CreateRepository", quiet=True, repositoryName="empty")
    r.call("CreateRepository", quiet=True, repositoryName="full")
    images.push(r, "full", images.ONE, "v1")
    r.title("an empty one")
    r.call(repositoryName="empty")
    r.title("a second time")
    r.call(repositoryName="empty")
    r.title("one with an image")
    r.call(repositoryName="full")
    r.call(repositoryName="full", force=False)
    r.call("DescribeRepositories", repositoryNames=["full"])
    r.call(repositoryName="full", force=True)
    r.title("the name is free at once, and nothing of the old images is there")
    r.call("CreateRepository", quiet=True, repositoryName="full")
    r.call("ListImages", repositoryName="full")
    r.title("constraints")
    r.call()
    r.call(repositoryName="a")
    r.call(repositoryName="UPPER")
    r.call(repositoryName="full", force="yes")
    r.call(repositoryName="full", registryId="1234567890123")
    r.title("another registry")
    r.call(repositoryName="full", registryId=FOREIGN)
    r.refuse_strangers(repositoryName="full")
    r.title("by the CLI")
    r.cli("ecr", "delete-repository", "--repository-name", "full", "--force")
    r.cli("ecr", "delete-repository", "--repository-name", "full", "--force")


def put_image_tag_mutability(r):
    app = {"repositoryName": "app"}
    r.call("CreateRepository", quiet=True, **app)
    images.push(r, "app", images.ONE, "v1")
    images.push(r, "app", images.TWO, "latest")

    def push(image, tag):
        r.call("PutImage", **app, imageManifest=image.manifest, imageTag=tag)

    r.title("fixed: tags that exist stay, new ones can be made")
    r.call(**app, imageTagMutability="IMMUTABLE")
    push(images.TWO, "v1")
    push(images.ONE, "v2")
    r.title("fixed but for the filters: what matches moves")
    r.call(**app, imageTagMutability="IMMUTABLE_WITH_EXCLUSION",
           imageTagMutabilityExclusionFilters=filters("latest", "dev-*"))
    push(images.ONE, "latest")
    push(images.TWO, "v1")
    r.call("DescribeRepositories", repositoryNames=["app"])
    r.title("movable but for the filters: what matches stays")
    r.call(**app, imageTagMutability="MUTABLE_WITH_EXCLUSION", registryId=ACCOUNT,
           imageTagMutabilityExclusionFilters=filters("v*"))
    push(images.TWO, "latest")
    push(images.TWO, "v1")
    r.title("the same again, and with other filters: they are replaced")
    r.call(**app, imageTagMutability="MUTABLE_WITH_EXCLUSION",
           imageTagMutabilityExclusionFilters=filters("v*"))
    r.call(**app, imageTagMutability="MUTABLE_WITH_EXCLUSION",
           imageTagMutabilityExclusionFilters=filters("V*", "release-*-*", "a", "a", "*z"))
    push(images.TWO, "v1")
    r.title("movable: no filter is left")
    r.call(**app, imageTagMutability="MUTABLE")
    r.call("DescribeRepositories", repositoryNames=["app"])
    r.call("ListImages", **app)
    r.title("modes and filters that are no pair, and filters that are none")
    bad_filters(r, **app)
    r.call("DescribeRepositories", repositoryNames=["app"])
    r.title("constraints")
    r.call()
    r.call(**app)
    r.call(imageTagMutability="MUTABLE")
    r.call(**app, imageTagMutability="SOMETIMES")
    r.call(repositoryName="UPPER", imageTagMutability="MUTABLE")
    r.call(**app, imageTagMutability="MUTABLE", registryId="12")
    r.title("an unknown repository, another registry")
    r.call(repositoryName="absent", imageTagMutability="MUTABLE")
    r.call(**app, imageTagMutability="MUTABLE", registryId=FOREIGN)
    r.refuse_strangers(**app, imageTagMutability="MUTABLE")
    r.title("by the CLI")
    r.cli("ecr", "put-image-tag-mutability", "--repository-name", "app", "--image-tag-mutability",
          "IMMUTABLE_WITH_EXCLUSION", "--image-tag-mutability-exclusion-filters",
          "filterType=WILDCARD,filter=latest")
    r.cli("ecr", "put-image-tag-mutability", "--repository-name", "app", "--image-tag-mutability",
          "IMMUTABLE_WITH_EXCLUSION")
    r.cli("ecr", "describe-repositories", "--repository-names", "app", "--query",
          "repositories[0].[imageTagMutability, imageTagMutabilityExclusionFilters[0].filter]")


def bad_arns(r, **more):
    """ARNs that name no repository of the caller's."""
    r.title("ARNs that name nothing")
    for arn in ("", "x", "arn:aws:ecr:us-east-1:123456789012", "arn:aws:s3:::bucket",
                repository_arn("UPPER"), "arn:aws:ecr:us-east-1:12:repository/tagged"):
        r.call(resourceArn=arn, **more)
    r.call(**more)
    r.title("an unknown repository")
    r.call(resourceArn=repository_arn("absent"), **more)
    r.title("another registry")
    r.call(resourceArn=repository_arn("tagged", FOREIGN), **more)
    r.title("another region")
    r.call(resourceArn=repository_arn("tagged", ACCOUNT, "eu-west-1"), **more)


def tag_resource(r):
    arn = repository_arn("tagged")
    r.call("CreateRepository", quiet=True, repositoryName="tagged")
    r.title("new and changed keys; the others stay")
    r.call(resourceArn=arn, tags=[{"Key": "a", "Value": "1"}, {"Key": "B", "Value": ""}])
    r.call(resourceArn=arn, tags=[{"Key": "a", "Value": "2"}, {"Key": "b", "Value": "ü / @"}])
    r.call("ListTagsForResource", resourceArn=arn)
    r.title("at most fifty in all")
    r.call(resourceArn=arn, tags=tags(47))
    r.call(resourceArn=arn, tags=tags(48))
    r.call(resourceArn=arn, tags=tags(51))
    r.title("constraints")
    r.call(resourceArn=arn)
    r.call(resourceArn=arn, tags=[])
    r.call(resourceArn=arn, tags=tags(1, "aws:{}"))
    r.call(resourceArn=arn, tags=tags(2, "same"))
    r.call(resourceArn=arn, tags=tags(1, "k" * 129))
    r.call(resourceArn=arn, tags=tags(1, ""))
    r.call(resourceArn=arn, tags=tags(1, "k", "v" * 257))
    r.call(resourceArn=arn, tags=[{"Value": "v"}])
    r.call(resourceArn=arn, tags=[{"Key": "k", "Value": None}])
    bad_arns(r, tags=tags(1))
    r.refuse_strangers(resourceArn=arn, tags=tags(1))
    r.title("by the CLI")
    r.cli("ecr", "tag-resource", "--resource-arn", arn, "--tags", "Key=a,Value=cli")
    r.cli("ecr", "list-tags-for-resource", "--resource-arn", arn, "--query", "tags[?Key=='a']")
    r.cli("ecr", "tag-resource", "--resource-arn", repository_arn("absent"), "--tags", "Key=a,Value=cli")


def untag_resource(r):
    arn = repository_arn("tagged")
    r.call("CreateRepository", quiet=True, repositoryName="tagged", tags=tags(4))
    r.title("some keys; what is not there is ignored")
    r.call(resourceArn=arn, tagKeys=["k0", "k1", "never"])
    r.call(resourceArn=arn, tagKeys=["k0"])
    r.call("ListTagsForResource", resourceArn=arn)
    r.title("constraints")
    r.call(resourceArn=arn)
    r.call(resourceArn=arn, tagKeys=[])
    r.call(resourceArn=arn, tagKeys=["aws:x"])
    r.call(resourceArn=arn, tagKeys=["k" * 129])
    r.call(resourceArn=arn, tagKeys=[""])
    r.call(resourceArn=arn, tagKeys=[f"n{i}" for i in range(51)])
    bad_arns(r, tagKeys=["k2"])
    r.refuse_strangers(resourceArn=arn, tagKeys=["k2"])
    r.title("by the CLI")
    r.cli("ecr", "untag-resource", "--resource-arn", arn, "--tag-keys", "k2", "k3")
    r.call("ListTagsForResource", resourceArn=arn)
    r.cli("ecr", "untag-resource", "--resource-arn", "x", "--tag-keys", "k2")


def list_tags_for_resource(r):
    r.call("CreateRepository", quiet=True, repositoryName="tagged",
           tags=[{"Key": "b", "Value": "2"}, {"Key": "a", "Value": "1"}, {"Key": "A", "Value": ""}])
    r.call("CreateRepository", quiet=True, repositoryName="bare")
    r.title("with and without tags")
    r.call(resourceArn=repository_arn("tagged"))
    r.call(resourceArn=repository_arn("bare"))
    bad_arns(r)
    r.refuse_strangers(resourceArn=repository_arn("tagged"))
    r.title("by the CLI")
    r.cli("ecr", "list-tags-for-resource", "--resource-arn", repository_arn("tagged"))
    r.cli("ecr", "list-tags-for-resource", "--resource-arn", repository_arn("absent"))


CASES = {
    "CreateRepository": create_repository,
    "DescribeRepositories": describe_repositories,
    "DeleteRepository": delete_repository,
    "PutImageTagMutability": put_image_tag_mutability,
    "TagResource": tag_resource,
    "UntagResource": untag_resource,
    "ListTagsForResource": list_tags_for_resource,
}
