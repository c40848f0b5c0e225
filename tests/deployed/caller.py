"""Makes a user of the emulator's account who may do what story.py does and nothing else, and mends its mappings.

    python3 tests/deployed/caller.py STACK API_URL        # needs boto3, and the account's credentials

Before they may, a signed call of theirs is refused; otherwise the rights would prove nothing. Prints the
keys as JSON. The first four rights are those of anybody who uploads files and asks for reports.
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
    """The emulator keeps a number that comes from a parameter as text, and then reads no queue. CloudFormation does not."""
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
        raise Broken(f"a caller without rights got {refused.status}")
    policy = {"Version": "2012-10-17", "Statement": rights(outputs)}
    iam.put_user_policy(UserName=NAME, PolicyName="own", PolicyDocument=json.dumps(policy))
    print(json.dumps(keys))


if __name__ == "__main__":
    main()
