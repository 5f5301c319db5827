"""Deploys CloudFormation templates to moto, one after the other, and prints their roles and policies as JSON.

Usage: python3 deploy.py FILE...
"""

import ast
import json
import os
import sys

import boto3
from moto import mock_aws


def document(policy):
    """Of a deployed role moto returns the document as a literal of Python instead of JSON."""
    return ast.literal_eval(policy) if isinstance(policy, str) else policy


# What else the templates declare, of which nothing is printed.
# moto lists some without a type.
OTHERS = {"AWS::SecretsManager::Secret", "AWS::Logs::LogGroup", "AWS::ECS::TaskDefinition"}


def deploy(cloudformation, iam, path):
    stack = os.path.basename(path).replace(".", "-")
    with open(path, encoding="utf-8") as template:
        cloudformation.create_stack(StackName=stack, TemplateBody=template.read(), Capabilities=["CAPABILITY_NAMED_IAM"])
    deployed = {"Role": None, "Policies": []}
    for resource in cloudformation.list_stack_resources(StackName=stack)["StackResourceSummaries"]:
        name = resource["PhysicalResourceId"]
        if resource["ResourceType"] == "AWS::IAM::Role":
            deployed["Role"] = iam.get_role(RoleName=name)["Role"]
            for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
                deployed["Policies"].append(document(iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]))
        elif resource["ResourceType"] == "AWS::IAM::ManagedPolicy":
            version = iam.get_policy_version(PolicyArn=name, VersionId="v1")["PolicyVersion"]
            deployed["Policies"].append(document(version["Document"]))
        elif resource["ResourceType"] and resource["ResourceType"] not in OTHERS:
            raise ValueError(f"a resource {resource}")
    cloudformation.delete_stack(StackName=stack)  # so that another template can have the role's name
    return deployed


with mock_aws():
    clients = [boto3.client(service, region_name=os.environ["AWS_REGION"]) for service in ("cloudformation", "iam")]
    json.dump({os.path.basename(path): deploy(*clients, path) for path in sys.argv[1:]}, sys.stdout, default=str)
