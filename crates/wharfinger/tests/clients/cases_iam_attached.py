"""Cases of IAM's managed policies where they are attached."""

from cases_iam_roles import ADMINISTRATOR, PREFIX, READER, SERVICE_POLICY, allow, policy, role, service_role
from record import FOREIGN


def attaching(r, kind, most):
    """Cases of Attach…."""
    name = f"{kind}Name"
    listing = {"User": "ListAttachedUserPolicies", "Role": "ListAttachedRolePolicies",
               "Group": "ListAttachedGroupPolicies"}[kind]
    owner(r, kind)
    r.title("one of AWS's, one of the account, and again")
    own = policy(r, Path="/p/")
    for arn in (READER, own, READER):
        r.call(**{name: "One"}, PolicyArn=arn)
    r.call(listing, **{name: "one"})
    r.call("GetPolicy", PolicyArn=own)
    r.title("no policies")
    r.call(**{name: "one"}, PolicyArn=f"{PREFIX}:policy/absent")
    r.call(**{name: "one"}, PolicyArn=f"{PREFIX}:policy/own")
    r.call(**{name: "one"}, PolicyArn="arn:aws:iam::aws:policy/NoSuchPolicy")
    r.call(**{name: "one"}, PolicyArn=f"arn:aws:iam::{FOREIGN}:policy/own")
    r.call(**{name: "one"}, PolicyArn=f"{PREFIX}:role/is-no-policy")
    r.call(**{name: "one"}, PolicyArn="no-arn-but-long-enough")
    r.call(**{name: "one"}, PolicyArn=SERVICE_POLICY)
    if kind == "Role":
        r.title("a service's role")
        r.call(RoleName=service_role(r), PolicyArn=READER)
    r.title("as many as there may be, and one more")
    for number in range(most - 2):
        arn = policy(r, f"more{number}")
        r.call(quiet=True, **{name: "one"}, PolicyArn=arn)
    r.call(**{name: "one"}, PolicyArn=ADMINISTRATOR)
    r.call(**{name: "one"}, PolicyArn=READER)
    r.title("one that does not exist")
    r.call(**{name: "absent"}, PolicyArn=READER)
    r.title("who may attach only one policy")
    me = r.user("me", allow(f"iam:{r.operation}", condition={"ArnEquals": {"iam:PolicyARN": READER}}))
    r.call(client=me, **{name: "one"}, PolicyArn=READER)
    r.call(client=me, **{name: "one"}, PolicyArn=ADMINISTRATOR)
    r.title("constraints")
    r.call(**{name: "one"})
    r.call(PolicyArn=READER)
    r.call(**{name: "one"}, PolicyArn="short")
    r.call(**{name: "a b"}, PolicyArn=READER)
    r.without_permission(**{name: "one"}, PolicyArn=READER)
    r.title("by the CLI")
    r.cli("iam", f"attach-{kind.lower()}-policy", f"--{kind.lower()}-name", "one", "--policy-arn", READER)


def owner(r, kind):
    """A user, role or group `One`."""
    if kind == "Role":
        role(r, "One")
    else:
        r.call(f"Create{kind}", quiet=True, **{f"{kind}Name": "One"})


def detaching(r, kind):
    """Cases of Detach…."""
    name = f"{kind}Name"
    owner(r, kind)
    for arn in (READER, ADMINISTRATOR):
        r.call(f"Attach{kind}Policy", quiet=True, **{name: "one"}, PolicyArn=arn)
    r.title("who may detach only one policy")
    me = r.user("me", allow(f"iam:{r.operation}", condition={"ArnEquals": {"iam:PolicyARN": READER}}))
    r.call(client=me, **{name: "One"}, PolicyArn=ADMINISTRATOR)
    r.call(client=me, **{name: "One"}, PolicyArn=READER)
    r.title("and again; and those that never were attached")
    r.call(**{name: "one"}, PolicyArn=READER)
    r.call(**{name: "one"}, PolicyArn=f"{PREFIX}:policy/absent")
    r.call(**{name: "one"}, PolicyArn="no-arn-but-long-enough")
    if kind == "Role":
        r.title("a service's role")
        r.call(RoleName=service_role(r), PolicyArn=SERVICE_POLICY)
    r.title("one that does not exist")
    r.call(**{name: "absent"}, PolicyArn=READER)
    r.title("constraints")
    r.call(**{name: "one"})
    r.call(PolicyArn=READER)
    r.without_permission(**{name: "one"}, PolicyArn=ADMINISTRATOR)
    r.title("by the CLI")
    r.cli("iam", f"detach-{kind.lower()}-policy", f"--{kind.lower()}-name", "one", "--policy-arn", ADMINISTRATOR)


def listing_attached(r, kind):
    """Cases of ListAttached…."""
    about = {f"{kind}Name": "one"}
    owner(r, kind)
    r.title("none")
    r.call(**about)
    task = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
    for arn in (READER, task, policy(r), policy(r, "below", Path="/service-role/x/")):
        r.call(f"Attach{kind}Policy", quiet=True, **about, PolicyArn=arn)
    r.title("pages")
    r.marked_pages("AttachedPolicies", **about)
    r.title("below a path")
    r.call(**about, PathPrefix="/service-role/")
    r.title("one that does not exist")
    r.call(**{f"{kind}Name": "absent"})
    r.title("constraints")
    r.call()
    r.call(**about, PathPrefix="service")
    r.call(**about, MaxItems=0)
    r.call(**about, Marker="no-such-marker")
    r.without_permission(**about)
    r.title("by the CLI")
    r.cli("iam", f"list-attached-{kind.lower()}-policies", f"--{kind.lower()}-name", "one", "--page-size", "1")


CASES = {
    "AttachGroupPolicy": lambda r: attaching(r, "Group", 10),
    "AttachRolePolicy": lambda r: attaching(r, "Role", 20),
    "AttachUserPolicy": lambda r: attaching(r, "User", 20),
    "DetachGroupPolicy": lambda r: detaching(r, "Group"),
    "DetachRolePolicy": lambda r: detaching(r, "Role"),
    "DetachUserPolicy": lambda r: detaching(r, "User"),
    "ListAttachedGroupPolicies": lambda r: listing_attached(r, "Group"),
    "ListAttachedRolePolicies": lambda r: listing_attached(r, "Role"),
    "ListAttachedUserPolicies": lambda r: listing_attached(r, "User"),
}
