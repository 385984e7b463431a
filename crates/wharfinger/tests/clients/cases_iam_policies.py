"""Cases of IAM's inline policies: of users, groups and roles the same."""

import json

from cases_iam_users import PREFIX, allow, bad_names

TRUST = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]}
QUOTA = {"User": 2048, "Group": 5120, "Role": 10240}
ODD = '{"Version": "2012-10-17",\n "Statement": [{"Sid": "Plus", "Effect": "Allow", "Action": "ecr:*", "Resource": "arn:aws:ecr:*:*:repository/a+b~c%20d"}]}'


def kind_of(r):
    """`User` of `PutUserPolicy`."""
    return next(kind for kind in QUOTA if kind in r.operation)


def make(r, name):
    """A user, group or role; the arguments that name it."""
    kind = kind_of(r)
    more = {"AssumeRolePolicyDocument": json.dumps(TRUST)} if kind == "Role" else {}
    r.call(f"Create{kind}", quiet=True, **{f"{kind}Name": name}, **more)
    return {f"{kind}Name": name}


def absent(r):
    """The arguments that name one that does not exist."""
    return {f"{kind_of(r)}Name": "absent"}


def put(r):
    kind = kind_of(r)
    owner = make(r, "Owner")
    document = json.dumps(allow("ecr:*"))
    r.title("a policy, another in its place, one beside it")
    r.call(**owner, PolicyName="p", PolicyDocument=document)
    r.call(**owner, PolicyName="p", PolicyDocument=ODD)
    r.call(f"Get{kind}Policy", **owner, PolicyName="p")
    r.call(**owner, PolicyName="P", PolicyDocument=document)
    r.title("one that does not exist")
    r.call(**absent(r), PolicyName="p", PolicyDocument=document)
    r.title("more than all of one owner together may have, not counting white space")
    half = QUOTA[kind] // 2

    def long(size):
        text = json.dumps(allow("ecr:*", resource="arn:aws:ecr:*:*:repository/"), separators=(",", ":"))
        return text.replace("repository/", "repository/" + "x" * (size - len(text)))

    other = make(r, "large")
    r.call(quiet=True, **other, PolicyName="a", PolicyDocument=long(half) + " " * 100)
    r.call(**other, PolicyName="b", PolicyDocument=long(half + 1))
    r.call(quiet=True, **other, PolicyName="b", PolicyDocument=long(half))
    r.call(quiet=True, **other, PolicyName="b", PolicyDocument=long(half))
    r.title("no documents")
    for bad in ("{", "[]", "{}", '{"Version":"2012-10-17"}', json.dumps(TRUST),
                json.dumps(allow("ecr")), json.dumps(allow("ecr:*", resource="repository")),
                json.dumps(allow("ecr:*", effect="Perhaps")),
                '{"Version":"2012-10-17","Version":"2012-10-17","Statement":[]}'):
        r.call(**owner, PolicyName="new", PolicyDocument=bad)
    r.title("constraints")
    r.call(**owner, PolicyName="new")
    r.call(PolicyName="new", PolicyDocument=document)
    bad_names(r, "PolicyName", **owner, PolicyDocument=document)
    r.call(**owner, PolicyName="new", PolicyDocument="")
    r.call(**owner, PolicyName="new", PolicyDocument="\u20ac")
    r.title("nothing refused was written")
    r.call(f"List{kind}Policies", **owner)
    r.without_permission(**owner, PolicyName="p", PolicyDocument=document)
    r.title("by the CLI")
    r.cli("iam", f"put-{kind.lower()}-policy", f"--{kind.lower()}-name", "Owner", "--policy-name", "cli",
          "--policy-document", document)


def get(r):
    kind = kind_of(r)
    owner = make(r, "Owner")
    r.call(f"Put{kind}Policy", quiet=True, **owner, PolicyName="p", PolicyDocument=ODD)
    r.title("as it was given, percent-encoded")
    answer = r.call(**{key: value.lower() for key, value in owner.items()}, PolicyName="p")
    if answer["PolicyDocument"] != json.loads(ODD):
        r.fault(f"the document is another: {answer['PolicyDocument']}")
    r.title("ones that do not exist; policies differ by the case of their letters")
    r.call(**owner, PolicyName="P")
    r.call(**absent(r), PolicyName="p")
    r.title("constraints")
    r.call(**owner)
    bad_names(r, "PolicyName", **owner)
    r.without_permission(**owner, PolicyName="p")
    r.title("by the CLI")
    r.cli("iam", f"get-{kind.lower()}-policy", f"--{kind.lower()}-name", "Owner", "--policy-name", "p")


def delete(r):
    kind = kind_of(r)
    owner = make(r, "Owner")
    r.call(f"Put{kind}Policy", quiet=True, **owner, PolicyName="p", PolicyDocument=ODD)
    r.title("one that is there, and is no more")
    r.call(**owner, PolicyName="p")
    r.call(**owner, PolicyName="p")
    r.title("one that does not exist")
    r.call(**absent(r), PolicyName="p")
    r.title("constraints")
    r.call(**owner)
    bad_names(r, "PolicyName", **owner)
    r.without_permission(**owner, PolicyName="p")
    r.title("by the CLI")
    r.call(f"Put{kind}Policy", quiet=True, **owner, PolicyName="cli", PolicyDocument=ODD)
    r.cli("iam", f"delete-{kind.lower()}-policy", f"--{kind.lower()}-name", "Owner", "--policy-name", "cli")


def list_names(r):
    kind = kind_of(r)
    owner = make(r, "Owner")
    r.title("none")
    r.call(**owner)
    for name in ("b", "A", "c"):
        r.call(f"Put{kind}Policy", quiet=True, **owner, PolicyName=name, PolicyDocument=ODD)
    r.title("all, two at a time")
    r.call(**owner)
    r.marked_pages("PolicyNames", **owner)
    r.title("one that does not exist")
    r.call(**absent(r))
    r.title("constraints")
    r.call()
    bad_names(r, f"{kind}Name")
    r.call(**owner, MaxItems=0)
    r.call(**owner, Marker="no-such-marker")
    r.without_permission(**owner)
    r.title("by the CLI")
    r.cli("iam", f"list-{kind.lower()}-policies", f"--{kind.lower()}-name", "Owner")


def put_user(r):
    put(r)
    r.title("who may write policies only of users with a boundary")
    administrator = "arn:aws:iam::aws:policy/AdministratorAccess"
    limited = r.user("limited", allow("iam:PutUserPolicy", condition={
        "StringEquals": {"iam:PermissionsBoundary": administrator}}))
    r.call("CreateUser", quiet=True, UserName="bounded", PermissionsBoundary=administrator)
    document = json.dumps(allow("ecr:*"))
    r.call(client=limited, UserName="bounded", PolicyName="p", PolicyDocument=document)
    r.call(client=limited, UserName="Owner", PolicyName="p", PolicyDocument=document)
    r.title("a deny for itself counts from the next request on")
    me = r.user("self", allow("iam:*UserPolic*", resource=f"{PREFIX}:user/self"))
    r.call(client=me, UserName="self", PolicyName="deny",
           PolicyDocument=json.dumps(allow("iam:ListUserPolicies", effect="Deny")))
    r.call("ListUserPolicies", client=me, UserName="self")
    r.call("DeleteUserPolicy", client=me, UserName="self", PolicyName="deny")
    r.call("ListUserPolicies", client=me, UserName="self")


CASES = {"PutUserPolicy": put_user}
for each in QUOTA:
    CASES.setdefault(f"Put{each}Policy", put)
    CASES[f"Get{each}Policy"] = get
    CASES[f"Delete{each}Policy"] = delete
    CASES[f"List{each}Policies"] = list_names
