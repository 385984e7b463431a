"""Cases of the operations on the registry as a whole, and of those that do not exist yet."""

import json

import botocore
import botocore.exceptions

from record import ACCOUNT, FOREIGN, HOST


def describe_registry(r):
    r.title("a new registry")
    r.call()
    r.title("a member that the model does not know is ignored")
    r.raw(b'{"registryId":"' + FOREIGN.encode() + b'"}')
    r.title("bodies")
    for body in (b"", b"null", b"[]", b"{", b'{"a":}', b"\xff\xfe", b"[" * 2000):
        r.raw(body)
    r.title("another region")
    r.call(client=r.client(region_name="eu-central-1"))
    r.refuse_strangers()
    r.title("by the CLI")
    r.cli("ecr", "describe-registry")


def get_authorization_token(r):
    r.title("a token")
    answer = r.call()
    endpoint = answer["authorizationData"][0]["proxyEndpoint"]
    if endpoint != f"http://{HOST}":
        r.fault(f"proxyEndpoint cannot be used: {endpoint}")
    r.title("one for each registry asked for")
    r.call(registryIds=[ACCOUNT])
    r.call(registryIds=[ACCOUNT, FOREIGN])
    r.title("constraints")
    r.call(registryIds=[])
    r.call(registryIds=[ACCOUNT] * 11)
    r.call(registryIds=["12"])
    r.raw(b'{"registryIds":"123456789012"}')
    r.refuse_strangers()
    r.title("by the CLI")
    r.cli("ecr", "get-authorization-token")
    password = r.cli("ecr", "get-login-password", show=False)
    if not password or any(c.isspace() or c == ":" for c in password):
        r.fault("get-login-password printed no usable password")


def unknown_operations(r):
    """Every operation of the service model, without parameters: none may fail on our side."""
    client = r.client()
    for operation in sorted(client.meta.service_model.operation_names):
        code = None
        try:
            getattr(client, botocore.xform_name(operation))()
        except botocore.exceptions.ClientError as error:
            code = error.response["Error"]["Code"]
        status = r.answer["status_code"]
        r.headers(code)
        text = ""
        if code == "UnknownOperationException":
            text = ": " + json.loads(r.answer["body"])["message"]
            if operation not in text or status != 400:
                r.fault(f"{operation} is refused without its name, or with {status}")
        elif code not in (None, "InvalidParameterException", "RegistryPolicyNotFoundException"):
            r.fault(f"{operation} answers {status} {code}")
        print(f"{operation}: {status}{' ' + code if code else ''}{text}")


CASES = {
    "DescribeRegistry": describe_registry,
    "GetAuthorizationToken": get_authorization_token,
    "UnknownOperations": unknown_operations,
}
