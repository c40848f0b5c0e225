"""Rules for schemathesis that the contract cannot express. See contract.py."""

import datetime
import os

import schemathesis
from hypothesis import strategies

ANSWERS = os.environ["CONTRACT_ANSWERS"]
REPORT_ID = os.environ["CONTRACT_REPORT_ID"]

EARLIEST = datetime.datetime(2000, 1, 1)
# `as_of` is accepted up to this instant at any time the check is run.
LATEST = datetime.datetime(2026, 1, 1)

instants = strategies.datetimes(EARLIEST, LATEST).map(lambda instant: f"{instant.isoformat()}Z")
schemathesis.openapi.format("date-time", instants)


@schemathesis.hook
def before_load_schema(context, raw_schema):
    # The local system does not need signatures.
    del raw_schema["security"]
    del raw_schema["components"]["securitySchemes"]
    # Generated keys would sooner or later repeat with other parameters, which is rightly a 422.
    for call in raw_schema["paths"]["/trigger_report"].values():
        key = {"$ref": "#/components/parameters/IdempotencyKey"}
        call["parameters"] = [parameter for parameter in call["parameters"] if parameter != key]
    # No generated id is known to the system, so this adds one that is.
    if REPORT_ID:
        raw_schema["components"]["schemas"]["ReportId"]["examples"].append(REPORT_ID)


@schemathesis.hook
def before_call(context, case, kwargs):
    """Keeps two rules on parameters that the contract cannot express. Breaking them is rightly a 400."""
    if case.meta is None or case.meta.generation.mode.is_negative or not case.query:
        return
    body = case.body if isinstance(case.body, dict) else {}
    for name in body:
        case.query.pop(name, None)
    if "poll_count" in (case.query.get("method"), body.get("method")):
        case.query.pop("max_hold_minutes", None)
        body.pop("max_hold_minutes", None)


@schemathesis.hook
def after_call(context, case, response):
    with open(ANSWERS, "a") as answers:
        answers.write(f"{case.operation.label} {response.status_code}\n")
