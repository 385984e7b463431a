"""Cases of IAM's identity providers and instance profiles."""

from cases_iam_roles import (PREFIX, allow, listing_tags, role, service_role, tagging, tags, untagging)
from record import FOREIGN

HOST = "idp.example.com"
ARN = f"{PREFIX}:oidc-provider/{HOST}"
ABOUT = {"OpenIDConnectProviderArn": ARN}
PRINTS = [digit * 40 for digit in "abcde"]


def provider(r, **more):
    """The provider of most cases, made before."""
    r.call("CreateOpenIDConnectProvider", quiet=True, Url=f"https://{HOST}", **more)


def bad_arns(r, **more):
    """ARNs of no provider."""
    r.title("ARNs of nothing")
    for arn in (f"{PREFIX}:oidc-provider/absent.example.com", f"{PREFIX}:oidc-provider/IDP.example.com",
                f"{PREFIX}:role/is-no-provider", "no-arn-but-long-enough", "short"):
        r.call(OpenIDConnectProviderArn=arn, **more)
    r.call(**more)
    r.title("of another account")
    r.call(OpenIDConnectProviderArn=f"arn:aws:iam::{FOREIGN}:oidc-provider/{HOST}", **more)


def create_open_id_connect_provider(r):
    r.title("without lists")
    r.call(Url=f"https://{HOST}")
    r.call("GetOpenIDConnectProvider", **ABOUT)
    r.title("everything given, in its order")
    made = r.call(Url=f"https://{HOST}:443/id/EX", ClientIDList=["sts.amazonaws.com", "a b", "sts.amazonaws.com"],
                  ThumbprintList=PRINTS[::-1], Tags=tags(("k", "v")))
    r.call("GetOpenIDConnectProvider", **{k: made[k] for k in ABOUT})
    r.title("it exists")
    r.call(Url=f"https://{HOST}")
    r.call(Url=f"https://{HOST.upper()}")
    r.title("no URLs of providers")
    for url in ("", "idp", f"http://{HOST}", "https://", f"https://{HOST}:8443", f"https://{HOST}/?a=b",
                f"https://{HOST}/#x", f"https://me@{HOST}/x", "https://a b", "https://" + "x" * 250):
        r.call(Url=url)
    r.call()
    r.title("lists that are too long, or hold something else")
    url = "https://new.example.com"
    r.call(Url=url, ClientIDList=[f"c{i}" for i in range(101)])
    r.call(Url=url, ClientIDList=[""])
    r.call(Url=url, ClientIDList=["x" * 256])
    r.call(Url=url, ThumbprintList=PRINTS + ["f" * 40])
    r.call(Url=url, ThumbprintList=["a" * 39])
    r.call(Url=url, ThumbprintList=["g" * 40])
    r.call(Url=url, Tags=tags(("A", "1"), ("a", "2")))
    r.title("nothing refused was made")
    r.call("ListOpenIDConnectProviders")
    r.without_permission(Url="https://free.example.com")
    r.refuse_strangers(Url="https://free.example.com")
    r.title("by the CLI")
    r.cli("iam", "create-open-id-connect-provider", "--url", "https://cli.example.com", "--client-id-list", "a")


def get_open_id_connect_provider(r):
    provider(r, ClientIDList=["a"], ThumbprintList=PRINTS[:1], Tags=tags(("k", "v")))
    r.title("its URL without the scheme")
    r.call(**ABOUT)
    bad_arns(r)
    r.without_permission(**ABOUT)
    r.title("by the CLI")
    r.cli("iam", "get-open-id-connect-provider", "--open-id-connect-provider-arn", ARN)


def delete_open_id_connect_provider(r):
    provider(r, ClientIDList=["a"], ThumbprintList=PRINTS[:1], Tags=tags(("k", "v")))
    r.without_permission(**ABOUT)
    r.title("gone, and again")
    r.call(**ABOUT)
    r.call("GetOpenIDConnectProvider", **ABOUT)
    r.call(**ABOUT)
    provider(r)
    r.call("GetOpenIDConnectProvider", **ABOUT)
    bad_arns(r)
    r.title("by the CLI")
    r.cli("iam", "delete-open-id-connect-provider", "--open-id-connect-provider-arn", ARN)


def list_open_id_connect_providers(r):
    r.title("none")
    r.call()
    for name in ("b", "A", "c/d"):
        r.call("CreateOpenIDConnectProvider", quiet=True, Url=f"https://{name}")
    r.title("all")
    r.call()
    r.without_permission()
    r.title("by the CLI")
    r.cli("iam", "list-open-id-connect-providers")


def update_open_id_connect_provider_thumbprint(r):
    provider(r, ThumbprintList=PRINTS[:2])
    r.title("others, in their order")
    r.call(**ABOUT, ThumbprintList=[PRINTS[4], PRINTS[0], PRINTS[3]])
    r.call("GetOpenIDConnectProvider", **ABOUT)
    r.title("no lists")
    r.call(**ABOUT)
    r.call(**ABOUT, ThumbprintList=PRINTS + ["f" * 40])
    r.call(**ABOUT, ThumbprintList=["a" * 41])
    r.call(**ABOUT, ThumbprintList=["z" * 40])
    bad_arns(r, ThumbprintList=PRINTS)
    r.without_permission(**ABOUT, ThumbprintList=PRINTS)
    r.title("by the CLI")
    r.cli("iam", "update-open-id-connect-provider-thumbprint", "--open-id-connect-provider-arn", ARN,
          "--thumbprint-list", PRINTS[0])


def add_client_id_to_open_id_connect_provider(r):
    provider(r, ClientIDList=["a"])
    r.title("another, and again")
    r.call(**ABOUT, ClientID="B")
    r.call(**ABOUT, ClientID="B")
    r.call(**ABOUT, ClientID="b")
    r.call("GetOpenIDConnectProvider", **ABOUT)
    r.title("the 101st")
    for number in range(97):
        r.call(quiet=True, **ABOUT, ClientID=f"c{number}")
    r.call(**ABOUT, ClientID="more")
    r.call(**ABOUT, ClientID="a")
    r.title("constraints")
    r.call(**ABOUT)
    r.call(**ABOUT, ClientID="")
    r.call(**ABOUT, ClientID="x" * 256)
    bad_arns(r, ClientID="a")
    r.without_permission(**ABOUT, ClientID="x")
    r.title("by the CLI")
    r.cli("iam", "add-client-id-to-open-id-connect-provider", "--open-id-connect-provider-arn", ARN,
          "--client-id", "a")


def remove_client_id_from_open_id_connect_provider(r):
    provider(r, ClientIDList=["a", "b", "c"])
    r.title("one, and again")
    r.call(**ABOUT, ClientID="b")
    r.call(**ABOUT, ClientID="b")
    r.call(**ABOUT, ClientID="A")
    r.call("GetOpenIDConnectProvider", **ABOUT)
    r.title("constraints")
    r.call(**ABOUT)
    r.call(**ABOUT, ClientID="")
    bad_arns(r, ClientID="a")
    r.without_permission(**ABOUT, ClientID="a")
    r.title("by the CLI")
    r.cli("iam", "remove-client-id-from-open-id-connect-provider", "--open-id-connect-provider-arn", ARN,
          "--client-id", "a")


def tag_open_id_connect_provider(r):
    tagging(r, lambda: provider(r), "OpenIDConnectProvider", **ABOUT)
    bad_arns(r, Tags=tags(("a", "b")))
    r.without_permission(**ABOUT, Tags=tags(("a", "b")))
    r.title("by the CLI")
    r.cli("iam", "tag-open-id-connect-provider", "--open-id-connect-provider-arn", ARN,
          "--tags", "Key=stage,Value=cli")


def untag_open_id_connect_provider(r):
    untagging(r, lambda: provider(r), "OpenIDConnectProvider", **ABOUT)
    bad_arns(r, TagKeys=["a"])
    r.without_permission(**ABOUT, TagKeys=["a"])
    r.title("by the CLI")
    r.cli("iam", "untag-open-id-connect-provider", "--open-id-connect-provider-arn", ARN, "--tag-keys", "a")


def list_open_id_connect_provider_tags(r):
    listing_tags(r, lambda: provider(r), "OpenIDConnectProvider", **ABOUT)
    bad_arns(r)
    r.without_permission(**ABOUT)
    r.title("by the CLI")
    r.cli("iam", "list-open-id-connect-provider-tags", "--open-id-connect-provider-arn", ARN)


NAME = {"InstanceProfileName": "machine"}


def profile(r, name="machine", **more):
    """An instance profile, made before."""
    r.call("CreateInstanceProfile", quiet=True, InstanceProfileName=name, **more)


def bad_profiles(r, **more):
    """Names of no profile."""
    r.title("names of nothing")
    for name in ("absent", "", "a b", "a/b", "a" * 129):
        r.call(InstanceProfileName=name, **more)
    r.call(**more)


def create_instance_profile(r):
    r.title("defaults, and everything given")
    r.call(**NAME)
    r.call(InstanceProfileName="full", Path="/p/q/", Tags=tags(("k", "v")))
    r.title("the name is taken, in any case of letters")
    r.call(InstanceProfileName="MACHINE", Path="/x/")
    r.title("constraints")
    for name in ("", "a b", "a" * 129):
        r.call(InstanceProfileName=name)
    r.call()
    r.call(InstanceProfileName="new", Path="x")
    r.call(InstanceProfileName="new", Tags=tags(("A", "1"), ("a", "2")))
    r.without_permission(InstanceProfileName="free")
    r.refuse_strangers(InstanceProfileName="free")
    r.title("by the CLI")
    r.cli("iam", "create-instance-profile", "--instance-profile-name", "cli")


def get_instance_profile(r):
    role(r, Tags=tags(("k", "v")), Description="d")
    profile(r, Tags=tags(("k", "v")))
    r.title("without a role, and with one")
    r.call(**NAME)
    r.call("AddRoleToInstanceProfile", quiet=True, **NAME, RoleName="ci")
    r.call(InstanceProfileName="Machine")
    bad_profiles(r)
    r.without_permission(**NAME)
    r.title("by the CLI")
    r.cli("iam", "get-instance-profile", "--instance-profile-name", "machine")


def delete_instance_profile(r):
    role(r)
    profile(r, Tags=tags(("k", "v")))
    r.title("with a role")
    r.call("AddRoleToInstanceProfile", quiet=True, **NAME, RoleName="ci")
    r.call(**NAME)
    r.title("without, and again")
    r.call("RemoveRoleFromInstanceProfile", quiet=True, **NAME, RoleName="ci")
    r.call(InstanceProfileName="Machine")
    r.call(**NAME)
    profile(r)
    bad_profiles(r)
    r.without_permission(**NAME)
    r.title("by the CLI")
    r.cli("iam", "delete-instance-profile", "--instance-profile-name", "machine")


def list_instance_profiles(r):
    r.title("none")
    r.call()
    role(r)
    for name, path in (("b", "/"), ("A", "/p/"), ("c", "/p/q/")):
        profile(r, name, Path=path, Tags=tags(("k", "v")))
    r.call("AddRoleToInstanceProfile", quiet=True, InstanceProfileName="b", RoleName="ci")
    r.title("pages, without tags")
    r.marked_pages("InstanceProfiles")
    r.title("below a path")
    r.call(PathPrefix="/p/q")
    r.title("constraints")
    for more in ({"PathPrefix": "p"}, {"MaxItems": 0}, {"Marker": "no-such-marker"}):
        r.call(**more)
    r.without_permission()
    r.title("by the CLI")
    r.cli("iam", "list-instance-profiles", "--query", "InstanceProfiles[].InstanceProfileName")


def list_instance_profiles_for_role(r):
    role(r)
    r.title("none")
    r.call(RoleName="ci")
    for name in ("b", "A", "c"):
        profile(r, name)
        r.call("AddRoleToInstanceProfile", quiet=True, InstanceProfileName=name, RoleName="ci")
    r.title("pages")
    r.marked_pages("InstanceProfiles", RoleName="ci")
    r.title("one that does not exist")
    r.call(RoleName="absent")
    r.title("constraints")
    r.call()
    r.call(RoleName="ci", MaxItems=0)
    r.call(RoleName="ci", Marker="no-such-marker")
    r.without_permission(RoleName="ci")
    r.title("by the CLI")
    r.cli("iam", "list-instance-profiles-for-role", "--role-name", "ci",
          "--query", "InstanceProfiles[].InstanceProfileName")


def add_role_to_instance_profile(r):
    role(r)
    role(r, "other")
    profile(r)
    r.title("who may not pass the role on, or only to something else")
    add = {"Effect": "Allow", "Action": "iam:AddRoleToInstanceProfile", "Resource": "*"}

    def may(name, **more):
        passing = {"Effect": "Allow", "Action": "iam:PassRole", **more}
        return r.user(name, {"Version": "2012-10-17", "Statement": [add, passing]})

    other = may("other", Resource=f"{PREFIX}:role/other")
    r.call(client=other, **NAME, RoleName="ci")
    r.call(client=other, **NAME, RoleName="absent")
    tasks = {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
    r.call(client=may("tasks", Resource="*", Condition=tasks), **NAME, RoleName="ci")
    r.title("who may")
    machines = {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}
    r.call(client=may("machines", Resource=f"{PREFIX}:role/ci", Condition=machines), **NAME, RoleName="CI")
    r.call("GetInstanceProfile", **NAME)
    r.title("the same again, and a second")
    r.call(**NAME, RoleName="ci")
    r.call(**NAME, RoleName="other")
    r.title("roles that do not exist, or that are a service's")
    profile(r, "empty")
    r.call(InstanceProfileName="empty", RoleName="absent")
    r.call(InstanceProfileName="empty", RoleName=service_role(r))
    bad_profiles(r, RoleName="ci")
    r.title("constraints")
    r.call(InstanceProfileName="empty")
    r.call(InstanceProfileName="empty", RoleName="a b")
    r.without_permission(InstanceProfileName="empty", RoleName="ci")
    r.title("by the CLI")
    r.cli("iam", "add-role-to-instance-profile", "--instance-profile-name", "empty", "--role-name", "other")


def remove_role_from_instance_profile(r):
    role(r)
    role(r, "other")
    profile(r)
    r.call("AddRoleToInstanceProfile", quiet=True, **NAME, RoleName="ci")
    r.title("another than is in it, and none")
    r.call(**NAME, RoleName="other")
    r.call(**NAME, RoleName="absent")
    r.title("the one, and again")
    r.call(**NAME, RoleName="CI")
    r.call("GetInstanceProfile", **NAME)
    r.call(**NAME, RoleName="ci")
    bad_profiles(r, RoleName="ci")
    r.title("constraints")
    r.call(**NAME)
    r.without_permission(**NAME, RoleName="ci")
    r.title("by the CLI")
    r.call("AddRoleToInstanceProfile", quiet=True, **NAME, RoleName="ci")
    r.cli("iam", "remove-role-from-instance-profile", "--instance-profile-name", "machine", "--role-name", "ci")


def tag_instance_profile(r):
    tagging(r, lambda: profile(r), "InstanceProfile", **NAME)
    bad_profiles(r, Tags=tags(("a", "b")))
    r.without_permission(**NAME, Tags=tags(("a", "b")))
    r.title("by the CLI")
    r.cli("iam", "tag-instance-profile", "--instance-profile-name", "machine", "--tags", "Key=stage,Value=cli")


def untag_instance_profile(r):
    untagging(r, lambda: profile(r), "InstanceProfile", **NAME)
    bad_profiles(r, TagKeys=["a"])
    r.without_permission(**NAME, TagKeys=["a"])
    r.title("who may by the tag that is there")
    me = r.user("tagged", allow("iam:UntagInstanceProfile", condition={
        "StringEquals": {"aws:ResourceTag/kept": "x"}}))
    r.call(client=me, **NAME, TagKeys=["kept"])
    r.call(client=me, **NAME, TagKeys=["kept"])
    r.title("by the CLI")
    r.cli("iam", "untag-instance-profile", "--instance-profile-name", "machine", "--tag-keys", "a")


def list_instance_profile_tags(r):
    listing_tags(r, lambda: profile(r), "InstanceProfile", **NAME)
    bad_profiles(r)
    r.without_permission(**NAME)
    r.title("by the CLI")
    r.cli("iam", "list-instance-profile-tags", "--instance-profile-name", "machine")


CASES = {
    "AddClientIDToOpenIDConnectProvider": add_client_id_to_open_id_connect_provider,
    "AddRoleToInstanceProfile": add_role_to_instance_profile,
    "CreateInstanceProfile": create_instance_profile,
    "CreateOpenIDConnectProvider": create_open_id_connect_provider,
    "DeleteInstanceProfile": delete_instance_profile,
    "DeleteOpenIDConnectProvider": delete_open_id_connect_provider,
    "GetInstanceProfile": get_instance_profile,
    "GetOpenIDConnectProvider": get_open_id_connect_provider,
    "ListInstanceProfileTags": list_instance_profile_tags,
    "ListInstanceProfiles": list_instance_profiles,
    "ListInstanceProfilesForRole": list_instance_profiles_for_role,
    "ListOpenIDConnectProviderTags": list_open_id_connect_provider_tags,
    "ListOpenIDConnectProviders": list_open_id_connect_providers,
    "RemoveClientIDFromOpenIDConnectProvider": remove_client_id_from_open_id_connect_provider,
    "RemoveRoleFromInstanceProfile": remove_role_from_instance_profile,
    "TagInstanceProfile": tag_instance_profile,
    "TagOpenIDConnectProvider": tag_open_id_connect_provider,
    "UntagInstanceProfile": untag_instance_profile,
    "UntagOpenIDConnectProvider": untag_open_id_connect_provider,
    "UpdateOpenIDConnectProviderThumbprint": update_open_id_connect_provider_thumbprint,
}
