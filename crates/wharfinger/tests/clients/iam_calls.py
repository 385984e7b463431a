"""Calls operations of IAM, one after the other: a list of `[operation, parameters]` on standard input, the answers as
JSON on standard output."""

import json
import sys

import boto3
import botocore


def main():
    """Plays the list; the first refusal ends it."""
    iam = boto3.session.Session().client("iam")
    answers = []
    for operation, parameters in json.load(sys.stdin):
        answer = getattr(iam, botocore.xform_name(operation))(**parameters)
        answer.pop("ResponseMetadata")
        answers.append(answer)
    json.dump(answers, sys.stdout, default=str)


if __name__ == "__main__":
    main()
