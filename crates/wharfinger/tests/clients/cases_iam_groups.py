"""Cases of IAM's groups."""

import json

from cases_iam_users import PREFIX, allow, bad_names


def make(r, *users, group="g"):
    """A group with users."""
    r.call("CreateGroup", quiet=True, GroupName=group)
    for user in users:
        r.call("CreateUser", quiet=True, UserName=user)
        r.call("AddUserToGroup", quiet=True, GroupName=group, UserName=user)


def create_group(r):
    r.title("defaults, and a path")
    r.call(GroupName="Admins")
    r.call(GroupName="a" * 128, Path="/team/")
    r.title("the name is taken, in any case of letters")
    r.call(GroupName="admins", Path="/team/")
    r.title("constraints")
    r.call()
    bad_names(r, "GroupName")
    r.call(GroupName="new", Path="team")
    r.call(GroupName="new", Path="//")
    r.without_permission(GroupName="new")
    r.refuse_strangers(GroupName="newer")
    r.title("nothing refused was made")
    r.call("GetGroup", GroupName="newer")
    r.title("by the CLI")
    r.cli("iam", "create-group", "--group-name", "cli")


def get_group(r):
    make(r)
    r.title("without users")
    r.call(GroupName="G")
    for user in ("Zoe", "adam", "Bea"):
        r.call("CreateUser", quiet=True, UserName=user)
        r.call("AddUserToGroup", quiet=True, GroupName="g", UserName=user)
    r.title("with users")
    r.call(GroupName="g")
    r.marked_pages("Users", GroupName="g")
    r.title("one that does not exist")
    r.call(GroupName="absent")
    r.title("constraints")
    r.call()
    bad_names(r, "GroupName")
    r.call(GroupName="g", MaxItems=0)
    r.call(GroupName="g", Marker="no-such-marker")
    r.without_permission(GroupName="g")
    r.title("by the CLI")
    r.cli("iam", "get-group", "--group-name", "g")


def update_group(r):
    make(r, "u")
    made = r.call("GetGroup", quiet=True, GroupName="g")["Group"]
    r.name(made["GroupId"], "id of g")
    make(r, group="taken")
    r.title("another name and path: id and users stay")
    r.call(GroupName="g", NewGroupName="h", NewPath="/team/")
    r.call("GetGroup", GroupName="h")
    r.call("GetGroup", GroupName="g")
    r.title("a name that is taken, in any case of letters")
    r.call(GroupName="h", NewGroupName="Taken")
    r.title("one that does not exist")
    r.call(GroupName="absent", NewGroupName="new")
    r.title("constraints")
    r.call(NewGroupName="new")
    bad_names(r, "NewGroupName", GroupName="h")
    r.title("who renames needs to be allowed to on both")
    half = r.user("half", allow("iam:UpdateGroup", resource=f"{PREFIX}:group/team/h"))
    r.call(client=half, GroupName="h", NewGroupName="i")
    r.without_permission(GroupName="h", NewGroupName="i")
    r.title("by the CLI")
    r.cli("iam", "update-group", "--group-name", "h", "--new-group-name", "cli")


def delete_group(r):
    make(r, "u")
    r.title("one with a user")
    r.call(GroupName="g")
    r.call("RemoveUserFromGroup", quiet=True, GroupName="g", UserName="u")
    r.title("one with a policy")
    r.call("PutGroupPolicy", quiet=True, GroupName="g", PolicyName="p",
           PolicyDocument=json.dumps(allow("ecr:*")))
    r.call(GroupName="g")
    r.call("DeleteGroupPolicy", quiet=True, GroupName="g", PolicyName="p")
    r.title("one on which nothing hangs")
    r.call(GroupName="G")
    r.call(GroupName="g")
    r.title("constraints")
    r.call()
    bad_names(r, "GroupName")
    r.without_permission(GroupName="g")
    r.title("by the CLI")
    make(r, group="cli")
    r.cli("iam", "delete-group", "--group-name", "cli")


def list_groups(r):
    r.title("none")
    r.call()
    for name, path in (("Zoo", "/"), ("apes", "/team/"), ("Bees", "/team/red/")):
        r.call("CreateGroup", quiet=True, GroupName=name, Path=path)
    r.title("all, below a path, two at a time")
    r.call()
    r.call(PathPrefix="/team/")
    r.marked_pages("Groups")
    r.title("constraints")
    r.call(MaxItems=0)
    r.call(Marker="no-such-marker")
    r.call(PathPrefix="team")
    r.without_permission()
    r.title("by the CLI")
    r.cli("iam", "list-groups", "--path-prefix", "/team/red/")


def add_user_to_group(r):
    make(r)
    me = r.user("u")
    r.call("PutGroupPolicy", quiet=True, GroupName="g", PolicyName="p",
           PolicyDocument=json.dumps(allow("iam:GetUser")))
    r.title("from the next request on the user may what the group may")
    r.call("GetUser", client=me)
    r.call(GroupName="G", UserName="U")
    r.call("GetUser", client=me)
    r.title("again")
    r.call(GroupName="g", UserName="u")
    r.title("ones that do not exist")
    r.call(GroupName="absent", UserName="u")
    r.call(GroupName="g", UserName="absent")
    r.title("an eleventh group")
    for i in range(10):
        make(r, group=f"g{i}")
        if i < 9:
            r.call(quiet=True, GroupName=f"g{i}", UserName="u")
    r.call(GroupName="g9", UserName="u")
    r.title("constraints")
    r.call()
    bad_names(r, "GroupName", UserName="u")
    bad_names(r, GroupName="g")
    r.without_permission(GroupName="g", UserName="u")
    r.title("by the CLI")
    r.cli("iam", "add-user-to-group", "--group-name", "g", "--user-name", "u")


def remove_user_from_group(r):
    make(r)
    me = r.user("u")
    r.call("PutGroupPolicy", quiet=True, GroupName="g", PolicyName="p",
           PolicyDocument=json.dumps(allow("iam:GetUser")))
    r.call("AddUserToGroup", quiet=True, GroupName="g", UserName="u")
    r.title("from the next request on the user may no more what the group may")
    r.call("GetUser", client=me)
    r.call(GroupName="G", UserName="U")
    r.call("GetUser", client=me)
    r.title("one that is not in it")
    r.call(GroupName="g", UserName="u")
    r.title("ones that do not exist")
    r.call(GroupName="absent", UserName="u")
    r.call(GroupName="g", UserName="absent")
    r.title("constraints")
    r.call()
    r.without_permission(GroupName="g", UserName="u")
    r.title("by the CLI")
    r.call("AddUserToGroup", quiet=True, GroupName="g", UserName="u")
    r.cli("iam", "remove-user-from-group", "--group-name", "g", "--user-name", "u")


def list_groups_for_user(r):
    r.call("CreateUser", quiet=True, UserName="u")
    r.title("none")
    r.call(UserName="u")
    for group in ("Zoo", "apes", "Bees"):
        make(r, group=group)
        r.call("AddUserToGroup", quiet=True, GroupName=group, UserName="u")
    r.title("all, two at a time")
    r.call(UserName="U")
    r.marked_pages("Groups", UserName="u")
    r.title("one that does not exist")
    r.call(UserName="absent")
    r.title("constraints")
    r.call()
    bad_names(r)
    r.call(UserName="u", MaxItems=0)
    r.call(UserName="u", Marker="no-such-marker")
    r.without_permission(UserName="u")
    r.title("by the CLI")
    r.cli("iam", "list-groups-for-user", "--user-name", "u")


CASES = {
    "AddUserToGroup": add_user_to_group,
    "CreateGroup": create_group,
    "DeleteGroup": delete_group,
    "GetGroup": get_group,
    "ListGroups": list_groups,
    "ListGroupsForUser": list_groups_for_user,
    "RemoveUserFromGroup": remove_user_from_group,
    "UpdateGroup": update_group,
}
