"""Cases of IAM's roles, of what services have, and of policies attached to their owners."""

import json

from cases_iam_users import ADMINISTRATOR, PREFIX, allow, tags
from record import ACCOUNT, FOREIGN

READER = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly"
SERVICE_POLICY = "arn:aws:iam::aws:policy/aws-service-role/ECRReplicationServiceRolePolicy"
GITHUB = f"{PREFIX}:oidc-provider/token.actions.githubusercontent.com"


def trust(principal=None, condition=None, action="sts:AssumeRole", **more):
    """A trust policy of one statement."""
    statement = {"Effect": "Allow", "Principal": principal or {"AWS": ACCOUNT}, "Action": action, **more}
    if condition:
        statement["Condition"] = condition
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def role(r, name="ci", **more):
    """A role that was made before."""
    return r.call("CreateRole", quiet=True, RoleName=name,
                  **{"AssumeRolePolicyDocument": trust(), **more})["Role"]


def policy(r, name="own", **more):
    """A policy that was made before; its ARN."""
    text = json.dumps(allow("ecr:ListImages"))
    made = r.call("CreatePolicy", quiet=True, PolicyName=name, PolicyDocument=text, **more)
    return made["Policy"]["Arn"]


def service_role(r):
    """The name of a service's role that was made before."""
    made = r.call("CreateServiceLinkedRole", quiet=True, AWSServiceName="replication.ecr.amazonaws.com")
    return made["Role"]["RoleName"]


def bad_role_names(r, **more):
    """Names that no role has."""
    for name in ("", "a b", "a/b", "a" * 65):
        r.call(RoleName=name, **more)
    r.call(**more)


def bad_trust(r, **more):
    """Trust policies that are none."""
    def put(text):
        r.call(**more, **{("AssumeRolePolicyDocument" if r.operation == "CreateRole" else "PolicyDocument"): text})

    r.title("no trust policies")
    for text in ("", "{", "[]", '{"Version":"2012-10-17"}', "\u20ac"):
        put(text)
    put(trust(Resource="*"))
    put(trust(action="ecr:GetAuthorizationToken"))
    put(json.dumps(allow("sts:AssumeRole")))
    put(json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sts:AssumeRole"}}))
    r.title("principals that do not exist")
    put(trust({"AWS": f"{PREFIX}:role/absent"}))
    put(trust({"AWS": f"arn:aws:iam::{FOREIGN}:user/absent"}))
    put(trust({"AWS": f"{PREFIX}:user/*"}))
    put(trust({"AWS": f"{PREFIX}:group/all"}))
    r.title("too long")
    put(trust(condition={"StringEquals": {"aws:PrincipalTag/a": "x" * 4_000}}))
    r.title("a provider that everybody shares, without telling whose tokens")
    web = {"action": "sts:AssumeRoleWithWebIdentity", "principal": {"Federated": GITHUB}}
    key = "token.actions.githubusercontent.com"
    put(trust(**web))
    put(trust(**web, condition={"StringEquals": {f"{key}:aud": "sts.amazonaws.com"}}))
    put(trust(**web, condition={"StringLike": {f"{key}:sub": "*"}}))


def create_role(r):
    r.title("defaults")
    r.call(RoleName="ci", AssumeRolePolicyDocument=trust())
    r.title("everything given, and the document as it was written")
    written = '{\n  "Version": "2012-10-17",\n  "Statement": { "Sid": "a", "Effect": "Allow",\n' \
              f'    "Principal": {{ "AWS": "{PREFIX}:role/ci" }}, "Action": ["sts:AssumeRole", "sts:TagSession"],\n' \
              '    "Condition": { "StringEquals": { "sts:ExternalId": "a+b c%20d~" } } }\n}'
    r.call(RoleName="full", AssumeRolePolicyDocument=written, Path="/team/ci/", Description="d\u00e9 <>&",
           MaxSessionDuration=43200, PermissionsBoundary=ADMINISTRATOR, Tags=tags(("team", "blue"), ("empty", "")))
    r.call("GetRole", RoleName="full")
    r.title("trust in services, accounts, sessions, providers and everybody")
    for number, principal in enumerate([{"Service": "ec2.amazonaws.com"}, {"AWS": f"{PREFIX}:root"}, "*",
                                        {"AWS": [FOREIGN, f"arn:aws:sts::{ACCOUNT}:assumed-role/ci/me"]}]):
        r.call(RoleName=f"t{number}", AssumeRolePolicyDocument=trust(principal))
    r.call(RoleName="web", AssumeRolePolicyDocument=trust(
        {"Federated": GITHUB}, action="sts:AssumeRoleWithWebIdentity",
        condition={"StringLike": {"token.actions.githubusercontent.com:sub": "repo:octo/app:*"}}))
    r.title("the name is taken, in any case of letters")
    r.call(RoleName="CI", AssumeRolePolicyDocument=trust(), Path="/elsewhere/")
    r.title("the paths of services")
    r.call(RoleName="new", AssumeRolePolicyDocument=trust(), Path="/aws-service-role/ecr.amazonaws.com/")
    bad_trust(r, RoleName="new")
    r.title("constraints")
    r.call(RoleName="new")
    bad_role_names(r, AssumeRolePolicyDocument=trust())
    for path in ("team", "/team", "//"):
        r.call(RoleName="new", AssumeRolePolicyDocument=trust(), Path=path)
    for seconds in (3599, 43201):
        r.call(RoleName="new", AssumeRolePolicyDocument=trust(), MaxSessionDuration=seconds)
    r.call(RoleName="new", AssumeRolePolicyDocument=trust(), Description="\u20ac")
    r.call(RoleName="new", AssumeRolePolicyDocument=trust(), Description="x" * 1001)
    r.title("tags and boundaries")
    r.call(RoleName="new", AssumeRolePolicyDocument=trust(), Tags=tags(("A", "1"), ("a", "2")))
    r.call(RoleName="new", AssumeRolePolicyDocument=trust(), PermissionsBoundary=f"{PREFIX}:policy/absent")
    r.call(RoleName="new", AssumeRolePolicyDocument=trust(), PermissionsBoundary=SERVICE_POLICY)
    r.title("nothing refused was made")
    r.call("GetRole", RoleName="new")
    r.title("who may make only roles with a boundary and a tag")
    limited = r.user("limited", allow("iam:CreateRole", condition={
        "StringEquals": {"iam:PermissionsBoundary": ADMINISTRATOR, "aws:RequestTag/team": "blue"}}))
    r.call(client=limited, RoleName="new", AssumeRolePolicyDocument=trust(), PermissionsBoundary=ADMINISTRATOR)
    r.call(client=limited, RoleName="new", AssumeRolePolicyDocument=trust(), PermissionsBoundary=ADMINISTRATOR,
           Tags=tags(("team", "blue")))
    r.without_permission(RoleName="free", AssumeRolePolicyDocument=trust())
    r.refuse_strangers(RoleName="free", AssumeRolePolicyDocument=trust())
    r.title("by the CLI")
    r.cli("iam", "create-role", "--role-name", "cli", "--assume-role-policy-document", trust(),
          "--tags", "Key=a,Value=b")


def get_role(r):
    r.title("in any case of letters")
    role(r, "Ci", Description="builds")
    r.call(RoleName="ci")
    r.title("a principal that is gone is shown by its id, one that came back is another")
    gone = r.call("CreateUser", quiet=True, UserName="una")["User"]["UserId"]
    r.name(gone, "id of una")
    role(r, "trusting", AssumeRolePolicyDocument=trust({"AWS": f"{PREFIX}:user/una"}))
    r.call(RoleName="trusting")
    r.call("UpdateUser", quiet=True, UserName="una", NewUserName="vera", NewPath="/v/")
    r.call(RoleName="trusting")
    r.call("DeleteUser", quiet=True, UserName="vera")
    r.call("CreateUser", quiet=True, UserName="vera", Path="/v/")
    r.call(RoleName="trusting")
    r.title("one that does not exist")
    r.call(RoleName="absent")
    r.title("whose boundary decides")
    role(r, "bounded", PermissionsBoundary=READER)
    me = r.user("me", allow("iam:GetRole", condition={"ArnEquals": {"iam:PermissionsBoundary": READER}}))
    r.call(client=me, RoleName="bounded")
    r.call(client=me, RoleName="ci")
    r.call(client=me, RoleName="absent")
    r.title("constraints")
    bad_role_names(r)
    r.without_permission(RoleName="ci")
    r.refuse_strangers(RoleName="ci")
    r.title("by the CLI")
    r.cli("iam", "get-role", "--role-name", "ci")


def list_roles(r):
    r.title("none")
    r.call()
    for name, path in (("b", "/"), ("A", "/team/"), ("c", "/team/x/"), ("d", "/teams/"), ("e", "/")):
        role(r, name, Path=path, Description="d", Tags=tags(("k", "v")), PermissionsBoundary=READER)
    r.title("without tags and boundaries")
    r.call(PathPrefix="/team/x")
    r.title("pages")
    r.marked_pages("Roles")
    r.title("below a path")
    r.marked_pages("Roles", PathPrefix="/team")
    r.title("a marker of another list")
    marker = r.call(MaxItems=1)["Marker"]
    r.call(Marker=marker, PathPrefix="/team/")
    r.title("a marker whose role is gone")
    r.call("DeleteRole", quiet=True, RoleName="A")
    r.call(Marker=marker, MaxItems=1)
    r.title("constraints")
    for more in ({"MaxItems": 0}, {"MaxItems": 1001}, {"Marker": ""}, {"Marker": "x" * 321}, {"PathPrefix": "team"},
                 {"Marker": "no-such-marker"}):
        r.call(**more)
    r.without_permission()
    r.title("by the CLI")
    r.cli("iam", "list-roles", "--page-size", "1", "--query", "Roles[].RoleName")


def update_role(r):
    role(r, Description="first")
    r.title("the one stays when the other changes")
    r.call(RoleName="CI", MaxSessionDuration=7200)
    r.call("GetRole", RoleName="ci")
    r.call(RoleName="ci", Description="second")
    r.call("GetRole", RoleName="ci")
    r.title("an empty description is none")
    r.call(RoleName="ci", Description="")
    r.call("GetRole", RoleName="ci")
    r.title("of a service's role only the description")
    name = service_role(r)
    r.call(RoleName=name, Description="mine")
    r.call(RoleName=name, MaxSessionDuration=7200)
    r.call("GetRole", RoleName=name)
    r.title("one that does not exist")
    r.call(RoleName="absent", Description="x")
    r.title("constraints")
    bad_role_names(r)
    r.call(RoleName="ci", MaxSessionDuration=1)
    r.call(RoleName="ci", Description="x" * 1001)
    r.without_permission(RoleName="ci", Description="x")
    r.title("by the CLI")
    r.cli("iam", "update-role", "--role-name", "ci", "--description", "cli")


def update_role_description(r):
    role(r)
    r.title("a description, and none")
    r.call(RoleName="ci", Description="new")
    r.call(RoleName="ci", Description="")
    r.title("of a service's role")
    r.call(RoleName=service_role(r), Description="mine")
    r.title("one that does not exist")
    r.call(RoleName="absent", Description="x")
    r.title("constraints")
    bad_role_names(r, Description="x")
    r.call(RoleName="ci")
    r.call(RoleName="ci", Description="\u20ac")
    r.without_permission(RoleName="ci", Description="x")
    r.title("by the CLI")
    r.cli("iam", "update-role-description", "--role-name", "ci", "--description", "cli")


def delete_role(r):
    role(r)
    r.title("what hangs on it, one after the other")
    r.call("CreateInstanceProfile", quiet=True, InstanceProfileName="machine")
    r.call("AddRoleToInstanceProfile", quiet=True, InstanceProfileName="machine", RoleName="ci")
    r.call("PutRolePolicy", quiet=True, RoleName="ci", PolicyName="own",
           PolicyDocument=json.dumps(allow("ecr:ListImages")))
    r.call("AttachRolePolicy", quiet=True, RoleName="ci", PolicyArn=READER)
    r.call(RoleName="ci")
    r.call("DetachRolePolicy", quiet=True, RoleName="ci", PolicyArn=READER)
    r.call(RoleName="ci")
    r.call("DeleteRolePolicy", quiet=True, RoleName="ci", PolicyName="own")
    r.call(RoleName="ci")
    r.call("RemoveRoleFromInstanceProfile", quiet=True, InstanceProfileName="machine", RoleName="ci")
    r.title("gone, and its name is free")
    r.call("TagRole", quiet=True, RoleName="ci", Tags=tags(("a", "b")))
    r.call(RoleName="CI")
    r.call("GetRole", RoleName="ci")
    r.call(RoleName="ci")
    role(r)
    r.call("ListRoleTags", RoleName="ci")
    r.title("a service's role")
    r.call(RoleName=service_role(r))
    r.title("constraints")
    bad_role_names(r)
    r.without_permission(RoleName="ci")
    r.title("by the CLI")
    r.cli("iam", "delete-role", "--role-name", "ci")


def update_assume_role_policy(r):
    role(r)
    r.title("another document, as it was written")
    r.call(RoleName="CI", PolicyDocument=trust({"Service": "ec2.amazonaws.com"}).replace(" ", "\n"))
    r.call("GetRole", RoleName="ci")
    r.title("itself")
    r.call(RoleName="ci", PolicyDocument=trust({"AWS": f"{PREFIX}:role/ci"}))
    bad_trust(r, RoleName="ci")
    r.title("nothing refused was saved")
    r.call("GetRole", RoleName="ci")
    r.title("a service's role")
    r.call(RoleName=service_role(r), PolicyDocument=trust())
    r.title("one that does not exist")
    r.call(RoleName="absent", PolicyDocument=trust())
    r.title("constraints")
    r.call(RoleName="ci")
    bad_role_names(r, PolicyDocument=trust())
    r.without_permission(RoleName="ci", PolicyDocument=trust())
    r.title("by the CLI")
    r.cli("iam", "update-assume-role-policy", "--role-name", "ci", "--policy-document", trust())


def tagging(r, make, kind, **about):
    """Cases of Tag…; the list of tags is that of `kind`."""
    make()
    listing = f"List{kind}Tags"
    r.title("tags, and others in their place, in any case of letters")
    r.call(**about, Tags=tags(("Team", "blue"), ("empty", "")))
    r.call(**about, Tags=tags(("TEAM", "red"), ("stage", "test")))
    r.call(listing, **about)
    r.title("none")
    r.call(**about, Tags=[])
    r.title("fifty, and one more")
    r.call(**about, Tags=tags(*((f"k{i}", "v") for i in range(47))))
    r.call(**about, Tags=tags(("more", "v")))
    r.call(**about, Tags=tags(("k0", "other")))
    r.title("tags that are none")
    r.call(**about)
    r.call(**about, Tags=tags(("A", "1"), ("a", "2")))
    r.call(**about, Tags=tags(("aws:x", "1")))
    r.call(**about, Tags=tags(("", "1")))
    r.call(**about, Tags=tags(("k" * 129, "1")))
    r.call(**about, Tags=tags(("k", "v" * 257)))
    r.title("who may set only one key")
    me = r.user("me", allow(f"iam:{r.operation}", condition={
        "ForAllValues:StringEquals": {"aws:TagKeys": ["stage"]}}))
    r.call(client=me, **about, Tags=tags(("stage", "live")))
    r.call(client=me, **about, Tags=tags(("team", "live")))


def untagging(r, make, kind, **about):
    """Cases of Untag…."""
    make()
    r.call(f"Tag{kind}", quiet=True, **about, Tags=tags(("Team", "blue"), ("stage", "test"), ("kept", "x")))
    r.title("in any case of letters; keys that are not there are passed over")
    r.call(**about, TagKeys=["TEAM", "absent"])
    r.call(f"List{kind}Tags", **about)
    r.call(**about, TagKeys=[])
    r.title("who may remove only one key")
    me = r.user("me", allow(f"iam:{r.operation}", condition={
        "ForAllValues:StringEquals": {"aws:TagKeys": ["stage"]}}))
    r.call(client=me, **about, TagKeys=["kept"])
    r.call(client=me, **about, TagKeys=["stage"])
    r.call(f"List{kind}Tags", **about)
    r.title("constraints")
    r.call(**about)
    r.call(**about, TagKeys=["k" * 129])


def listing_tags(r, make, kind, **about):
    """Cases of List…Tags."""
    make()
    r.title("none")
    r.call(**about)
    r.call(f"Tag{kind}", quiet=True, **about, Tags=tags(("b", "2"), ("A", "1"), ("c", "")))
    r.title("pages, in the order of the keys")
    r.marked_pages("Tags", **about)
    r.title("constraints")
    r.call(**about, MaxItems=0)
    r.call(**about, Marker="no-such-marker")


def tag_role(r):
    tagging(r, lambda: role(r), "Role", RoleName="ci")
    r.title("a service's role")
    r.call(RoleName=service_role(r), Tags=tags(("a", "b")))
    r.title("one that does not exist")
    r.call(RoleName="absent", Tags=tags(("a", "b")))
    bad_role_names(r, Tags=tags(("a", "b")))
    r.without_permission(RoleName="ci", Tags=tags(("a", "b")))
    r.title("by the CLI")
    r.cli("iam", "tag-role", "--role-name", "ci", "--tags", "Key=stage,Value=cli")


def untag_role(r):
    untagging(r, lambda: role(r), "Role", RoleName="ci")
    r.title("one that does not exist")
    r.call(RoleName="absent", TagKeys=["a"])
    r.without_permission(RoleName="ci", TagKeys=["a"])
    r.title("by the CLI")
    r.cli("iam", "untag-role", "--role-name", "ci", "--tag-keys", "a", "b")


def list_role_tags(r):
    listing_tags(r, lambda: role(r), "Role", RoleName="ci")
    r.title("one that does not exist")
    r.call(RoleName="absent")
    r.without_permission(RoleName="ci")
    r.title("by the CLI")
    r.cli("iam", "list-role-tags", "--role-name", "ci")


def put_role_permissions_boundary(r):
    role(r)
    r.title("one of AWS's, then one of the account")
    r.call(RoleName="CI", PermissionsBoundary=READER)
    own = policy(r)
    r.call(RoleName="ci", PermissionsBoundary=own)
    r.call("GetRole", RoleName="ci")
    r.call("GetPolicy", PolicyArn=own)
    r.title("no boundaries")
    r.call(RoleName="ci", PermissionsBoundary="AdministratorAccess-1")
    r.call(RoleName="ci", PermissionsBoundary=f"{PREFIX}:policy/absent")
    r.call(RoleName="ci", PermissionsBoundary=f"arn:aws:iam::{FOREIGN}:policy/own")
    r.call(RoleName="ci", PermissionsBoundary=f"{PREFIX}:role/ci")
    r.call(RoleName="ci", PermissionsBoundary=SERVICE_POLICY)
    r.title("a service's role")
    r.call(RoleName=service_role(r), PermissionsBoundary=READER)
    r.title("one that does not exist")
    r.call(RoleName="absent", PermissionsBoundary=READER)
    r.title("who may set only one")
    me = r.user("me", allow("iam:PutRolePermissionsBoundary", condition={
        "StringEquals": {"iam:PermissionsBoundary": READER}}))
    r.call(client=me, RoleName="ci", PermissionsBoundary=own)
    r.call(client=me, RoleName="ci", PermissionsBoundary=READER)
    r.title("constraints")
    r.call(RoleName="ci")
    r.call(RoleName="ci", PermissionsBoundary="short")
    r.without_permission(RoleName="ci", PermissionsBoundary=READER)
    r.title("by the CLI")
    r.cli("iam", "put-role-permissions-boundary", "--role-name", "ci", "--permissions-boundary", READER)


def delete_role_permissions_boundary(r):
    role(r, PermissionsBoundary=READER)
    r.title("who may not, where it bounds")
    me = r.user("me", allow("iam:DeleteRolePermissionsBoundary", condition={
        "StringNotEquals": {"iam:PermissionsBoundary": READER}}))
    r.call(client=me, RoleName="ci")
    r.title("and again")
    r.call(RoleName="CI")
    r.call("GetRole", RoleName="ci")
    r.call(RoleName="ci")
    r.title("a service's role")
    r.call(RoleName=service_role(r))
    r.title("one that does not exist")
    r.call(RoleName="absent")
    r.title("constraints")
    bad_role_names(r)
    r.without_permission(RoleName="ci")
    r.title("by the CLI")
    r.cli("iam", "delete-role-permissions-boundary", "--role-name", "ci")


def create_service_linked_role(r):
    r.title("of each service that has one")
    for service in ("replication.ecr.amazonaws.com", "pullthroughcache.ecr.amazonaws.com", "ecr.amazonaws.com"):
        made = r.call(AWSServiceName=service, Description="d")
        name = made["Role"]["RoleName"]
        r.call("ListAttachedRolePolicies", RoleName=name)
    r.call("GetRole", RoleName="AWSServiceRoleForECRTemplate")
    r.title("again")
    r.call(AWSServiceName="ecr.amazonaws.com")
    r.title("a suffix")
    r.call(AWSServiceName="ecr.amazonaws.com", CustomSuffix="x")
    r.title("services without")
    r.call(AWSServiceName="sample.amazonaws.com")
    r.title("who may for one service")
    me = r.user("me", allow("iam:CreateServiceLinkedRole", condition={
        "StringEquals": {"iam:AWSServiceName": "replication.ecr.amazonaws.com"}}))
    r.call(client=me, AWSServiceName="replication.ecr.amazonaws.com")
    r.call(client=me, AWSServiceName="ecr.amazonaws.com")
    r.title("constraints")
    r.call()
    r.call(AWSServiceName="")
    r.call(AWSServiceName="x" * 129)
    r.without_permission(AWSServiceName="ecr.amazonaws.com")
    r.title("by the CLI")
    r.cli("iam", "create-service-linked-role", "--aws-service-name", "ecr.amazonaws.com")


def delete_service_linked_role(r):
    name = service_role(r)
    r.title("at once, with its policy and tags")
    r.call("TagRole", quiet=True, RoleName=name, Tags=tags(("a", "b")))
    r.call(RoleName=name.lower())
    r.call("GetRole", RoleName=name)
    r.title("and made again")
    service_role(r)
    r.title("no service's role")
    role(r)
    r.call(RoleName="ci")
    r.call(RoleName="absent")
    r.title("constraints")
    bad_role_names(r)
    r.without_permission(RoleName=name)
    r.title("by the CLI")
    r.cli("iam", "delete-service-linked-role", "--role-name", name)


def get_service_linked_role_deletion_status(r):
    name = service_role(r)
    task = r.call("DeleteServiceLinkedRole", RoleName=name)["DeletionTaskId"]
    r.title("done")
    r.call(DeletionTaskId=task)
    r.title("nobody was told that one")
    other = task[:-1] + ("0" if task[-1] != "0" else "1")
    r.call(DeletionTaskId=other)
    r.title("no task")
    for text in ("task", "task/x", "x" * 30, f"task/role/{name}/" + task.rpartition("/")[2]):
        r.call(DeletionTaskId=text)
    r.title("constraints")
    r.call()
    r.call(DeletionTaskId="")
    r.call(DeletionTaskId="x" * 1001)
    r.without_permission(DeletionTaskId=task)
    r.title("by the CLI")
    r.cli("iam", "get-service-linked-role-deletion-status", "--deletion-task-id", task)


CASES = {
    "CreateRole": create_role,
    "CreateServiceLinkedRole": create_service_linked_role,
    "DeleteRole": delete_role,
    "DeleteRolePermissionsBoundary": delete_role_permissions_boundary,
    "DeleteServiceLinkedRole": delete_service_linked_role,
    "GetRole": get_role,
    "GetServiceLinkedRoleDeletionStatus": get_service_linked_role_deletion_status,
    "ListRoleTags": list_role_tags,
    "ListRoles": list_roles,
    "PutRolePermissionsBoundary": put_role_permissions_boundary,
    "TagRole": tag_role,
    "UntagRole": untag_role,
    "UpdateAssumeRolePolicy": update_assume_role_policy,
    "UpdateRole": update_role,
    "UpdateRoleDescription": update_role_description,
}
