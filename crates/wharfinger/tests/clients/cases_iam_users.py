"""Cases of IAM's users, their tags and their boundaries."""

from record import ACCOUNT

ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
PREFIX = f"arn:aws:iam::{ACCOUNT}"


def allow(*actions, resource="*", condition=None, effect="Allow"):
    """A policy of one statement."""
    statement = {"Effect": effect, "Action": list(actions), "Resource": resource}
    if condition:
        statement["Condition"] = condition
    return {"Version": "2012-10-17", "Statement": [statement]}


def tags(*pairs):
    """Tags of pairs of key and value."""
    return [{"Key": key, "Value": value} for key, value in pairs]


def bad_names(r, member="UserName", **more):
    """Names that are none."""
    for name in ("", "a b", "a/b", "ä", "a" * 129):
        r.call(**more, **{member: name})


def create_user(r):
    r.title("defaults")
    r.call(UserName="Anna")
    r.title("everything given")
    r.call(UserName="ben", Path="/team/", PermissionsBoundary=ADMINISTRATOR,
           Tags=tags(("team", "blue"), ("empty", "")))
    r.call(UserName="cleo", Tags=[])
    r.call(UserName="dora+=,.@-_")
    r.call(UserName="a" * 64)
    r.title("the name is taken, in any case of letters")
    r.call(UserName="anna", Path="/elsewhere/")
    r.title("constraints")
    r.call()
    bad_names(r)
    r.call(UserName="a" * 65)
    for path in ("team", "/team", "team/", "//", "/a b/", "/" + "a" * 511 + "/"):
        r.call(UserName="new", Path=path)
    r.title("tags")
    r.call(UserName="new", Tags=tags(("A", "1"), ("a", "2")))
    r.call(UserName="new", Tags=tags(("aws:x", "1")))
    r.call(UserName="new", Tags=tags(("", "1")))
    r.call(UserName="new", Tags=tags(("k" * 129, "1")))
    r.call(UserName="new", Tags=tags(("k", "v" * 257)))
    r.call(UserName="new", Tags=[{"Key": "k"}])
    r.call(UserName="new", Tags=tags(*((f"k{i}", "v") for i in range(51))))
    r.title("boundaries")
    r.call(UserName="new", PermissionsBoundary="AdministratorAccess-1")
    r.call(UserName="new", PermissionsBoundary=f"{PREFIX}:policy/absent")
    r.title("who may make only users with a boundary")
    limited = r.user("limited", allow("iam:CreateUser", condition={
        "StringEquals": {"iam:PermissionsBoundary": ADMINISTRATOR}}))
    r.call(client=limited, UserName="new")
    r.call(client=limited, UserName="bounded", PermissionsBoundary=ADMINISTRATOR)
    r.title("who may make only users with some tags, below a path")
    tagging = r.user("tagging", allow("iam:CreateUser", resource=f"{PREFIX}:user/team/*", condition={
        "StringEquals": {"aws:RequestTag/team": "blue"},
        "ForAllValues:StringEquals": {"aws:TagKeys": ["team"]}}))
    r.call(client=tagging, UserName="new", Path="/team/", Tags=tags(("team", "red")))
    r.call(client=tagging, UserName="new", Path="/team/", Tags=tags(("team", "blue"), ("x", "y")))
    r.call(client=tagging, UserName="new", Tags=tags(("team", "blue")))
    r.call(client=tagging, UserName="tagged", Path="/team/", Tags=tags(("team", "blue")))
    r.without_permission(UserName="new")
    r.refuse_strangers(UserName="newer")
    r.title("nothing refused was made")
    r.call("GetUser", UserName="new")
    r.call("GetUser", UserName="newer")
    r.title("by the CLI")
    r.cli("iam", "create-user", "--user-name", "cli", "--tags", "Key=team,Value=blue")


def get_user(r):
    r.title("the root, which has neither name nor path")
    r.call()
    r.title("a user")
    me = r.user("Eve", Path="/team/", PermissionsBoundary=ADMINISTRATOR, Tags=tags(("team", "blue")),
                policy=allow("iam:GetUser", resource=f"{PREFIX}:user/team/Eve"))
    r.call(UserName="Eve")
    r.title("in another case of letters")
    r.call(UserName="eve")
    r.title("itself")
    r.call(client=me)
    r.title("not another")
    r.call(client=me, UserName="absent")
    r.title("one that does not exist")
    r.call(UserName="absent")
    r.title("constraints")
    bad_names(r)
    r.without_permission(UserName="Eve")
    r.refuse_strangers(UserName="Eve")
    r.title("by the CLI")
    r.cli("iam", "get-user", "--user-name", "Eve")


def update_user(r):
    made = r.call("CreateUser", quiet=True, UserName="Ann", Tags=tags(("team", "blue")))["User"]
    r.name(made["UserId"], "id of Ann")
    key = r.call("CreateAccessKey", quiet=True, UserName="Ann")["AccessKey"]
    r.call("PutUserPolicy", quiet=True, UserName="Ann", PolicyName="own", PolicyDocument=
           '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:GetUser","Resource":"*"}]}')
    r.call("CreateUser", quiet=True, UserName="taken")
    r.title("another name and path: id, tags, policies and key stay")
    r.call(UserName="Ann", NewUserName="Anna", NewPath="/team/")
    me = r.as_key({**key, "UserName": "Anna"})
    r.call("GetUser", client=me)
    r.call("GetUser", UserName="Ann")
    r.call("ListUserPolicies", UserName="Anna")
    r.title("only a path, only other letters, nothing")
    r.call(UserName="Anna", NewPath="/")
    r.call(UserName="Anna", NewUserName="ANNA")
    r.call(UserName="ANNA")
    r.call("GetUser", UserName="anna")
    r.title("a name that is taken, in any case of letters")
    r.call(UserName="ANNA", NewUserName="TAKEN")
    r.title("one that does not exist")
    r.call(UserName="absent", NewUserName="new")
    r.title("constraints")
    r.call(NewUserName="new")
    bad_names(r, "NewUserName", UserName="ANNA")
    for path in ("team", "//"):
        r.call(UserName="ANNA", NewPath=path)
    r.title("who renames needs to be allowed to on both")
    half = r.user("half", allow("iam:UpdateUser", resource=f"{PREFIX}:user/ANNA"))
    r.call(client=half, UserName="ANNA", NewUserName="other")
    r.call(client=half, UserName="taken", NewUserName="ANNA")
    r.without_permission(UserName="ANNA", NewUserName="new")
    r.title("by the CLI")
    r.cli("iam", "update-user", "--user-name", "ANNA", "--new-user-name", "cli")


def delete_user(r):
    for name in ("plain", "keyed", "grouped", "policied"):
        r.call("CreateUser", quiet=True, UserName=name, Tags=tags(("k", "v")))
    r.title("one on which nothing hangs")
    r.call(UserName="PLAIN")
    r.call(UserName="plain")
    r.title("one with an access key")
    key = r.call("CreateAccessKey", quiet=True, UserName="keyed")["AccessKey"]
    r.call(UserName="keyed")
    r.call("DeleteAccessKey", quiet=True, UserName="keyed", AccessKeyId=key["AccessKeyId"])
    r.call(UserName="keyed")
    r.title("one in a group")
    r.call("CreateGroup", quiet=True, GroupName="g")
    r.call("AddUserToGroup", quiet=True, GroupName="g", UserName="grouped")
    r.call(UserName="grouped")
    r.call("RemoveUserFromGroup", quiet=True, GroupName="g", UserName="grouped")
    r.call(UserName="grouped")
    r.title("one with a policy")
    r.call("PutUserPolicy", quiet=True, UserName="policied", PolicyName="p", PolicyDocument=
           '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}')
    r.call(UserName="policied")
    r.title("constraints")
    r.call()
    bad_names(r)
    r.without_permission(UserName="policied")
    r.title("by the CLI")
    r.call("DeleteUserPolicy", quiet=True, UserName="policied", PolicyName="p")
    r.cli("iam", "delete-user", "--user-name", "policied")
    r.cli("iam", "delete-user", "--user-name", "policied")


def list_users(r):
    r.title("none")
    r.call()
    for name, path in (("Zoe", "/"), ("adam", "/team/"), ("Bea", "/team/red/"), ("carl", "/teams/")):
        r.call("CreateUser", quiet=True, UserName=name, Path=path, Tags=tags(("k", "v")),
               PermissionsBoundary=ADMINISTRATOR)
    r.title("all, without tags and boundaries")
    r.call()
    r.title("below a path")
    r.call(PathPrefix="/team/")
    r.call(PathPrefix="/te")
    r.call(PathPrefix="/none/")
    r.title("two at a time")
    r.marked_pages("Users")
    r.title("constraints")
    r.call(MaxItems=0)
    r.call(MaxItems=1001)
    r.call(Marker="no-such-marker")
    r.call(Marker=r.call(quiet=True, MaxItems=1)["Marker"], PathPrefix="/team/")
    r.call(PathPrefix="team")
    r.without_permission()
    r.refuse_strangers()
    r.title("by the CLI, which pages by itself")
    r.cli("iam", "list-users", "--page-size", "1", "--query", "Users[].UserName")


def tag_user(r):
    r.call("CreateUser", quiet=True, UserName="u")
    r.title("new and other values")
    r.call(UserName="u", Tags=tags(("team", "blue"), ("empty", "")))
    r.call(UserName="u", Tags=tags(("Team", "red")))
    r.call("ListUserTags", UserName="u")
    r.title("the same again")
    r.call(UserName="u", Tags=tags(("Team", "red")))
    r.title("more than 50")
    r.call(UserName="u", Tags=tags(*((f"k{i}", "v") for i in range(49))))
    r.call(UserName="u", Tags=tags(*((f"k{i}", "v") for i in range(48))))
    r.call(UserName="u", Tags=tags(("one more", "v")))
    r.title("constraints")
    r.call(UserName="u")
    r.call(UserName="u", Tags=tags(("A", "1"), ("a", "2")))
    r.call(UserName="u", Tags=tags(("AWS:x", "1")))
    r.call(UserName="u", Tags=tags(("!", "1")))
    r.call(UserName="u", Tags=tags(*((f"x{i}", "v") for i in range(51))))
    r.title("one that does not exist")
    r.call(UserName="absent", Tags=tags(("k", "v")))
    r.title("who may set only some tags, on users that have some")
    limited = r.user("limited", allow("iam:TagUser", condition={
        "StringEquals": {"aws:RequestTag/k1": "blue", "aws:ResourceTag/team": "red"}}))
    r.call(client=limited, UserName="u", Tags=tags(("k1", "blue")))
    r.call(client=limited, UserName="u", Tags=tags(("k1", "red")))
    r.call(client=limited, UserName="limited", Tags=tags(("k1", "blue")))
    r.without_permission(UserName="u", Tags=tags(("k", "v")))
    r.title("by the CLI")
    r.cli("iam", "tag-user", "--user-name", "u", "--tags", "Key=k2,Value=cli")


def untag_user(r):
    r.call("CreateUser", quiet=True, UserName="u", Tags=tags(("A", "1"), ("b", "2"), ("c", "3")))
    r.title("some, in any case of letters, and one that is not there")
    r.call(UserName="u", TagKeys=["a", "absent"])
    r.call("ListUserTags", UserName="u")
    r.title("constraints")
    r.call(UserName="u")
    r.call(UserName="u", TagKeys=["!"])
    r.call(UserName="u", TagKeys=[f"k{i}" for i in range(51)])
    r.title("one that does not exist")
    r.call(UserName="absent", TagKeys=["a"])
    r.title("who may remove only some keys")
    limited = r.user("limited", allow("iam:UntagUser", condition={
        "ForAllValues:StringEquals": {"aws:TagKeys": ["b"]}}))
    r.call(client=limited, UserName="u", TagKeys=["b", "c"])
    r.call(client=limited, UserName="u", TagKeys=["b"])
    r.without_permission(UserName="u", TagKeys=["c"])
    r.title("by the CLI")
    r.cli("iam", "untag-user", "--user-name", "u", "--tag-keys", "c")


def list_user_tags(r):
    r.call("CreateUser", quiet=True, UserName="u")
    r.title("none")
    r.call(UserName="u")
    r.call("TagUser", quiet=True, UserName="u", Tags=tags(*((k, f"of {k}") for k in "EdCbA")))
    r.title("all, by key, and two at a time")
    r.call(UserName="u")
    r.marked_pages("Tags", UserName="u")
    r.title("one that does not exist")
    r.call(UserName="absent")
    r.title("constraints")
    r.call()
    r.call(UserName="u", MaxItems=0)
    r.call(UserName="u", Marker="no-such-marker")
    r.without_permission(UserName="u")
    r.title("by the CLI")
    r.cli("iam", "list-user-tags", "--user-name", "u")


def put_user_permissions_boundary(r):
    me = r.user("u", allow("iam:*"))
    r.title("a boundary")
    r.call(UserName="u", PermissionsBoundary=ADMINISTRATOR)
    r.call("GetUser", UserName="u")
    r.title("no policy")
    r.call(UserName="u", PermissionsBoundary=f"{PREFIX}:policy/absent")
    r.call(UserName="u", PermissionsBoundary="AdministratorAccess-1")
    r.title("one that does not exist")
    r.call(UserName="absent", PermissionsBoundary=ADMINISTRATOR)
    r.title("constraints")
    r.call(UserName="u")
    r.call(UserName="u", PermissionsBoundary="short")
    r.title("who may set only one boundary")
    limited = r.user("limited", allow("iam:PutUserPermissionsBoundary", condition={
        "StringEquals": {"iam:PermissionsBoundary": f"{PREFIX}:policy/absent"}}))
    r.call(client=limited, UserName="u", PermissionsBoundary=ADMINISTRATOR)
    r.call(client=limited, UserName="u", PermissionsBoundary=f"{PREFIX}:policy/absent")
    r.title("what it allows is still allowed")
    r.call("ListUsers", client=me, PathPrefix="/none/")
    r.without_permission(UserName="u", PermissionsBoundary=ADMINISTRATOR)
    r.title("by the CLI")
    r.cli("iam", "put-user-permissions-boundary", "--user-name", "u", "--permissions-boundary", ADMINISTRATOR)


def delete_user_permissions_boundary(r):
    r.call("CreateUser", quiet=True, UserName="u", PermissionsBoundary=ADMINISTRATOR)
    r.title("who may not take this boundary away")
    limited = r.user("limited", {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "iam:*", "Resource": "*"},
        {"Effect": "Deny", "Action": "iam:DeleteUserPermissionsBoundary", "Resource": "*",
         "Condition": {"StringEquals": {"iam:PermissionsBoundary": ADMINISTRATOR}}}]})
    r.call(client=limited, UserName="u")
    r.title("a boundary, and none")
    r.call(UserName="u")
    r.call(UserName="u")
    r.call("GetUser", UserName="u")
    r.title("one that does not exist")
    r.call(UserName="absent")
    r.title("constraints")
    r.call()
    r.without_permission(UserName="u")
    r.title("by the CLI")
    r.cli("iam", "delete-user-permissions-boundary", "--user-name", "u")


CASES = {
    "CreateUser": create_user,
    "DeleteUser": delete_user,
    "DeleteUserPermissionsBoundary": delete_user_permissions_boundary,
    "GetUser": get_user,
    "ListUserTags": list_user_tags,
    "ListUsers": list_users,
    "PutUserPermissionsBoundary": put_user_permissions_boundary,
    "TagUser": tag_user,
    "UntagUser": untag_user,
    "UpdateUser": update_user,
}
