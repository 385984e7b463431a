"""Prints the names of all repositories, by boto3."""

import boto3

for page in boto3.client("ecr").get_paginator("describe_repositories").paginate():
    for repository in page["repositories"]:
        print(repository["repositoryName"])
