"""Cases of IAM's managed policies."""

import json

from cases_iam_roles import (ADMINISTRATOR, PREFIX, READER, allow, listing_tags, policy, role, tagging, tags, trust,
                             untagging)
from record import FOREIGN

OWN = f"{PREFIX}:policy/own"
TEXT = json.dumps(allow("ecr:ListImages"))
OTHER = json.dumps(allow("ecr:DescribeImages"))


def bad_arns(r, **more):
    """ARNs of no policy, or of none that is there."""
    r.title("ARNs of nothing")
    for arn in (f"{PREFIX}:policy/absent", f"{PREFIX}:policy/OWN", f"{PREFIX}:policy/elsewhere/own",
                "arn:aws:iam::aws:policy/NoSuchPolicy", f"{PREFIX}:role/is-no-policy", "no-arn-but-long-enough",
                "arn:aws:s3:::bucket-and-no-policy", "short"):
        r.call(PolicyArn=arn, **more)
    r.call(**more)


def of_aws(r, **more):
    """Writing what is AWS's."""
    r.title("AWS's own")
    r.call(PolicyArn=READER, **more)


def versions(r, count):
    """The policy `own` with so many versions, of which the last is in force."""
    policy(r)
    for _ in range(count - 1):
        r.call("CreatePolicyVersion", quiet=True, PolicyArn=OWN, PolicyDocument=OTHER, SetAsDefault=True)


def bad_documents(r, **more):
    """Documents that are no managed policies."""
    r.title("no policies")
    for text in ("", "{", "[]", "{}", '{"Version":"2008-10-17","Statement":[]}', "\u20ac", trust()):
        r.call(**more, PolicyDocument=text)
    for wrong in ({"Effect": "allow"}, {"Action": []}, {"Action": "ecr"}, {"Resource": "app"}, {"Note": "x"},
                  {"Resource": "arn:aws:*:us-east-1:1:x"}, {"Sid": "a b"}):
        statement = {"Effect": "Allow", "Action": "ecr:*", "Resource": "*", **wrong}
        r.call(**more, PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    statement = {"Effect": "Allow", "Action": "ecr:*", "Resource": "*"}
    r.call(**more, PolicyDocument=json.dumps({"Version": "2008-10-17", "Statement": statement}))
    r.call(**more, PolicyDocument=json.dumps({"Statement": statement}))
    r.call(**more, PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [
        {"Sid": "a", **statement}, {"Sid": "a", **statement}]}))
    r.title("too long")
    r.call(**more, PolicyDocument=json.dumps(allow("ecr:*", resource="arn:aws:ecr:*:*:repository/" + "x" * 6_100)))
    r.call(**more, PolicyDocument="x" * 131_073)


def create_policy(r):
    r.title("defaults")
    r.call(PolicyName="own", PolicyDocument=TEXT)
    r.title("everything given, and the document as it was written")
    written = json.dumps(allow("ecr:*", resource=["arn:aws:ecr:*:*:repository/a+b%20c~"]), indent=3)
    made = r.call(PolicyName="full", PolicyDocument=written, Path="/a/b/", Description="what it \u20ac is for",
                  Tags=tags(("k", "v"), ("empty", "")))
    r.call("GetPolicy", PolicyArn=made["Policy"]["Arn"])
    r.call("GetPolicyVersion", PolicyArn=made["Policy"]["Arn"], VersionId="v1")
    r.title("an empty description, white space that does not count")
    r.call(PolicyName="spacious", PolicyDocument=TEXT + " " * 7_000, Description="")
    r.title("the name is taken, in any case of letters and below any path")
    r.call(PolicyName="OWN", PolicyDocument=TEXT, Path="/x/")
    r.title("a name of AWS's is free")
    r.call(PolicyName="AdministratorAccess", PolicyDocument=TEXT)
    bad_documents(r, PolicyName="new")
    r.title("constraints")
    r.call(PolicyName="new")
    for name in ("", "a b", "a/b", "a" * 129):
        r.call(PolicyName=name, PolicyDocument=TEXT)
    for path in ("a", "/a", "//", "/a b/", "/\u00e4/"):
        r.call(PolicyName="new", PolicyDocument=TEXT, Path=path)
    r.call(PolicyName="new", PolicyDocument=TEXT, Description="x" * 1001)
    r.call(PolicyName="new", PolicyDocument=TEXT, Tags=tags(("A", "1"), ("a", "2")))
    r.title("nothing refused was made")
    r.call("GetPolicy", PolicyArn=f"{PREFIX}:policy/new")
    r.without_permission(PolicyName="free", PolicyDocument=TEXT)
    r.refuse_strangers(PolicyName="free", PolicyDocument=TEXT)
    r.title("by the CLI")
    r.cli("iam", "create-policy", "--policy-name", "cli", "--policy-document", TEXT)


def get_policy(r):
    policy(r, Description="d", Tags=tags(("k", "v")))
    r.title("attached twice, bounding one")
    for name in ("a", "b"):
        role(r, name, PermissionsBoundary=OWN if name == "a" else ADMINISTRATOR)
        r.call("AttachRolePolicy", quiet=True, RoleName=name, PolicyArn=OWN)
    r.call(PolicyArn=OWN)
    r.title("AWS's own")
    for name in ("AdministratorAccess", "PowerUserAccess", "service-role/AmazonECSTaskExecutionRolePolicy",
                 "aws-service-role/ECRReplicationServiceRolePolicy"):
        r.call(PolicyArn=f"arn:aws:iam::aws:policy/{name}")
    bad_arns(r)
    r.title("of another account")
    r.call(PolicyArn=f"arn:aws:iam::{FOREIGN}:policy/own")
    r.title("a user that may read one policy")
    me = r.user("me", allow("iam:GetPolicy", resource=READER))
    r.call(client=me, PolicyArn=READER)
    r.call(client=me, PolicyArn=ADMINISTRATOR)
    r.call(client=me, PolicyArn=f"{PREFIX}:policy/absent")
    r.title("a user without permission")
    r.call(client=r.user("nobody"), PolicyArn=OWN)
    r.title("another account, and its view of AWS's")
    stranger = r.stranger()
    r.call(client=stranger, PolicyArn=OWN)
    r.call(client=stranger, PolicyArn=READER)
    r.refuse_strangers(PolicyArn=OWN)
    r.title("by the CLI")
    r.cli("iam", "get-policy", "--policy-arn", OWN)


def delete_policy(r):
    versions(r, 2)
    role(r)
    r.title("attached, bounding, of two versions, one after the other")
    r.call("AttachRolePolicy", quiet=True, RoleName="ci", PolicyArn=OWN)
    r.call("PutRolePermissionsBoundary", quiet=True, RoleName="ci", PermissionsBoundary=OWN)
    r.call(PolicyArn=OWN)
    r.call("DetachRolePolicy", quiet=True, RoleName="ci", PolicyArn=OWN)
    r.call(PolicyArn=OWN)
    r.call("DeleteRolePermissionsBoundary", quiet=True, RoleName="ci")
    r.call(PolicyArn=OWN)
    r.call("DeletePolicyVersion", quiet=True, PolicyArn=OWN, VersionId="v1")
    r.title("gone, and its name is free")
    r.call(PolicyArn=OWN)
    r.call("GetPolicy", PolicyArn=OWN)
    policy(r)
    r.call("ListPolicyVersions", PolicyArn=OWN)
    of_aws(r)
    bad_arns(r)
    r.without_permission(PolicyArn=OWN)
    r.title("by the CLI")
    r.cli("iam", "delete-policy", "--policy-arn", OWN)


def list_policies(r):
    r.title("AWS's, which every account has")
    r.marked_pages("Policies", Scope="AWS")
    r.title("none of the account")
    r.call(Scope="Local")
    for name, path in (("b", "/"), ("A", "/team/"), ("c", "/team/x/"), ("Zoo", "/")):
        policy(r, name, Path=path, Description="d", Tags=tags(("k", "v")))
    r.title("those of the account, without tags and descriptions")
    r.marked_pages("Policies", Scope="Local")
    r.title("below a path")
    r.call(PathPrefix="/team/")
    r.call(PathPrefix="/service-role/")
    r.title("both, in one list")
    first = r.call(MaxItems=3)
    second = r.call(MaxItems=3, Marker=first["Marker"])
    r.call(MaxItems=3, Marker=second["Marker"])
    r.title("attached, and used as boundaries")
    role(r, PermissionsBoundary=f"{PREFIX}:policy/b")
    for arn in (f"{PREFIX}:policy/team/A", READER):
        r.call("AttachRolePolicy", quiet=True, RoleName="ci", PolicyArn=arn)
    r.call(OnlyAttached=True)
    r.call(OnlyAttached=True, Scope="AWS")
    r.call(PolicyUsageFilter="PermissionsPolicy")
    r.call(PolicyUsageFilter="PermissionsBoundary")
    r.call(PolicyUsageFilter="PermissionsBoundary", OnlyAttached=True, Scope="AWS")
    r.title("a marker of another list")
    r.call(Marker=first["Marker"], Scope="AWS")
    r.title("constraints")
    for more in ({"Scope": "Mine"}, {"PolicyUsageFilter": "x"}, {"MaxItems": 0}, {"PathPrefix": "x"},
                 {"Marker": "no-such-marker"}, {"OnlyAttached": "maybe"}):
        r.call(**more)
    r.title("a user without permission")
    r.call(client=r.user("nobody"))
    r.title("another account")
    r.call(client=r.stranger(), Scope="Local")
    r.title("by the CLI")
    r.cli("iam", "list-policies", "--scope", "Local", "--page-size", "1", "--query", "Policies[].PolicyName")


def create_policy_version(r):
    policy(r)
    r.title("not in force, then in force")
    r.call(PolicyArn=OWN, PolicyDocument=OTHER)
    r.call(PolicyArn=OWN, PolicyDocument=OTHER, SetAsDefault=True)
    r.call("GetPolicy", PolicyArn=OWN)
    r.title("the sixth")
    for _ in range(2):
        r.call(quiet=True, PolicyArn=OWN, PolicyDocument=OTHER)
    r.call(PolicyArn=OWN, PolicyDocument=OTHER)
    r.title("numbers never come back")
    r.call("DeletePolicyVersion", quiet=True, PolicyArn=OWN, VersionId="v5")
    r.call(PolicyArn=OWN, PolicyDocument=TEXT)
    r.call("DeletePolicyVersion", quiet=True, PolicyArn=OWN, VersionId="v6")
    bad_documents(r, PolicyArn=OWN)
    r.title("nothing refused was saved")
    r.call("ListPolicyVersions", PolicyArn=OWN)
    of_aws(r, PolicyDocument=TEXT)
    bad_arns(r, PolicyDocument=TEXT)
    r.title("what is in force counts from the next request on")
    me = r.user("me", allow("ecr:DescribeRepositories"))
    r.call("PutUserPermissionsBoundary", quiet=True, UserName="me", PermissionsBoundary=OWN)
    ecr = r.client("ecr", **secrets(me))
    r.call("DescribeRepositories", client=ecr)
    wide = json.dumps(allow("ecr:*"))
    r.call(quiet=True, PolicyArn=OWN, PolicyDocument=wide, SetAsDefault=True)
    r.call("DescribeRepositories", client=ecr)
    r.without_permission(PolicyArn=OWN, PolicyDocument=TEXT)
    r.title("by the CLI")
    r.call("DeletePolicyVersion", quiet=True, PolicyArn=OWN, VersionId="v1")
    r.cli("iam", "create-policy-version", "--policy-arn", OWN, "--policy-document", TEXT, "--set-as-default")


def secrets(client):
    """The key of a client, for a client of another service."""
    given = client._request_signer._credentials
    return {"aws_access_key_id": given.access_key, "aws_secret_access_key": given.secret_key}


def bad_versions(r):
    """Versions that are none, or not there."""
    r.title("versions of nothing")
    for version in ("v9", "v1.x", "1", "v0", "vv", "", "v99999999999999999999"):
        r.call(PolicyArn=OWN, VersionId=version)
    r.call(PolicyArn=OWN)


def get_policy_version(r):
    versions(r, 2)
    r.title("each with its document")
    r.call(PolicyArn=OWN, VersionId="v1")
    r.call(PolicyArn=OWN, VersionId="v2")
    r.title("AWS's own: the one in force")
    r.call(PolicyArn=READER, VersionId="v3")
    r.call(PolicyArn=READER, VersionId="v1")
    bad_versions(r)
    bad_arns(r, VersionId="v1")
    r.without_permission(PolicyArn=OWN, VersionId="v1")
    r.title("by the CLI")
    r.cli("iam", "get-policy-version", "--policy-arn", OWN, "--version-id", "v1")


def list_policy_versions(r):
    versions(r, 3)
    r.title("the newest first, without documents")
    r.call(PolicyArn=OWN)
    r.title("pages")
    r.marked_pages("Versions", PolicyArn=OWN)
    r.title("AWS's own")
    r.call(PolicyArn=READER)
    bad_arns(r)
    r.title("constraints")
    r.call(PolicyArn=OWN, MaxItems=0)
    r.call(PolicyArn=OWN, Marker="no-such-marker")
    r.without_permission(PolicyArn=OWN)
    r.title("by the CLI")
    r.cli("iam", "list-policy-versions", "--policy-arn", OWN, "--query", "Versions[].VersionId")


def set_default_policy_version(r):
    versions(r, 2)
    r.title("another, and the same again")
    r.call(PolicyArn=OWN, VersionId="v1")
    r.call(PolicyArn=OWN, VersionId="v1")
    r.call("ListPolicyVersions", PolicyArn=OWN)
    of_aws(r, VersionId="v1")
    bad_versions(r)
    bad_arns(r, VersionId="v1")
    r.without_permission(PolicyArn=OWN, VersionId="v1")
    r.title("by the CLI")
    r.cli("iam", "set-default-policy-version", "--policy-arn", OWN, "--version-id", "v2")


def delete_policy_version(r):
    versions(r, 3)
    r.title("the one in force")
    r.call(PolicyArn=OWN, VersionId="v3")
    r.title("another, and again")
    r.call(PolicyArn=OWN, VersionId="v1")
    r.call(PolicyArn=OWN, VersionId="v1")
    r.call("ListPolicyVersions", PolicyArn=OWN)
    of_aws(r, VersionId="v3")
    bad_versions(r)
    bad_arns(r, VersionId="v2")
    r.without_permission(PolicyArn=OWN, VersionId="v2")
    r.title("by the CLI")
    r.cli("iam", "delete-policy-version", "--policy-arn", OWN, "--version-id", "v2")


def tag_policy(r):
    tagging(r, lambda: policy(r), "Policy", PolicyArn=OWN)
    of_aws(r, Tags=tags(("a", "b")))
    bad_arns(r, Tags=tags(("a", "b")))
    r.without_permission(PolicyArn=OWN, Tags=tags(("a", "b")))
    r.title("by the CLI")
    r.cli("iam", "tag-policy", "--policy-arn", OWN, "--tags", "Key=stage,Value=cli")


def untag_policy(r):
    untagging(r, lambda: policy(r), "Policy", PolicyArn=OWN)
    of_aws(r, TagKeys=["a"])
    bad_arns(r, TagKeys=["a"])
    r.without_permission(PolicyArn=OWN, TagKeys=["a"])
    r.title("by the CLI")
    r.cli("iam", "untag-policy", "--policy-arn", OWN, "--tag-keys", "a")


def list_policy_tags(r):
    listing_tags(r, lambda: policy(r), "Policy", PolicyArn=OWN)
    of_aws(r)
    bad_arns(r)
    r.without_permission(PolicyArn=OWN)
    r.title("by the CLI")
    r.cli("iam", "list-policy-tags", "--policy-arn", OWN)


HAVING = ("PolicyGroups", "PolicyUsers", "PolicyRoles")


def name_of(one):
    """The name of an entity that has a policy."""
    return next(value for key, value in one.items() if key.endswith("Name"))


def list_entities_for_policy(r):
    policy(r)
    r.title("nobody")
    r.call(PolicyArn=OWN)
    role(r, "bounded", PermissionsBoundary=OWN, Path="/p/")
    role(r, "both", PermissionsBoundary=OWN)
    r.call("CreateUser", quiet=True, UserName="una", Path="/p/")
    r.call("CreateGroup", quiet=True, GroupName="all")
    r.call("AttachRolePolicy", quiet=True, RoleName="both", PolicyArn=OWN)
    r.call("AttachUserPolicy", quiet=True, UserName="una", PolicyArn=OWN)
    r.call("AttachGroupPolicy", quiet=True, GroupName="all", PolicyArn=OWN)
    r.title("each once")
    page = r.call(quiet=True, PolicyArn=OWN)
    print("-- " + ", ".join(sorted(name_of(one) for key in HAVING for one in page[key])))
    r.title("of a kind, below a path, of a use")
    for more in ({"EntityFilter": "Group"}, {"EntityFilter": "User"}, {"EntityFilter": "AWSManagedPolicy"},
                 {"PathPrefix": "/p/"}, {"PathPrefix": "/p/", "PolicyUsageFilter": "PermissionsBoundary"},
                 {"EntityFilter": "User", "PolicyUsageFilter": "PermissionsBoundary"}):
        r.call(PolicyArn=OWN, **more)
    r.title("pages")
    seen, marker = set(), None
    for _ in range(4):
        page = r.call(quiet=True, PolicyArn=OWN, MaxItems=1, **({"Marker": marker} if marker else {}))
        seen |= {name_of(one) for key in HAVING for one in page[key]}
        marker = page.get("Marker")
    print(f"-- {sorted(seen)}, then {marker}")
    r.title("one of AWS's")
    r.call("AttachUserPolicy", quiet=True, UserName="una", PolicyArn=READER)
    r.call(PolicyArn=READER)
    bad_arns(r)
    r.title("constraints")
    r.call(PolicyArn=OWN, EntityFilter="Dog")
    r.call(PolicyArn=OWN, PathPrefix="p")
    r.call(PolicyArn=OWN, MaxItems=1001)
    r.call(PolicyArn=OWN, Marker="no-such-marker")
    r.without_permission(PolicyArn=READER)
    r.title("by the CLI")
    r.cli("iam", "list-entities-for-policy", "--policy-arn", READER)


CASES = {
    "CreatePolicy": create_policy,
    "CreatePolicyVersion": create_policy_version,
    "DeletePolicy": delete_policy,
    "DeletePolicyVersion": delete_policy_version,
    "GetPolicy": get_policy,
    "GetPolicyVersion": get_policy_version,
    "ListEntitiesForPolicy": list_entities_for_policy,
    "ListPolicies": list_policies,
    "ListPolicyTags": list_policy_tags,
    "ListPolicyVersions": list_policy_versions,
    "SetDefaultPolicyVersion": set_default_policy_version,
    "TagPolicy": tag_policy,
    "UntagPolicy": untag_policy,
}
