"""Holds template.yaml against cdk-nag's packs AwsSolutions and Serverless; asks neither AWS nor anybody.

    python3 -m venv nag
    nag/bin/pip install cdk-nag==3.0.2 aws-cdk-lib==2.275.0 aws-sam-translator==1.115.0 pyyaml==6.0.4
    nag/bin/python tests/template/template_nag.py

Needs Node.js. Fails if something is found that is not accepted below, with its reason, and if something
that is accepted is not found any more.
"""

import contextlib
import io
import json
import pathlib
import tempfile

import aws_cdk
from aws_cdk.cloudformation_include import CfnInclude
from cdk_nag import AwsSolutionsChecks, ServerlessChecks

from translated_template import defaults, for_cloudformation

NAMES = ["TriggerReport", "GetReport", "ComputeReport", "LoadData"]
FUNCTIONS = [f"{name}Function" for name in NAMES]
ROLES = [f"{name}Role" for name in NAMES]
DATA_BUCKET = "arn:<AWS::Partition>:s3:::<AWS::StackName>-data-<AWS::AccountId>-<AWS::Region>"
LOG_POLICY = "arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"
ONE_FOLDER = "Every object of one folder, whose names are not known before; other folders are not reached."
X_RAY = "X-Ray has no resources to name; tests/template/template_test.py knows every other right."
LOG_OF_ALL = "AWS's own policy is what API Gateway asks for: it is for the logs of all APIs of an account."
VALIDATED = "The API's definition names a validator for every method, which the rule does not read."
NO_WEB_ACL = "Callers sign, and calls are throttled; a web ACL costs more than the system."
ACCESS_LOG = "The access log tells of every call; execution logs would have no retention."
IS_THE_END = "They are the dead-letter queues."
IN_THE_QUEUE = "API Gateway waits for the answer; queues have their own dead-letter queues."

# (rule, resources) -> why it is so
ACCEPTED = {
    (f"AwsSolutions-IAM4[Policy::{LOG_POLICY}]", "CallLogRole"): LOG_OF_ALL,
    ("AwsSolutions-IAM5[Resource::*]", *ROLES): X_RAY,
    ("Serverless-LambdaStarPermissions", *ROLES): X_RAY,
    ("AwsSolutions-IAM5[Resource::<ReportBucket.Arn>/reports/*]", "ComputeReportRole", "GetReportRole"): ONE_FOLDER,
    (f"AwsSolutions-IAM5[Resource::{DATA_BUCKET}/incoming/*]", "LoadDataRole"): ONE_FOLDER,
    (f"AwsSolutions-IAM5[Resource::{DATA_BUCKET}/loads/*]", "LoadDataRole"): ONE_FOLDER,
    ("AwsSolutions-APIG2", "Api"): VALIDATED,
    ("AwsSolutions-APIG3", "ApiprodStage"): NO_WEB_ACL,
    ("AwsSolutions-APIG6", "ApiprodStage"): ACCESS_LOG,
    ("Serverless-SQSRedrivePolicy", "LoadDeadLetterQueue", "ReportDeadLetterQueue"): IS_THE_END,
    ("Serverless-LambdaDLQ", *FUNCTIONS): IN_THE_QUEUE,
    (
        "Serverless-LambdaEventSourceMappingDestination",
        "ComputeReportFunctionQueue",
        "LoadDataFunctionQueue",
    ): IN_THE_QUEUE,
}


def found():
    """What the packs find, as (rule, resources)."""
    with tempfile.TemporaryDirectory() as folder:
        template = pathlib.Path(folder) / "template.json"
        template.write_text(json.dumps(for_cloudformation(defaults())))
        app = aws_cdk.App(outdir=f"{folder}/out")
        CfnInclude(aws_cdk.Stack(app, "store-uptime"), "template", template_file=str(template))
        aws_cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app), ServerlessChecks(app))
        # It fails when there is an error; warnings are in its report alone, as the errors are.
        with contextlib.suppress(RuntimeError), contextlib.redirect_stderr(io.StringIO()):
            app.synth()
        report = json.loads((pathlib.Path(folder) / "out" / "validation-report.json").read_text())
    for pack in report["pluginReports"]:
        if pack["pluginName"] in ("AwsSolutions", "Serverless"):
            for violation in pack["violations"]:
                resources = {about["constructPath"].rpartition("/")[2] for about in violation["violatingConstructs"]}
                yield violation["ruleName"], resources


def main():
    findings = {(rule, frozenset(resources)) for rule, resources in found()}
    accepted = {(rule, frozenset(resources)) for rule, *resources in ACCEPTED}
    for what, which in (("not accepted", findings - accepted), ("accepted but not found", accepted - findings)):
        for rule, resources in which:
            print(f"{what}: {rule} at {', '.join(sorted(resources))}")
    print(f"cdk-nag: {len(findings)} rules found something, {len(findings - accepted)} of them not accepted")
    raise SystemExit(findings != accepted)


if __name__ == "__main__":
    main()
