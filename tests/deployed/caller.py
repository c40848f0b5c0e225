"""Creates a user in the emulator's account with the rights that story.py needs and no others.

    python3 tests/deployed/caller.py STACK API_URL        # needs boto3, and the account's credentials

Also repairs the emulator's event source mappings. Before the user gets the rights, a signed call must be
refused; otherwise the rights would prove nothing. Prints the user's keys as JSON. The first four rights are
those of every caller who uploads files and requests reports.
"""

import json
import os
import sys

import boto3

from stack import Broken, Stack

NAME = "caller"


def rights(outputs):
    data = f"arn:aws:s3:::{outputs['DataBucketName']}"
    api = outputs["ApiUrl"].removeprefix("https://").partition(".")[0]
    return [
        allow(["execute-api:Invoke"], f"arn:aws:execute-api:*:*:{api}/prod/*"),
        allow(["s3:PutObject"], f"{data}/incoming/*"),
        allow(["s3:GetObject"], f"{data}/loads/*"),
        allow(["s3:ListBucket"], data),
        allow(["cloudformation:DescribeStacks", "cloudformation:DescribeStackResource"], "*"),
        allow(["sqs:GetQueueAttributes", "sqs:SetQueueAttributes", "sqs:GetQueueUrl", "sqs:SendMessage"], "*"),
        allow(["sqs:ReceiveMessage", "sqs:DeleteMessage"], outputs["ReportDeadLetterQueueArn"]),
        allow(["lambda:InvokeFunction"], "arn:aws:lambda:*:*:function:*LoadDataFunction*"),
    ]


def allow(actions, resource):
    return {"Effect": "Allow", "Action": actions, "Resource": resource}


def mend_mappings():
    """Repairs mappings: the emulator, unlike CloudFormation, stores a number from a parameter as text, and then reads no queue."""
    functions = boto3.client("lambda")
    for mapping in functions.list_event_source_mappings()["EventSourceMappings"]:
        functions.update_event_source_mapping(UUID=mapping["UUID"], ScalingConfig=mapping["ScalingConfig"])


def main():
    stack, api_url = sys.argv[1:]
    mend_mappings()
    iam = boto3.client("iam")
    [about] = boto3.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in about["Outputs"]}
    iam.create_user(UserName=NAME)
    key = iam.create_access_key(UserName=NAME)["AccessKey"]
    keys = {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}

    os.environ.update(keys)
    refused = Stack(api_url=api_url).call("trigger_report")
    if refused.status != 403:
        raise Broken(f"a caller without rights got status {refused.status}; 403 is right")
    policy = {"Version": "2012-10-17", "Statement": rights(outputs)}
    iam.put_user_policy(UserName=NAME, PolicyName="own", PolicyDocument=json.dumps(policy))
    print(json.dumps(keys))


if __name__ == "__main__":
    main()
