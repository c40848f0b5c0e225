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

# Periods of each form, which have begun before the polls that the check loads.
dates = strategies.dates(EARLIEST.date(), datetime.date(2022, 12, 31))
days_more = strategies.integers(0, 21).map(lambda days: datetime.timedelta(days))
periods = strategies.one_of(
    dates.map(datetime.date.isoformat),
    dates.map(lambda date: f"{date:%Y-%m}"),
    # The first days of 2000 are in a week of 1999.
    dates.filter(lambda date: date.isocalendar().year >= EARLIEST.year).map(lambda date: f"{date:%G-W%V}"),
    strategies.tuples(dates, days_more).map(lambda pair: f"{pair[0]}/{pair[0] + pair[1]}"),
)
schemathesis.openapi.format("period", periods)


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
    """Keeps three rules on parameters that the contract cannot express. Breaking them is rightly a 400."""
    if case.meta is None or case.meta.generation.mode.is_negative:
        return
    body = case.body if isinstance(case.body, dict) else {}
    query = case.query or {}
    for name in body:
        query.pop(name, None)
    if "poll_count" in (query.get("method"), body.get("method")):
        for name in ("max_hold_minutes", "period"):
            query.pop(name, None)
            body.pop(name, None)
    # A period must have begun at `as_of`. All generated periods have begun at the newest poll.
    if query.get("period") or body.get("period"):
        query.pop("as_of", None)
        body.pop("as_of", None)


@schemathesis.hook
def after_call(context, case, response):
    with open(ANSWERS, "a") as answers:
        answers.write(f"{case.operation.label} {response.status_code}\n")
