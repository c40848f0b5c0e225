"""template.yaml as CloudFormation gets it: translated by SAM, with conditions and parameters resolved.

A value that is only known after deployment is written as `<...>`: `<DataTable.Arn>`, `<AWS::StackName>`.
"""

import json
import logging
import os
import pathlib
import re

os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")

from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

# It logs messages about its telemetry.
logging.getLogger("samtranslator").setLevel(logging.ERROR)

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
NOTHING = object()


def source():
    """Returns the template as it is in the file."""
    return yaml_parse((ROOT / "template.yaml").read_text())


# The package of each function, and the name that its resources start with. The template scripts import this list.
FUNCTIONS = {
    pathlib.PurePath(resource["Properties"]["CodeUri"]).name: name.removesuffix("Function")
    for name, resource in source()["Resources"].items()
    if resource["Type"] == "AWS::Serverless::Function"
}


def for_cloudformation(parameters):
    """Returns the template as SAM translates it, with unresolved conditions."""
    template = source()
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = "s3://bucket/code.zip"
    return Translator({}, Parser()).translate(template, dict(parameters))


def defaults():
    return {name: about["Default"] for name, about in source()["Parameters"].items()}


def translated(**given):
    """Returns the resources of a deployment with these parameters, by name. Resources that are not created are left out."""
    parameters = defaults() | given
    template = for_cloudformation(parameters)
    deployment = Deployment(template, parameters)
    made = {
        name: deployment.resolved(resource)
        for name, resource in template["Resources"].items()
        if "Condition" not in resource or deployment.holds(resource["Condition"])
    }
    # Like CloudFormation: a resource that depends on one that is not created is silently left out too.
    while lost := [name for name, about in made.items() if not dependencies(about) <= made.keys()]:
        for name in lost:
            del made[name]
    return made


def dependencies(resource):
    """Returns the names in a resource's DependsOn."""
    named = resource.get("DependsOn", [])
    return {named} if isinstance(named, str) else set(named)


def accepted(**given):
    """Returns whether these parameters satisfy the template's rules."""
    parameters = defaults() | given
    deployment = Deployment(for_cloudformation(parameters), parameters)
    applying = [rule for rule in source()["Rules"].values() if deployment.resolved(rule["RuleCondition"])]
    return all(deployment.resolved(assertion["Assert"]) for rule in applying for assertion in rule["Assertions"])


class Deployment:
    def __init__(self, template, parameters):
        self.conditions = template["Conditions"]
        self.parameters = parameters

    def holds(self, condition):
        return self.resolved(self.conditions[condition])

    def value(self, name):
        return NOTHING if name == "AWS::NoValue" else self.parameters.get(name, f"<{name}>")

    def substituted(self, text, names):
        return re.sub(r"\$\{([^}]+)\}", lambda name: str(names.get(name[1], self.value(name[1]))), text)

    def resolved(self, node):
        if isinstance(node, list):
            return [item for item in map(self.resolved, node) if item is not NOTHING]
        if not isinstance(node, dict):
            return node
        match list(node.items()):
            case [("Ref", name)]:
                return self.value(name)
            case [("Fn::GetAtt", [name, attribute])]:
                return f"<{name}.{attribute}>"
            case [("Fn::Sub", str() as text)]:
                return self.substituted(text, {})
            case [("Fn::Sub", [text, names])]:
                return self.substituted(text, self.resolved(names))
            case [("Fn::If", [condition, then, otherwise])]:
                return self.resolved(then if self.holds(condition) else otherwise)
            case [("Fn::Equals", [left, right])]:
                return self.resolved(left) == self.resolved(right)
            case [("Fn::Not", [condition])]:
                return not self.resolved(condition)
            case [(function, _)] if function.startswith("Fn::"):
                raise ValueError(f"unsupported function {function}: add it to Deployment.resolved")
        items = ((key, self.resolved(value)) for key, value in node.items())
        return {key: value for key, value in items if value is not NOTHING}


def of_type(resources, kind):
    """Returns the properties of all resources of a type, by name."""
    return {name: about.get("Properties", {}) for name, about in resources.items() if about["Type"] == kind}


def stored(path):
    """Reads a JSON file of tests/."""
    return json.loads((ROOT / "tests" / path).read_text())
