"""Cases of IAM's access keys, and of the credentials that nobody has here."""

from cases_iam_users import PREFIX, allow, bad_names

ABSENT = "AKIAQQQQQQQQQQQQQQQQ"


def create_access_key(r):
    me = r.user("Una", allow("iam:CreateAccessKey", resource=f"{PREFIX}:user/Una"))
    r.title("of itself")
    key = r.call(client=me)["AccessKey"]
    r.title("the new one works, and there is no third")
    r.call(client=r.as_key({**key, "UserName": "Una (second)"}))
    r.call(UserName="una")
    r.title("not of another")
    r.call(client=me, UserName="absent")
    r.title("of the root, by the root alone")
    key = r.call()["AccessKey"]
    r.call("GetUser", client=r.as_key(key))
    r.call()
    r.title("one that does not exist")
    r.call(UserName="absent")
    r.title("constraints")
    bad_names(r)
    r.without_permission(UserName="Una")
    r.refuse_strangers(UserName="Una")
    r.title("by the CLI")
    r.call("CreateUser", quiet=True, UserName="cli")
    r.cli("iam", "create-access-key", "--user-name", "cli")


def list_access_keys(r):
    r.title("of the root")
    r.call()
    r.title("of a user without, and with")
    r.call("CreateUser", quiet=True, UserName="Una")
    r.call(UserName="Una")
    for _ in range(2):
        r.call("CreateAccessKey", quiet=True, UserName="Una")
    r.call(UserName="una")
    r.title("one at a time")
    first = r.call(UserName="Una", MaxItems=1)
    r.call(UserName="Una", MaxItems=1, Marker=first["Marker"])
    r.call(UserName="una", MaxItems=1, Marker=first["Marker"])
    r.title("itself")
    me = r.user("self", allow("iam:ListAccessKeys", resource=f"{PREFIX}:user/self"))
    r.call(client=me)
    r.call(client=me, UserName="Una")
    r.title("one that does not exist")
    r.call(UserName="absent")
    r.title("constraints")
    bad_names(r)
    r.call(MaxItems=0)
    r.call(Marker="no-such-marker")
    r.without_permission(UserName="Una")
    r.title("by the CLI")
    r.cli("iam", "list-access-keys", "--user-name", "Una")


def update_access_key(r):
    me = r.user("una", allow("iam:GetUser"))
    key = r.call("ListAccessKeys", quiet=True, UserName="una")["AccessKeyMetadata"][0]["AccessKeyId"]
    r.title("inactive from the next request on, and active again")
    r.call("GetUser", client=me)
    r.call(UserName="una", AccessKeyId=key, Status="Inactive")
    r.call("ListAccessKeys", UserName="una")
    r.call("GetUser", client=me)
    r.call(UserName="una", AccessKeyId=key, Status="Inactive")
    r.call(UserName="una", AccessKeyId=key, Status="Active")
    r.call("GetUser", client=me)
    r.title("a key of the root, of the root itself")
    second = r.call("CreateAccessKey", quiet=True)["AccessKey"]
    root = r.as_key(second)
    r.call(AccessKeyId=second["AccessKeyId"], Status="Inactive")
    r.call("GetUser", client=root)
    r.title("keys that are another's, or nobody's")
    r.call(AccessKeyId=key, Status="Inactive")
    r.call("CreateUser", quiet=True, UserName="vera")
    r.call(UserName="vera", AccessKeyId=key, Status="Inactive")
    r.call(UserName="una", AccessKeyId=ABSENT, Status="Inactive")
    r.title("one that does not exist")
    r.call(UserName="absent", AccessKeyId=key, Status="Inactive")
    r.title("constraints")
    r.call(UserName="una")
    r.call(UserName="una", AccessKeyId="short", Status="Active")
    r.call(UserName="una", AccessKeyId=key, Status="Asleep")
    r.call(UserName="una", AccessKeyId=key, Status="Expired")
    r.without_permission(UserName="una", AccessKeyId=key, Status="Inactive")
    r.title("by the CLI")
    r.cli("iam", "update-access-key", "--user-name", "una", "--access-key-id", key, "--status", "Inactive")


def delete_access_key(r):
    me = r.user("una", allow("iam:*AccessKey*", resource=f"{PREFIX}:user/una"))
    second = r.call("CreateAccessKey", quiet=True, UserName="una")["AccessKey"]
    other = r.as_key({**second, "UserName": "una (second)"})
    r.title("keys that are another's, or nobody's")
    r.call(AccessKeyId=second["AccessKeyId"])
    r.call(UserName="una", AccessKeyId=ABSENT)
    r.title("the other key: it stops with the next request, and the user stays")
    r.call(client=me, AccessKeyId=second["AccessKeyId"])
    r.call("ListAccessKeys", client=other)
    r.call(client=me, AccessKeyId=second["AccessKeyId"])
    r.title("the key that asks")
    own = r.call("ListAccessKeys", quiet=True, UserName="una")["AccessKeyMetadata"][0]["AccessKeyId"]
    r.call(client=me, AccessKeyId=own)
    r.call("ListAccessKeys", client=me)
    r.call("GetUser", UserName="una")
    r.title("a key of the root")
    made = r.call("CreateAccessKey", quiet=True)["AccessKey"]
    root = r.as_key(made)
    r.call(AccessKeyId=made["AccessKeyId"])
    r.call("GetUser", client=root)
    r.title("one that does not exist")
    r.call(UserName="absent", AccessKeyId=own)
    r.title("constraints")
    r.call(UserName="una")
    r.call(UserName="una", AccessKeyId="short")
    r.without_permission(UserName="una", AccessKeyId=own)
    r.title("by the CLI")
    cli = r.call("CreateAccessKey", quiet=True, UserName="una")["AccessKey"]["AccessKeyId"]
    r.cli("iam", "delete-access-key", "--user-name", "una", "--access-key-id", cli)


def get_access_key_last_used(r):
    me = r.user("una", allow("iam:GetAccessKeyLastUsed", resource=f"{PREFIX}:user/una"))
    key = r.call("ListAccessKeys", quiet=True, UserName="una")["AccessKeyMetadata"][0]["AccessKeyId"]
    r.title("never")
    r.call(AccessKeyId=key)
    r.title("by itself")
    r.call(client=me, AccessKeyId=key)
    r.call(AccessKeyId=key)
    r.title("elsewhere, though it was refused")
    r.call("DescribeRepositories", client=r.client("ecr", **{
        "region_name": "us-east-1", **secrets(r, me)}))
    r.call(AccessKeyId=key)
    r.title("one that does not exist, of the root, of another account")
    r.call(AccessKeyId=ABSENT)
    r.call(client=me, AccessKeyId=ABSENT)
    own = r.call("ListAccessKeys", quiet=True)["AccessKeyMetadata"][0]["AccessKeyId"]
    r.call(AccessKeyId=own)
    r.call(client=me, AccessKeyId=own)
    r.title("constraints")
    r.call()
    r.call(AccessKeyId="short")
    r.without_permission(AccessKeyId=key)
    r.title("by the CLI")
    r.cli("iam", "get-access-key-last-used", "--access-key-id", key)


def secrets(r, client):
    """The credentials of a client, for one of another service."""
    key = client._request_signer._credentials
    r.names.setdefault(key.access_key, "<key>")
    return {"aws_access_key_id": key.access_key, "aws_secret_access_key": key.secret_key}


def nothing(r, cli, **more):
    """What there is none of: of the root, of a user, of oneself, of nobody."""
    r.title("of the root")
    r.call(**more)
    r.title("of a user")
    me = r.user("una", allow(f"iam:{r.operation}", resource=f"{PREFIX}:user/una"))
    r.call(UserName="una", **more)
    r.call(client=me, **more)
    r.call(client=me, UserName="absent", **more)
    r.title("one that does not exist")
    r.call(UserName="absent", **more)
    r.title("constraints")
    bad_names(r)
    if r.operation.startswith("List"):
        r.call(MaxItems=0)
        r.call(Marker="no-such-marker")
    r.without_permission(UserName="una", **more)
    r.title("by the CLI")
    r.cli("iam", cli, "--user-name", "una")


def list_service_specific_credentials(r):
    nothing(r, "list-service-specific-credentials")
    r.title("services")
    r.call(UserName="una", ServiceName="codecommit.amazonaws.com")
    r.call(UserName="una", ServiceName="ecr.amazonaws.com")
    r.title("of all users")
    r.call(AllUsers=True)


def list_virtual_mfa_devices(r):
    r.title("none")
    r.call()
    for status in ("Assigned", "Unassigned", "Any", "Lost"):
        r.call(AssignmentStatus=status)
    r.title("constraints")
    r.call(MaxItems=0)
    r.call(Marker="no-such-marker")
    r.without_permission()
    r.title("by the CLI")
    r.cli("iam", "list-virtual-mfa-devices")


CASES = {
    "CreateAccessKey": create_access_key,
    "DeleteAccessKey": delete_access_key,
    "DeleteLoginProfile": lambda r: nothing(r, "delete-login-profile"),
    "GetAccessKeyLastUsed": get_access_key_last_used,
    "GetLoginProfile": lambda r: nothing(r, "get-login-profile"),
    "ListAccessKeys": list_access_keys,
    "ListMFADevices": lambda r: nothing(r, "list-mfa-devices"),
    "ListSSHPublicKeys": lambda r: nothing(r, "list-ssh-public-keys"),
    "ListServiceSpecificCredentials": list_service_specific_credentials,
    "ListSigningCertificates": lambda r: nothing(r, "list-signing-certificates"),
    "ListVirtualMFADevices": list_virtual_mfa_devices,
    "UpdateAccessKey": update_access_key,
}
