"""Checks template.yaml with cdk-nag's packs AwsSolutions and Serverless. Makes no calls to AWS or other services.

    python3 -m venv nag
    nag/bin/pip install cdk-nag==3.0.2 aws-cdk-lib==2.275.0 aws-sam-translator==1.115.0 pyyaml==6.0.4
    nag/bin/python tests/template/template_nag.py

Needs Node.js. ACCEPTED below lists the accepted findings with their reasons. The check fails if cdk-nag finds
anything else, and also if it no longer finds one of these.
"""

import contextlib
import io
import json
import pathlib
import tempfile

import aws_cdk
from aws_cdk.cloudformation_include import CfnInclude
from cdk_nag import AwsSolutionsChecks, ServerlessChecks

from translated_template import FUNCTIONS, defaults, for_cloudformation

LAMBDAS = [f"{name}Function" for name in FUNCTIONS.values()]
ROLES = [f"{name}Role" for name in FUNCTIONS.values()]
DATA_BUCKET = "arn:<AWS::Partition>:s3:::<AWS::StackName>-data-<AWS::AccountId>-<AWS::Region>"
LOG_POLICY = "arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"
ONE_FOLDER = "The right covers one folder, because the names of its objects are not known in advance."
X_RAY = "X-Ray has no resources to name. tests/template/template_test.py checks all other rights."
LOG_OF_ALL = "API Gateway requires this AWS policy. It covers the logs of all APIs of an account."
VALIDATED = "The API's definition names a validator for every method, but the rule does not read it."
NO_WEB_ACL = "Calls are signed and throttled, and a web ACL costs more than the system."
ACCESS_LOG = "The access log records every call. Execution logs would never expire."
IS_THE_END = "These are the dead-letter queues."
IN_THE_QUEUE = "API Gateway waits for the response, and the source queues have dead-letter queues."

# (rule, resources) -> why the finding is accepted
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
    ("Serverless-LambdaDLQ", *LAMBDAS): IN_THE_QUEUE,
    (
        "Serverless-LambdaEventSourceMappingDestination",
        "ComputeReportFunctionQueue",
        "LoadDataFunctionQueue",
    ): IN_THE_QUEUE,
}


def found():
    """Yields the findings of the packs as (rule, resources)."""
    with tempfile.TemporaryDirectory() as folder:
        template = pathlib.Path(folder) / "template.json"
        template.write_text(json.dumps(for_cloudformation(defaults())))
        app = aws_cdk.App(outdir=f"{folder}/out")
        CfnInclude(aws_cdk.Stack(app, "store-uptime"), "template", template_file=str(template))
        aws_cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app), ServerlessChecks(app))
        # synth raises if there is an error. The report has errors and warnings.
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
    print(f"cdk-nag: {len(findings)} findings, {len(findings - accepted)} of them not accepted")
    raise SystemExit(findings != accepted)


if __name__ == "__main__":
    main()
