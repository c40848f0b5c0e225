"""Checks what the template, as SAM translates it, promises operators: logs, metrics, alarms, schedules.

    python tests/template/template_operation_test.py        # with the SAM CLI's Python
"""

import json
import re
import unittest

from translated_template import FUNCTIONS, ROOT, accepted, of_type, stored, translated

DEFAULT = translated()
SCHEDULED = translated(ReportSchedule="rate(1 hour)")

NAMESPACE = "StoreUptime/<AWS::StackName>"


def sent():
    """Returns the names of the metrics that the functions send."""
    source = (ROOT / "lib" / "uptime_aws" / "src" / "metrics.rs").read_text()
    return set(re.findall(r'\("(\w+)", "(?:Count|Seconds)"', source))


def watched(alarm):
    """Returns those of our metrics that an alarm watches."""
    metrics = [part["MetricStat"]["Metric"] for part in alarm.get("Metrics", []) if "MetricStat" in part]
    return {about["MetricName"] for about in [alarm, *metrics] if about.get("Namespace") == NAMESPACE}


class Operation(unittest.TestCase):
    def test_every_log_is_json_and_expires(self):
        for name, about in of_type(translated(LogDays=7), "AWS::Logs::LogGroup").items():
            with self.subTest(log=name):
                self.assertEqual(about["RetentionInDays"], 7)
        for name in FUNCTIONS.values():
            with self.subTest(function=name):
                function = DEFAULT[f"{name}Function"]["Properties"]
                self.assertEqual(function["LoggingConfig"]["LogGroup"], f"<{name}Log>")
                self.assertEqual(function["LoggingConfig"]["LogFormat"], "JSON")
                self.assertEqual(function["TracingConfig"], {"Mode": "Active"})

    def test_no_log_level_hides_the_metrics(self):
        """Metric lines have no level. Lambda treats them as INFO, and drops them from logs of higher levels."""
        for name in FUNCTIONS.values():
            with self.subTest(function=name):
                level = DEFAULT[f"{name}Function"]["Properties"]["LoggingConfig"]["ApplicationLogLevel"]
                self.assertIn(level, {"TRACE", "DEBUG", "INFO"})

    def test_reports_are_scheduled_only_if_a_schedule_is_given(self):
        self.assertEqual(of_type(DEFAULT, "AWS::Scheduler::Schedule"), {})
        [schedule] = of_type(SCHEDULED, "AWS::Scheduler::Schedule").values()
        self.assertEqual(schedule["ScheduleExpression"], "rate(1 hour)")
        self.assertEqual(json.loads(schedule["Target"]["Input"]), stored("events/scheduled_report.json"))

    def test_a_scheduled_report_can_be_about_the_period_that_has_just_ended(self):
        scheduled = translated(ReportSchedule="cron(0 12 1 * ? *)", ReportSchedulePeriod="month")
        [schedule] = of_type(scheduled, "AWS::Scheduler::Schedule").values()
        written = schedule["Target"]["Input"].replace("<aws.scheduler.scheduled-time>", "2023-02-01T12:00:00Z")
        written = written.replace("<aws.scheduler.execution-id>", "d32c5kddcf5bb8c3")
        self.assertEqual(json.loads(written), stored("events/scheduled_month.json"))

    def test_a_schedule_of_periods_is_refused_if_polls_are_counted(self):
        self.assertFalse(accepted(DefaultMethod="poll_count", ReportSchedulePeriod="month"))
        self.assertTrue(accepted(DefaultMethod="poll_count"))
        self.assertTrue(accepted(ReportSchedulePeriod="month"))

    def test_monitoring_can_be_left_out(self):
        off = {about["Type"] for about in translated(Monitoring="off").values()}
        self.assertNotIn("AWS::CloudWatch::Alarm", off)
        self.assertNotIn("AWS::CloudWatch::Dashboard", off)

    def test_every_alarm_notifies_the_topic_if_there_is_one(self):
        topic = "arn:aws:sns:us-east-1:123456789012:operators"
        notifying = of_type(translated(AlarmTopicArn=topic), "AWS::CloudWatch::Alarm")
        for name, alarm in of_type(DEFAULT, "AWS::CloudWatch::Alarm").items():
            with self.subTest(alarm=name):
                self.assertNotIn("AlarmActions", alarm)
                self.assertEqual((notifying[name]["AlarmActions"], notifying[name]["OKActions"]), ([topic], [topic]))
                self.assertEqual(alarm["TreatMissingData"], "notBreaching")

    def test_the_duration_alarm_uses_the_time_outs_of_the_functions(self):
        share = DEFAULT["FunctionDurationAlarm"]["Properties"]["Metrics"][0]["Expression"]
        hundredths = {name.split("_")[0]: DEFAULT[f"{function}Function"]["Properties"]["Timeout"] * 10 for name, function in FUNCTIONS.items()}
        self.assertEqual({name: int(by) for name, by in re.findall(r"(\w+) / (\d+)", share)}, hundredths)

    def test_each_stack_has_metrics_of_its_own(self):
        for name in ("trigger_report", "compute_report", "load_data"):
            function = DEFAULT[f"{FUNCTIONS[name]}Function"]["Properties"]
            self.assertEqual(function["Environment"]["Variables"]["METRICS_NAMESPACE"], NAMESPACE)

    def test_the_default_limits_of_a_load_are_those_of_the_command_line(self):
        source = (ROOT / "lib" / "uptime" / "src" / "ingest" / "limits.rs").read_text()
        [(rejects, ratio)] = re.findall(r"Limits \{.*reject_limit_percent: (\d+), gzip_ratio_limit: (\d+) \}", source)
        variables = DEFAULT["LoadDataFunction"]["Properties"]["Environment"]["Variables"]
        deployed = (variables["REJECT_LIMIT_PERCENT"], variables["GZIP_RATIO_LIMIT"])
        self.assertEqual(deployed, (int(rejects), int(ratio)))
        self.assertEqual(DEFAULT["RejectedRowsAlarm"]["Properties"]["Threshold"], int(rejects))

    def test_alarms_watch_metrics_that_are_sent(self):
        alarms = of_type(DEFAULT, "AWS::CloudWatch::Alarm")
        ours = {name: watched(alarm) for name, alarm in alarms.items() if watched(alarm)}
        self.assertEqual(set(ours), {"FailedReportsAlarm", "FailedLoadsAlarm", "FailedLoadAttemptsAlarm", "RejectedRowsAlarm"})
        self.assertLessEqual(set().union(*ours.values()), sent())

    def test_the_alarm_on_calls_uses_the_name_of_the_api(self):
        """With another name there would be no data, and the alarm would never be raised."""
        dimensions = {about["Name"]: about["Value"] for about in DEFAULT["ApiErrorsAlarm"]["Properties"]["Dimensions"]}
        title = DEFAULT["Api"]["Properties"]["Body"]["info"]["title"]
        [stage] = of_type(DEFAULT, "AWS::ApiGateway::Stage").values()
        self.assertEqual(dimensions, {"ApiName": title, "Stage": stage["StageName"]})

    def test_one_failed_attempt_at_a_load_raises_an_alarm(self):
        alarm = DEFAULT["FailedLoadAttemptsAlarm"]["Properties"]
        self.assertEqual((alarm["MetricName"], alarm["Statistic"]), ("LoadAttemptsFailed", "Sum"))
        self.assertEqual((alarm["ComparisonOperator"], alarm["Threshold"]), ("GreaterThanThreshold", 0))
        self.assertLessEqual(alarm["Period"], 300)

    def test_an_hour_with_more_read_units_than_the_parameter_raises_an_alarm(self):
        alarm = translated(AlarmReadUnitsPerHour=5)["ReadUnitsAlarm"]["Properties"]
        self.assertEqual((alarm["Namespace"], alarm["MetricName"]), ("AWS/DynamoDB", "ConsumedReadCapacityUnits"))
        self.assertEqual(alarm["Dimensions"], [{"Name": "TableName", "Value": "<DataTable>"}])
        self.assertEqual((alarm["Statistic"], alarm["Period"], alarm["EvaluationPeriods"]), ("Sum", 3600, 1))
        self.assertEqual((alarm["ComparisonOperator"], alarm["Threshold"]), ("GreaterThanThreshold", 5))

    def test_the_dashboard_shows_every_metric_that_is_sent(self):
        dashboard = json.loads(DEFAULT["Dashboard"]["Properties"]["DashboardBody"])
        shown = set()
        for metric in (metric for widget in dashboard["widgets"] for metric in widget["properties"]["metrics"]):
            match metric:
                case [{"expression": search}]:
                    self.assertIn(f'{{"{NAMESPACE}",Reason}}', search)
                    shown |= set(re.findall(r'MetricName="(\w+)"', search))
                case [namespace, name, *_] if namespace == NAMESPACE:
                    shown.add(name)
        self.assertEqual(shown, sent())


if __name__ == "__main__":
    unittest.main()
