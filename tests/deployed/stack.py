"""Access to a deployed stack as its users have it: signed calls to the API, objects, messages."""

import json
import os
import ssl
import time
import urllib.error
import urllib.request
from dataclasses import dataclass

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

SECONDS_A_CALL = 30
SECONDS_BETWEEN_LOOKS = 0.5
# A queue reports its messages late. It counts as drained after this many empty looks in a row.
LOOKS_AT_A_DRAINED_QUEUE = 6


class Broken(Exception):
    """The stack broke a promise."""


@dataclass
class Answer:
    status: int
    headers: dict
    body: bytes

    def json(self):
        return json.loads(self.body)


class StaysHere(urllib.request.HTTPRedirectHandler):
    """Returns redirects as responses. Following one would forward the headers of the call."""

    def redirect_request(self, *_):
        return None


# Like the AWS tools, so that an emulator may have a certificate of its own.
CERTIFICATES = ssl.create_default_context(cafile=os.environ.get("AWS_CA_BUNDLE"))
OPENER = urllib.request.build_opener(StaysHere, urllib.request.HTTPSHandler(context=CERTIFICATES))


def fetch(url, method="GET", headers=None, body=None):
    request = urllib.request.Request(url, data=body, headers=headers or {}, method=method)
    try:
        answer = OPENER.open(request, timeout=SECONDS_A_CALL)
    except urllib.error.HTTPError as refusal:
        answer = refusal
    with answer:
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return Answer(answer.status, headers, answer.read())


def wait_for(what, seconds, look):
    """Calls `look` until it returns a true value. Returns this value."""
    until = time.monotonic() + seconds
    while not (found := look()):
        if time.monotonic() > until:
            raise Broken(f"{what}: not within {seconds} s")
        time.sleep(SECONDS_BETWEEN_LOOKS)
    return found


class Stack:
    """A stack. Parts of it that are not given are looked up by the stack's name."""

    def __init__(self, name=None, api_url=None, data_bucket=None, report_queue=None, load_queue=None, signs=True):
        session = boto3.Session()
        self.s3 = session.client("s3")
        self.sqs = session.client("sqs")
        self.functions = session.client("lambda")
        self.credentials = session.get_credentials().get_frozen_credentials()
        self.region = session.region_name
        self.signs = signs
        load_function = None
        if name:
            formation = session.client("cloudformation")
            [about] = formation.describe_stacks(StackName=name)["Stacks"]
            outputs = {output["OutputKey"]: output["OutputValue"] for output in about["Outputs"]}
            api_url = api_url or outputs["ApiUrl"]
            data_bucket = data_bucket or outputs["DataBucketName"]
            report_queue = report_queue or physical_name(formation, name, "ReportQueue")
            load_queue = load_queue or physical_name(formation, name, "LoadQueue")
            load_function = physical_name(formation, name, "LoadDataFunction")
        self.api_url, self.data_bucket = api_url, data_bucket
        self.report_queue, self.load_queue = report_queue, load_queue
        self.load_function = load_function

    def call(self, path, method="GET", headers=None, body=None, signed=True):
        request = AWSRequest(method, f"{self.api_url}/{path}", headers or {}, body)
        if signed and self.signs:
            SigV4Auth(self.credentials, "execute-api", self.region).add_auth(request)
        return fetch(request.url, method, dict(request.headers), body)

    def put(self, key, content):
        """Puts an object. Returns its version in the form of an event."""
        put = self.s3.put_object(Bucket=self.data_bucket, Key=key, Body=content)
        return {"key": key, "versionId": put["VersionId"], "eTag": put["ETag"].strip('"')}

    def load(self, event):
        """Loads a version by direct invocation. Returns the manifest."""
        named = {"bucket": self.data_bucket, "key": event["key"], "version": event["versionId"]}
        answer = self.functions.invoke(FunctionName=self.load_function, Payload=json.dumps(named))
        manifest = answer["Payload"].read()
        if answer.get("FunctionError"):
            raise Broken(f"direct load of {event['key']} failed: {manifest.decode()}")
        return json.loads(manifest)

    def objects(self, prefix):
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.data_bucket, Prefix=prefix)
        return {found["Key"]: found["LastModified"] for page in pages for found in page.get("Contents", [])}

    def read(self, key):
        return self.s3.get_object(Bucket=self.data_bucket, Key=key)["Body"].read()

    def attributes(self, queue, *names):
        return self.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]

    def dead_letter_queue(self, queue):
        arn = json.loads(self.attributes(queue, "RedrivePolicy")["RedrivePolicy"])["deadLetterTargetArn"]
        return self.sqs.get_queue_url(QueueName=arn.rpartition(":")[2])["QueueUrl"]

    def wait_until_drained(self, queue, seconds):
        names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
        empty_looks = 0

        def look():
            nonlocal empty_looks
            is_empty = all(count == "0" for count in self.attributes(queue, *names).values())
            empty_looks = empty_looks + 1 if is_empty else 0
            return empty_looks == LOOKS_AT_A_DRAINED_QUEUE

        wait_for("all messages handled", seconds, look)

    def take(self, queue, body):
        """Removes the message with this body from a queue, if it is there. Other messages become visible again."""
        received = self.sqs.receive_message(
            QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=1, VisibilityTimeout=2
        )
        for message in received.get("Messages", []):
            if message["Body"] == body:
                self.sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
                return True
        return False


def physical_name(formation, stack, resource):
    found = formation.describe_stack_resource(StackName=stack, LogicalResourceId=resource)
    return found["StackResourceDetail"]["PhysicalResourceId"]
