"""Holds documents against AWS's own model of CloudFront, as botocore does before it sends them.

usage: model.py DISTRIBUTION POLICIES    a DistributionConfig, and a directory with the output of
get-cache-policy and its like; exit 0 if update-distribution and create-...-policy would take them
"""
import json
import pathlib
import sys

import botocore.session
from botocore.validate import ParamValidator

CREATE = {
    "CachePolicy": "CreateCachePolicy",
    "OriginRequestPolicy": "CreateOriginRequestPolicy",
    "ResponseHeadersPolicy": "CreateResponseHeadersPolicy",
}
model = botocore.session.Session().get_service_model("cloudfront")


def shape(operation):
    return model.operation_model(operation).input_shape


def fits(parameters, wanted, place):
    """Types, required and unknown members, and, which botocore leaves to the service, words."""
    report = ParamValidator().validate(parameters, wanted)
    assert not report.has_errors(), f"{place}: {report.generate_report()}"
    judge(parameters, wanted, place)


def judge(value, wanted, place):
    if wanted.type_name == "structure":
        unknown = set(value) - set(wanted.members)
        assert not unknown, f"{place}: the model has no {unknown}"
        if "Quantity" in value:
            count = len(value.get("Items", []))
            assert value["Quantity"] == count, f"{place}: Quantity is not {count}"
        for key, member in value.items():
            judge(member, wanted.members[key], f"{place}.{key}")
    elif wanted.type_name == "list":
        for number, item in enumerate(value):
            judge(item, wanted.member, f"{place}[{number}]")
    elif getattr(wanted, "enum", None):
        assert value in wanted.enum, f"{place}: {value} is none of {wanted.enum}"


distribution, directory = map(pathlib.Path, sys.argv[1:])
config = json.loads(distribution.read_text())
fits(
    {"Id": "E1", "IfMatch": "E2", "DistributionConfig": config},
    shape("UpdateDistribution"), distribution.name,
)
fits({"DistributionConfig": config}, shape("CreateDistribution"), distribution.name)
policies = sorted(directory.glob("*.json"))
for path in policies:
    document = json.loads(path.read_text())
    kind = next(key for key in document if key != "ETag")
    # The whole is what get-...-policy prints, and its inside what create-...-policy takes.
    whole = model.shape_for(f"Get{kind}Result")
    judge(document, whole, path.name)
    inside = document[kind][f"{kind}Config"]
    fits({f"{kind}Config": inside}, shape(CREATE[kind]), path.name)
    assert document[kind]["Id"] == path.stem, f"{path.name}: its Id is not its name"
print(f"valid: 1 distribution, {len(policies)} policies")
