"""Checks the promises of the template as SAM translates it: who may call, what each function may do, what is kept.

    python tests/template/template_test.py        # with the SAM CLI's Python
"""

import json
import re
import unittest

from botocore.loaders import Loader

from translated_template import FUNCTIONS, ROOT, accepted, defaults, dependencies, for_cloudformation, of_type, source, stored, translated

POOL = "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_abc"
ANYBODY = "NONE_ANYBODY_MAY_READ_ANY_REPORT"
DEFAULT = translated()
MODES = {
    "IAM": DEFAULT,
    "COGNITO": translated(Authorization="COGNITO", UserPoolArn=POOL),
    ANYBODY: translated(Authorization=ANYBODY),
}
SCHEDULED = translated(ReportSchedule="rate(1 hour)")
LOG_ROLE_EXISTS = translated(ApiLogRole="exists")

CALLS = {
    ("/trigger_report", "get"): "TriggerReportFunction",
    ("/trigger_report", "post"): "TriggerReportFunction",
    ("/get_report", "get"): "GetReportFunction",
    ("/get_report", "post"): "GetReportFunction",
    ("/get_report/{report_id}", "get"): "GetReportFunction",
}

DATA_BUCKET = "arn:<AWS::Partition>:s3:::<AWS::StackName>-data-<AWS::AccountId>-<AWS::Region>"
LOG_ACTIONS = {"logs:CreateLogStream", "logs:PutLogEvents"}
TRACE_ACTIONS = {"xray:PutTraceSegments", "xray:PutTelemetryRecords"}
CONSUMER_ACTIONS = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}

# Numbers of days, and whether PollDays accepts them.
POLL_DAYS = {
    "0": True, "10": True, "400": True, "9999": True,
    "": False, "1": False, "9": False, "00": False, "010": False, "10.5": False, "-10": False, "10000": False, "ever": False,
}

# The actions that each function may take, by resource, besides those on its log and traces.
MAY = {
    "trigger_report": {
        "<DataTable.Arn>": {"dynamodb:GetItem"},
        "<ReportTable.Arn>": {"dynamodb:PutItem", "dynamodb:UpdateItem"},
        "<ReportQueue.Arn>": {"sqs:SendMessage"},
    },
    "get_report": {
        "<ReportTable.Arn>": {"dynamodb:GetItem"},
        "<ReportBucket.Arn>/reports/*": {"s3:GetObject"},
    },
    "compute_report": {
        "<DataTable.Arn>": {"dynamodb:Query"},
        "<ReportTable.Arn>": {"dynamodb:GetItem", "dynamodb:UpdateItem"},
        "<ReportBucket.Arn>/reports/*": {"s3:AbortMultipartUpload", "s3:PutObject"},
        "<ReportQueue.Arn>": CONSUMER_ACTIONS,
    },
    "load_data": {
        "<DataTable.Arn>": {"dynamodb:BatchWriteItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem"},
        DATA_BUCKET: {"s3:ListBucket", "s3:ListBucketVersions"},
        f"{DATA_BUCKET}/incoming/*": {"s3:GetObject", "s3:GetObjectVersion"},
        f"{DATA_BUCKET}/loads/*": {"s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"},
        "<LoadQueue.Arn>": CONSUMER_ACTIONS,
    },
}
# The actions that an SDK call needs, unless there is just one action and it has the name of the call.
ACTIONS_OF_CALL = {
    "S3 GetObject": {"s3:GetObject", "s3:GetObjectVersion"},
    "S3 ListObjectVersions": {"s3:ListBucketVersions"},
    "S3 CreateMultipartUpload": {"s3:PutObject"},
    "S3 UploadPart": {"s3:PutObject"},
    "S3 CompleteMultipartUpload": {"s3:PutObject"},
}
# The actions that no call of the function needs: for signed links, for a 404 instead of a 403 when an object is
# missing, and for what Lambda does on behalf of the function.
ACTIONS_WITHOUT_CALL = {
    "trigger_report": set(),
    "get_report": {"s3:GetObject"},
    "compute_report": CONSUMER_ACTIONS,
    "load_data": CONSUMER_ACTIONS | {"s3:ListBucket"},
}


def definition(resources):
    return of_type(resources, "AWS::ApiGateway::RestApi")["Api"]["Body"]


def methods(resources):
    """Returns every method of the API, by path and verb."""
    paths = definition(resources)["paths"]
    return {(path, verb): method for path, verbs in paths.items() for verb, method in verbs.items()}


def as_list(value):
    return value if isinstance(value, list) else [value]


def statements(role):
    return [
        statement
        for policy in role.get("Policies", [])
        for statement in as_list(policy["PolicyDocument"]["Statement"])
    ]


def rights(role):
    """Returns the actions that a role may take, by resource."""
    found = {}
    for statement in statements(role):
        for resource in as_list(statement["Resource"]):
            found.setdefault(resource, set()).update(as_list(statement["Action"]))
    return found


def refuses_without_tls(document, resource):
    denied = {"Bool": {"aws:SecureTransport": "false"}}
    return any(
        statement["Effect"] == "Deny"
        and statement["Principal"] == "*"
        and statement["Action"] in ("s3:*", "sqs:*")
        and statement["Condition"] == denied
        and resource in as_list(statement["Resource"])
        for statement in document["Statement"]
    )


class Callers(unittest.TestCase):
    def test_calls_are_signed_by_default(self):
        authorization = source()["Parameters"]["Authorization"]
        self.assertEqual(authorization["Default"], "IAM")
        self.assertEqual(authorization["AllowedValues"], list(MODES))
        self.check_every_method("IAM", [{"caller": []}])
        self.assertEqual(definition(MODES["IAM"])["components"]["securitySchemes"]["caller"], {
            "type": "apiKey", "name": "Authorization", "in": "header", "x-amazon-apigateway-authtype": "awsSigv4",
        })

    def test_with_a_user_pool_every_method_is_authorized_by_it(self):
        self.check_every_method("COGNITO", [{"caller": []}])
        caller = definition(MODES["COGNITO"])["components"]["securitySchemes"]["caller"]
        self.assertEqual(caller["x-amazon-apigateway-authtype"], "cognito_user_pools")
        authorizer = {"type": "cognito_user_pools", "providerARNs": [POOL]}
        self.assertEqual(caller["x-amazon-apigateway-authorizer"], authorizer)

    def test_cognito_without_a_user_pool_is_refused(self):
        self.assertFalse(accepted(Authorization="COGNITO"))
        self.assertTrue(accepted(Authorization="COGNITO", UserPoolArn=POOL))
        self.assertTrue(accepted(Authorization="IAM"))

    def test_only_the_explicit_parameter_lets_anybody_call(self):
        self.check_every_method(ANYBODY, [])

    def check_every_method(self, mode, security):
        found = methods(MODES[mode])
        self.assertEqual(set(found), set(CALLS))
        for call, method in found.items():
            with self.subTest(mode=mode, call=call):
                self.assertEqual(method["security"], security)

    def test_no_caller_needs_rights_on_a_function(self):
        for mode, resources in MODES.items():
            for call, method in methods(resources).items():
                with self.subTest(mode=mode, call=call):
                    integration = method["x-amazon-apigateway-integration"]
                    self.assertNotIn("credentials", integration)
                    self.assertIn(f"/functions/<{CALLS[call]}.Arn>/", integration["uri"])

    def test_functions_can_be_called_only_through_the_api(self):
        for mode, resources in MODES.items():
            with self.subTest(mode=mode):
                kinds = {about["Type"] for about in resources.values()}
                other = {"AWS::Lambda::Url", "AWS::ApiGateway::Method", "AWS::ApiGatewayV2::Api"}
                self.assertEqual(kinds & other, set())
                permissions = of_type(resources, "AWS::Lambda::Permission").values()
                allowed = {(about["FunctionName"], about["SourceArn"].split(":")[-1]) for about in permissions}
                self.assertEqual({about["Principal"] for about in permissions}, {"apigateway.amazonaws.com"})
                self.assertEqual(allowed, {
                    (f"<{function}>", f"<Api>/*/{verb.upper()}{path}".replace("{report_id}", "*"))
                    for (path, verb), function in CALLS.items()
                })

    def test_the_one_stage_is_throttled_and_logged(self):
        for mode, resources in MODES.items():
            with self.subTest(mode=mode):
                [stage] = of_type(resources, "AWS::ApiGateway::Stage").values()
                [deployment] = of_type(resources, "AWS::ApiGateway::Deployment").values()
                self.assertNotIn("StageName", deployment)
                self.assertEqual(stage["AccessLogSetting"]["DestinationArn"], "<CallLog.Arn>")
                json.loads(stage["AccessLogSetting"]["Format"])
                [settings] = stage["MethodSettings"]
                self.assertEqual((settings["ResourcePath"], settings["HttpMethod"]), ("/*", "*"))
                self.assertEqual((settings["ThrottlingRateLimit"], settings["ThrottlingBurstLimit"]), (10, 20))
                self.assertFalse(settings["DataTraceEnabled"])

    def test_an_account_with_a_log_role_gets_the_same_api(self):
        lost = {name for name, about in DEFAULT.items() if about["Type"] != "AWS::ApiGateway::Deployment"} - set(LOG_ROLE_EXISTS)
        self.assertEqual(lost, {"CallLogAccount", "CallLogRole"})
        self.assertEqual(methods(LOG_ROLE_EXISTS), methods(DEFAULT))
        self.assertEqual(len(of_type(LOG_ROLE_EXISTS, "AWS::ApiGateway::Stage")), 1)

    def test_the_stage_depends_on_the_log_role_if_it_is_created(self):
        for resources, is_made in ((DEFAULT, True), (LOG_ROLE_EXISTS, False)):
            with self.subTest(is_made=is_made):
                [stage] = of_type(resources, "AWS::ApiGateway::Stage").values()
                self.assertEqual("<CallLogAccount>" in str(stage), is_made)
        self.assertEqual(DEFAULT["CallLogAccount"]["Properties"], {"CloudWatchRoleArn": "<CallLogRole.Arn>"})

    def test_the_api_accepts_only_tls_1_2_and_newer_at_its_own_address(self):
        api = of_type(DEFAULT, "AWS::ApiGateway::RestApi")["Api"]
        self.assertEqual((api["SecurityPolicy"], api["EndpointAccessMode"]), ("SecurityPolicy_TLS13_1_2_2021_06", "STRICT"))
        shapes = Loader().load_service_model("apigateway", "service-2")["shapes"]
        self.assertIn(api["SecurityPolicy"], shapes["SecurityPolicy"]["enum"])
        self.assertIn(api["EndpointAccessMode"], shapes["EndpointAccessMode"]["enum"])

    def test_a_change_of_authorization_is_deployed_to_the_stage(self):
        self.assertTrue(source()["Resources"]["Api"]["Properties"]["AlwaysDeploy"])

    def test_every_method_names_a_validator_that_exists(self):
        body = definition(DEFAULT)
        for call, method in methods(DEFAULT).items():
            with self.subTest(call=call):
                validator = body["x-amazon-apigateway-request-validators"][method["x-amazon-apigateway-request-validator"]]
                self.assertEqual(validator, {"validateRequestParameters": True, "validateRequestBody": True})
                required = {about["name"] for about in method.get("parameters", []) if about.get("required")}
                self.assertEqual(required, set(re.findall(r"\{(\w+)\}", call[0])))

    def test_api_gateway_returns_its_own_errors_as_problems(self):
        answers = definition(DEFAULT)["x-amazon-apigateway-gateway-responses"]
        self.assertLessEqual({"DEFAULT_4XX", "DEFAULT_5XX"}, set(answers))
        for name, answer in answers.items():
            with self.subTest(answer=name):
                headers = answer["responseParameters"]
                self.assertEqual(headers["gatewayresponse.header.Content-Type"], "'application/problem+json'")
                self.assertEqual(headers["gatewayresponse.header.Cache-Control"], "'no-store'")
                problem = json.loads(answer["responseTemplates"]["application/json"])
                self.assertRegex(problem["type"], "^/problems/[a-z-]+$")
                self.assertEqual(problem["request_id"], "$context.requestId")
                self.assertNotIn("$context.error", str(problem))


class Order(unittest.TestCase):
    RESOURCES = for_cloudformation(defaults())["Resources"]

    def test_no_resource_depends_on_a_conditional_one(self):
        """If the condition is false, CloudFormation creates neither of them."""
        for name, about in self.RESOURCES.items():
            with self.subTest(resource=name):
                conditional = {other for other in dependencies(about) if "Condition" in self.RESOURCES[other]}
                self.assertEqual(conditional, set())

    def test_no_resource_name_escapes_cfn_lint(self):
        """If a name starts with that of a SAM resource, cfn-lint assumes that SAM creates it, and does not check dependencies on it."""
        written = source()["Resources"]
        expanded = tuple(name for name, about in written.items() if about["Type"].startswith("AWS::Serverless::"))
        hidden = {name for name in written if name not in expanded and name.startswith(expanded)}
        # Nothing depends on an alarm.
        self.assertEqual(hidden, {"ApiErrorsAlarm"})


class Rights(unittest.TestCase):
    def test_each_list_of_functions_names_those_of_the_template(self):
        for listed in (MAY, ACTIONS_WITHOUT_CALL, stored("sdk_calls.json")):
            self.assertEqual(listed.keys(), FUNCTIONS.keys())

    def test_each_function_has_exactly_the_rights_listed_here(self):
        for function, name in FUNCTIONS.items():
            with self.subTest(function=function):
                own = {f"<{name}Log.Arn>": LOG_ACTIONS, "*": TRACE_ACTIONS}
                self.assertEqual(rights(DEFAULT[f"{name}Role"]["Properties"]), MAY[function] | own)

    def test_each_function_has_only_the_rights_that_its_calls_need(self):
        for function, calls in stored("sdk_calls.json").items():
            with self.subTest(function=function):
                called = {action for listed in calls.values() for call in listed for action in self.actions(call)}
                may = set().union(*MAY[function].values())
                self.assertEqual(may, called | ACTIONS_WITHOUT_CALL[function])

    @staticmethod
    def actions(call):
        service, operation = call.split()
        return ACTIONS_OF_CALL.get(call, {f"{service.lower()}:{operation}"})

    def test_only_versions_of_source_files_can_be_listed(self):
        role = DEFAULT["LoadDataRole"]["Properties"]
        [listing] = [about for about in statements(role) if about["Action"] == "s3:ListBucketVersions"]
        self.assertEqual(listing["Condition"]["StringLike"], {"s3:prefix": "incoming/*"})

    def test_each_function_has_a_role_of_its_own_that_only_lambda_can_assume(self):
        for function, name in FUNCTIONS.items():
            with self.subTest(function=function):
                self.assertEqual(DEFAULT[f"{name}Function"]["Properties"]["Role"], f"<{name}Role.Arn>")
                role = DEFAULT[f"{name}Role"]["Properties"]
                self.assertNotIn("ManagedPolicyArns", role)
                [trust] = role["AssumeRolePolicyDocument"]["Statement"]
                self.assertEqual(trust["Principal"], {"Service": "lambda.amazonaws.com"})

    def test_no_role_has_a_wildcard_that_aws_could_narrow(self):
        for name, role in of_type(SCHEDULED, "AWS::IAM::Role").items():
            for statement in statements(role):
                with self.subTest(role=name, statement=statement):
                    actions = set(as_list(statement["Action"]))
                    self.assertFalse(any("*" in action for action in actions))
                    if "*" in as_list(statement["Resource"]):
                        self.assertEqual(actions, TRACE_ACTIONS)

    def test_a_role_reaches_only_buckets_of_this_account(self):
        """An S3 ARN has no account, and once a bucket is deleted, any account may create one of the same name."""
        asked = {"aws:ResourceAccount": "<AWS::AccountId>"}
        reached = [
            (name, statement)
            for name, role in of_type(SCHEDULED, "AWS::IAM::Role").items()
            for statement in statements(role)
            if any(action.startswith("s3:") for action in as_list(statement["Action"]))
        ]
        self.assertEqual({name for name, _ in reached}, {"GetReportRole", "ComputeReportRole", "LoadDataRole"})
        for name, statement in reached:
            with self.subTest(role=name, actions=statement["Action"]):
                self.assertEqual(statement["Condition"]["StringEquals"], asked)

    def test_the_only_roles_are_those_of_the_functions_and_the_log_role(self):
        functions = {f"{name}Role" for name in FUNCTIONS.values()}
        self.assertEqual(set(of_type(DEFAULT, "AWS::IAM::Role")), functions | {"CallLogRole"})
        self.assertEqual(set(of_type(LOG_ROLE_EXISTS, "AWS::IAM::Role")), functions)

    def test_the_scheduler_may_invoke_one_function(self):
        role = SCHEDULED["ScheduledReportRole"]["Properties"]
        self.assertEqual(rights(role), {"<TriggerReportFunction.Arn>": {"lambda:InvokeFunction"}})


class Stores(unittest.TestCase):
    def test_only_objects_under_incoming_are_loaded(self):
        notifying = {
            name: about["NotificationConfiguration"]
            for name, about in of_type(DEFAULT, "AWS::S3::Bucket").items()
            if "NotificationConfiguration" in about
        }
        prefix = {"S3Key": {"Rules": [{"Name": "prefix", "Value": "incoming/"}]}}
        queue = {"Event": "s3:ObjectCreated:*", "Queue": "<LoadQueue.Arn>", "Filter": prefix}
        self.assertEqual(notifying, {"DataBucket": {"QueueConfigurations": [queue]}})

    def test_no_function_can_write_objects_that_would_be_loaded(self):
        for name, role in of_type(SCHEDULED, "AWS::IAM::Role").items():
            written = {resource for resource, actions in rights(role).items() if "s3:PutObject" in actions}
            with self.subTest(role=name):
                self.assertLessEqual(written, {f"{DATA_BUCKET}/loads/*", "<ReportBucket.Arn>/reports/*"})

    def test_every_bucket_is_private_encrypted_and_tidy(self):
        policies = {about["Bucket"]: about["PolicyDocument"] for about in of_type(DEFAULT, "AWS::S3::BucketPolicy").values()}
        for name, bucket in of_type(DEFAULT, "AWS::S3::Bucket").items():
            with self.subTest(bucket=name):
                self.assertEqual(list(bucket["PublicAccessBlockConfiguration"].values()), [True] * 4)
                self.assertEqual(bucket["OwnershipControls"], {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]})
                self.assertIn("BucketEncryption", bucket)
                self.assertEqual(bucket["VersioningConfiguration"], {"Status": "Enabled"})
                rules = bucket["LifecycleConfiguration"]["Rules"]
                self.assertTrue(any("AbortIncompleteMultipartUpload" in rule for rule in rules))
                self.assertTrue(any("NoncurrentVersionExpiration" in rule for rule in rules))
                for resource in (f"<{name}.Arn>", f"<{name}.Arn>/*"):
                    self.assertTrue(refuses_without_tls(policies[f"<{name}>"], resource), resource)
                # A failed first deployment leaves no buckets. Two have fixed names, which the next try needs.
                self.check_kept(name, "RetainExceptOnCreate")

    def test_a_link_older_than_fifteen_minutes_gives_no_version_of_a_report(self):
        statements = DEFAULT["ReportBucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]
        [guard] = [statement for statement in statements if "NumericGreaterThan" in statement["Condition"]]
        self.assertEqual((guard["Effect"], guard["Principal"]), ("Deny", "*"))
        self.assertEqual(set(guard["Action"]), {"s3:GetObject", "s3:GetObjectVersion"})
        self.assertEqual(guard["Resource"], "<ReportBucket.Arn>/*")
        self.assertEqual(guard["Condition"], {"NumericGreaterThan": {"s3:signatureAge": 15 * 60 * 1000}})

    def test_reports_expire_as_the_parameter_says(self):
        bucket = translated(ReportDays=7)["ReportBucket"]["Properties"]
        self.assertEqual(bucket["LifecycleConfiguration"]["Rules"][0]["ExpirationInDays"], 7)

    def test_polls_are_kept_for_ten_days_or_more_or_for_ever(self):
        parameter = source()["Parameters"]["PollDays"]
        self.assertEqual((parameter["Type"], parameter["Default"]), ("String", "400"))
        for days, is_accepted in POLL_DAYS.items():
            with self.subTest(days=days):
                self.assertEqual(bool(re.fullmatch(parameter["AllowedPattern"], days)), is_accepted)

    def test_the_functions_that_write_polls_and_request_reports_know_how_long_polls_are_kept(self):
        for days in ("0", "10"):
            resources = translated(PollDays=days)
            known = {}
            for function, name in FUNCTIONS.items():
                variables = resources[f"{name}Function"]["Properties"]["Environment"]["Variables"]
                known[function] = variables.get("POLL_DAYS")
            self.assertEqual(known, {"trigger_report": days, "get_report": None, "compute_report": None, "load_data": days})

    def test_source_files_and_the_records_of_their_loads_expire_with_the_polls(self):
        for days, expected in (("0", {}), ("10", {"incoming/": "10", "loads/": "10"})):
            with self.subTest(days=days):
                rules = translated(PollDays=days)["DataBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
                expiring = {rule["Prefix"]: rule["ExpirationInDays"] for rule in rules if "ExpirationInDays" in rule}
                self.assertEqual(expiring, expected)

    def test_a_load_finds_its_version_of_a_file_for_as_long_as_its_message_can_exist(self):
        rules = DEFAULT["DataBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
        [days] = [rule["NoncurrentVersionExpiration"]["NoncurrentDays"] for rule in rules if "NoncurrentVersionExpiration" in rule]
        queues = [DEFAULT[queue]["Properties"]["MessageRetentionPeriod"] for queue in ("LoadQueue", "LoadDeadLetterQueue")]
        self.assertGreater(days * 24 * 3600, sum(queues))

    def test_every_table_is_kept_and_can_be_restored(self):
        expiry = {"AttributeName": "expires_at", "Enabled": True}
        for name, table in of_type(DEFAULT, "AWS::DynamoDB::Table").items():
            with self.subTest(table=name):
                self.assertEqual(table["BillingMode"], "PAY_PER_REQUEST")
                self.assertTrue(table["DeletionProtectionEnabled"])
                self.assertTrue(table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"])
                self.check_kept(name, "Retain")
                self.assertEqual(table["TimeToLiveSpecification"], expiry)

    def check_kept(self, name, when_deleted):
        about = DEFAULT[name]
        self.assertEqual((about["DeletionPolicy"], about["UpdateReplacePolicy"]), (when_deleted, "Retain"))


class Queues(unittest.TestCase):
    def test_every_queue_is_encrypted_and_refuses_without_tls(self):
        documents = {}
        for about in of_type(DEFAULT, "AWS::SQS::QueuePolicy").values():
            # SQS accepts only policies for a single queue.
            [queue] = about["Queues"]
            documents[queue] = about["PolicyDocument"]
        queues = of_type(DEFAULT, "AWS::SQS::Queue")
        self.assertEqual(len(queues), 4)
        for name, queue in queues.items():
            with self.subTest(queue=name):
                self.assertTrue(queue["SqsManagedSseEnabled"])
                self.assertTrue(refuses_without_tls(documents[f"<{name}>"], f"<{name}.Arn>"))

    def test_a_message_is_received_again_a_minute_after_the_time_out_of_its_function(self):
        for time_out, again in self.time_outs():
            self.assertEqual(again, time_out + 60)

    def test_the_local_system_waits_as_long_as_the_deployed_one(self):
        local = (ROOT / "lib" / "local" / "src" / "system" / "settings.rs").read_text()
        minutes = re.findall(r"timeout: Duration::from_mins\((\d+)\),[^}]*?visibility: Duration::from_mins\((\d+)\)", local)
        seconds = [(int(timeout) * 60, int(visibility) * 60) for timeout, visibility in minutes]
        self.assertEqual(seconds, self.time_outs())

    @staticmethod
    def time_outs():
        """Returns (the function's time-out, the queue's visibility time-out), for reports and then for loads."""
        return [
            (DEFAULT[f"{name}Function"]["Properties"]["Timeout"], DEFAULT[queue]["Properties"]["VisibilityTimeout"])
            for queue, name in (("ReportQueue", "ComputeReport"), ("LoadQueue", "LoadData"))
        ]

    def test_a_message_is_given_up_after_five_receives(self):
        for queue, name in (("ReportQueue", "ComputeReport"), ("LoadQueue", "LoadData")):
            with self.subTest(queue=queue):
                about = DEFAULT[queue]["Properties"]
                self.assertEqual(about["RedrivePolicy"]["maxReceiveCount"], 5)
                dead = DEFAULT[about["RedrivePolicy"]["deadLetterTargetArn"][1:-len(".Arn>")]]["Properties"]
                self.assertEqual(dead["MessageRetentionPeriod"], 14 * 24 * 3600)
                allowed = dead["RedriveAllowPolicy"]
                self.assertEqual(allowed["redrivePermission"], "byQueue")
                [source_arn] = allowed["sourceQueueArns"]
                self.assertTrue(source_arn.endswith(f":<AWS::AccountId>:{about['QueueName']}"), source_arn)
                mapping = DEFAULT[f"{name}FunctionQueue"]["Properties"]
                self.assertEqual(mapping["EventSourceArn"], f"<{queue}.Arn>")
                # One message per invocation, so that no good file waits for the retry of another.
                self.assertEqual((mapping["BatchSize"], mapping.get("MaximumBatchingWindowInSeconds")), (1, None))
                self.assertEqual(mapping["FunctionResponseTypes"], ["ReportBatchItemFailures"])

    def test_loads_and_reports_leave_room_for_calls_in_an_account_of_ten(self):
        # AWS accepts no value below two.
        self.assertEqual([source()["Parameters"][name]["MinValue"] for name in ("LoadsAtOnce", "ReportsAtOnce")], [2, 2])
        self.assertLessEqual(self.at_once(DEFAULT, "LoadData") + self.at_once(DEFAULT, "ComputeReport"), 6)
        other = translated(LoadsAtOnce=20, ReportsAtOnce=40)
        self.assertEqual((self.at_once(other, "LoadData"), self.at_once(other, "ComputeReport")), (20, 40))

    @staticmethod
    def at_once(resources, name):
        return resources[f"{name}FunctionQueue"]["Properties"]["ScalingConfig"]["MaximumConcurrency"]

    def test_the_functions_know_their_queue(self):
        queue = DEFAULT["ReportQueue"]["Properties"]
        receives, visibility = str(queue["RedrivePolicy"]["maxReceiveCount"]), str(queue["VisibilityTimeout"])
        trigger, compute = self.variables("TriggerReport"), self.variables("ComputeReport")
        self.assertEqual((trigger["RECEIVES_ALLOWED"], trigger["VISIBILITY_TIMEOUT_SECONDS"]), (receives, visibility))
        self.assertEqual(compute["RECEIVES_ALLOWED"], receives)

    @staticmethod
    def variables(name):
        return DEFAULT[f"{name}Function"]["Properties"]["Environment"]["Variables"]


class Emulator(unittest.TestCase):
    """Checks the parameter with which `sam local` and other emulators run the functions without AWS."""

    def test_a_deployment_on_aws_names_no_emulator(self):
        self.assertEqual(defaults()["EmulatorUrl"], "")
        self.assertEqual([name for name in FUNCTIONS.values() if "AWS_ENDPOINT_URL" in json.dumps(DEFAULT[f"{name}Function"])], [])

    def test_with_an_emulator_a_function_differs_only_in_the_addresses_that_it_calls(self):
        url = "http://10.88.0.1:4566"
        emulated = translated(EmulatorUrl=url)
        for name in FUNCTIONS.values():
            with self.subTest(function=name):
                variables = emulated[f"{name}Function"]["Properties"]["Environment"]["Variables"]
                addresses = {variable: variables.pop(variable) for variable in list(variables) if variable.startswith("AWS_")}
                services = ("", "_DYNAMODB", "_S3", "_SQS")
                self.assertEqual(addresses, {f"AWS_ENDPOINT_URL{service}": url for service in services})
                self.assertEqual(emulated[f"{name}Function"], DEFAULT[f"{name}Function"])


class Guide(unittest.TestCase):
    """Checks functions/README.md, the guide for operators."""

    def test_the_guide_lists_each_parameter_with_its_default(self):
        listed = {name: default.strip("`") for name, default, _ in self.table("## Parameters")}
        expected = {name: str(about["Default"]) or "none" for name, about in source()["Parameters"].items()}
        self.assertEqual(listed, expected)

    def test_the_guide_lists_each_environment_variable_with_the_functions_that_get_it(self):
        listed = {name: functions for name, functions, _ in self.table("from environment variables")}
        # The template does not set this variable.
        self.assertEqual(listed.pop("LOAD_BATCH_MIB"), "load_data")
        expected = {}
        for function, name in FUNCTIONS.items():
            for variable in Queues.variables(name):
                expected.setdefault(variable, []).append(function)
        self.assertEqual(listed, {variable: ", ".join(functions) for variable, functions in expected.items()})
        settings = (ROOT / "lib/uptime_aws/src/settings.rs").read_text()
        self.assertEqual(set(listed) | {"LOAD_BATCH_MIB"}, set(re.findall(r'^pub const [A-Z_]+: &str = "([A-Z_]+)"', settings, re.M)))

    def test_the_guide_has_steps_for_each_alarm(self):
        alarms = [name for name, resource in DEFAULT.items() if resource["Type"] == "AWS::CloudWatch::Alarm"]
        text = (ROOT / "functions/README.md").read_text()
        self.assertEqual(sorted(re.findall(r"^### (\w+Alarm)$", text, re.M)), sorted(alarms))

    @staticmethod
    def table(title):
        """Returns the cells of the first table after a text. The first cell of each line has no backticks."""
        behind = (ROOT / "functions/README.md").read_text().split(title, 1)[1]
        rows = re.search(r"(?:^\|.*\n)+", behind, re.M).group().splitlines()[2:]
        cells = [[cell.strip() for cell in row.strip("|").split(" | ")] for row in rows]
        return [(first.strip("`"), *others) for first, *others in cells]


if __name__ == "__main__":
    unittest.main()
