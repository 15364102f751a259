"""Speaks to the control API as operators do: with boto3 and the aws command, both unmodified.

usage: cloudfront.py boto3|waiter|aws ENDPOINT DISTRIBUTION-ID    exit 0 if every answer is as it should be
"""
import json
import os
import subprocess
import sys

CLIENT, ENDPOINT, DISTRIBUTION = sys.argv[1:]
# The command that was installed with this Python.
COMMAND = [sys.executable, os.path.join(os.path.dirname(sys.executable), "aws")]


def sample(shape, name="", path=()):
    """A value of that shape in which each member is present and each list has two items."""
    if shape.type_name == "structure":
        value = {
            key: sample(member, key, path + (shape.name,))
            for key, member in shape.members.items()
            if member.name not in path
        }
        if "Items" in value:
            value["Quantity"] = len(value["Items"])
        return value
    if shape.type_name == "list":
        return [sample(shape.member, f"{name}{number}", path) for number in (1, 2)]
    if shape.type_name == "string":
        return shape.enum[0] if getattr(shape, "enum", None) else f" {name} <&> é\n"
    return {"boolean": True, "integer": 7, "long": 8, "float": 0.5, "double": 0.5}[shape.type_name]


# Codes that no operation's model has: the common ones, which have no class of their own.
COMMON = {"MalformedXML", "MissingAuthenticationToken", "SignatureDoesNotMatch",
          "InvalidClientTokenId"}


def fault(call, code, status, **arguments):
    """Asserts that the call fails like that, as that class of exception; gives the message."""
    from botocore.exceptions import ClientError

    try:
        call(**arguments)
    except ClientError as error:
        name = "ClientError" if code in COMMON else code
        assert type(error).__name__ == name, (type(error), code)
        assert isinstance(error, call.__self__.exceptions.from_code(code)), type(error)
        assert error.response["Error"]["Code"] == code, error.response
        assert error.response["ResponseMetadata"]["HTTPStatusCode"] == status, error.response
        assert len(error.response["ResponseMetadata"]["RequestId"]) == 36, error.response
        assert error.response["Error"]["Type"] == "Sender", error.response
        return error.response["Error"]["Message"]
    raise AssertionError(f"{code} was expected")


def sending(client, operation, body, ask, **arguments):
    """Calls with another body than the one that the client would send."""
    def replace(params, **_):
        params["body"] = body
    event = f"before-call.cloudfront.{operation}"
    client.meta.events.register(event, replace)
    try:
        return ask(**arguments)
    finally:
        client.meta.events.unregister(event, replace)


def batch(reference, *paths):
    return {"CallerReference": reference, "Paths": {"Quantity": len(paths), "Items": list(paths)}}


def check_invalidations(client):
    paths = ["/a%20b?x=1&y=2", "/*", "#tag"]
    made = client.create_invalidation(
        DistributionId=DISTRIBUTION, InvalidationBatch=batch("r1", *paths))
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert made["Location"].endswith(f"/{DISTRIBUTION}/invalidation/{made['Invalidation']['Id']}")
    invalidation = made["Invalidation"]
    assert invalidation["InvalidationBatch"] == batch("r1", *paths), invalidation
    assert invalidation["CreateTime"].tzinfo is not None
    found = client.get_invalidation(DistributionId=DISTRIBUTION, Id=invalidation["Id"])
    assert found["Invalidation"] == invalidation, found
    client.get_waiter("invalidation_completed").wait(
        DistributionId=DISTRIBUTION, Id=invalidation["Id"], WaiterConfig={"MaxAttempts": 1})
    ids = [invalidation["Id"]]
    for number in range(6):
        made = client.create_invalidation(
            DistributionId=DISTRIBUTION, InvalidationBatch=batch(f"p{number}", f"/{number}"))
        ids.insert(0, made["Invalidation"]["Id"])
    pages = list(client.get_paginator("list_invalidations").paginate(
        DistributionId=DISTRIBUTION, PaginationConfig={"PageSize": 3}))
    sizes = [len(page["InvalidationList"]["Items"]) for page in pages]
    assert sizes == [3, 3, 1], sizes
    listed = [item["Id"] for page in pages for item in page["InvalidationList"]["Items"]]
    assert listed == ids, (listed, ids)

    create = client.create_invalidation
    message = fault(create, "InvalidArgument", 400, DistributionId=DISTRIBUTION,
                    InvalidationBatch=batch("r1", "/other"))
    assert message.startswith("Your request contains a caller reference"), message
    fault(create, "InvalidArgument", 400, DistributionId=DISTRIBUTION,
          InvalidationBatch=batch("r2", "relative"))
    fault(create, "NoSuchDistribution", 404, DistributionId="EOTHER",
          InvalidationBatch=batch("r2", "/"))
    fault(create, "BatchTooLarge", 413, DistributionId=DISTRIBUTION,
          InvalidationBatch=batch("r2", *[f"/{number:4000}" for number in range(3001)]))
    fault(create, "TooManyInvalidationsInProgress", 400, DistributionId=DISTRIBUTION,
          InvalidationBatch=batch("r2", *[f"/{number}*" for number in range(16)]))
    fault(client.get_invalidation, "NoSuchInvalidation", 404, DistributionId=DISTRIBUTION, Id="I1")
    wrong = {"CallerReference": "r2", "Paths": {"Quantity": 2, "Items": ["/"]}}
    fault(create, "InconsistentQuantities", 400, DistributionId=DISTRIBUTION,
          InvalidationBatch=wrong)
    fault(create, "InvalidArgument", 400, DistributionId=DISTRIBUTION,
          InvalidationBatch=batch("r2"))
    for body, code in ((b"", "MissingBody"), (b"<InvalidationBatch><Paths>", "MalformedXML")):
        sending(client, "CreateInvalidation", body, fault, call=create, code=code, status=400,
                DistributionId=DISTRIBUTION, InvalidationBatch=batch("r2", "/"))
    for wrong in ({"Marker": "I1"}, {"MaxItems": "0"}):
        fault(client.list_invalidations, "InvalidArgument", 400, DistributionId=DISTRIBUTION,
              **wrong)
    # None of them was counted or listed.
    listed = client.list_invalidations(DistributionId=DISTRIBUTION)["InvalidationList"]
    assert listed["Quantity"] == len(ids), listed


def check_waiter(client):
    """The invalidation takes as long as the edge was told to say that it does."""
    made = client.create_invalidation(
        DistributionId=DISTRIBUTION, InvalidationBatch=batch("w", "/*"))["Invalidation"]
    assert made["Status"] == "InProgress", made
    client.get_waiter("invalidation_completed").wait(
        DistributionId=DISTRIBUTION, Id=made["Id"], WaiterConfig={"Delay": 1, "MaxAttempts": 30})
    found = client.get_invalidation(DistributionId=DISTRIBUTION, Id=made["Id"])["Invalidation"]
    assert found["Status"] == "Completed", found
    shown = client.get_distribution(Id=DISTRIBUTION)["Distribution"]
    assert shown["InProgressInvalidationBatches"] == 0, shown


def check_signatures():
    import boto3
    from botocore import UNSIGNED
    from botocore.config import Config

    own = {"aws_access_key_id": os.environ["AWS_ACCESS_KEY_ID"],
           "aws_secret_access_key": os.environ["AWS_SECRET_ACCESS_KEY"]}

    def other(**changes):
        arguments = {**own, **changes}
        return boto3.client("cloudfront", endpoint_url=ENDPOINT, **arguments).list_distributions

    fault(other(config=Config(signature_version=UNSIGNED)), "MissingAuthenticationToken", 403)
    fault(other(aws_secret_access_key="another"), "SignatureDoesNotMatch", 403)
    fault(other(aws_access_key_id="AKIDOTHER"), "InvalidClientTokenId", 403)
    # With the session token of a role, which is signed like any other header.
    other(aws_session_token="token", region_name="ap-southeast-2")()


def check_distribution(client):
    summary = client.list_distributions()["DistributionList"]["Items"][0]
    assert summary["Id"] == DISTRIBUTION
    model = client.meta.service_model.shape_for("DistributionSummary")
    assert not set(model.required_members) - set(summary), summary
    got = client.get_distribution_config(Id=DISTRIBUTION)
    # Older models do not know it.
    assert summary.get("ETag", got["ETag"]) == got["ETag"]

    shape = client.meta.service_model.shape_for("DistributionConfig")
    full = sample(shape)
    full["CallerReference"] = got["DistributionConfig"]["CallerReference"]
    update = client.update_distribution
    updated = update(Id=DISTRIBUTION, IfMatch=got["ETag"], DistributionConfig=full)
    assert updated["Distribution"]["DistributionConfig"] == full
    again = client.get_distribution_config(Id=DISTRIBUTION)
    assert again["DistributionConfig"] == full, again["DistributionConfig"]
    assert again["ETag"] == updated["ETag"] != got["ETag"]
    fault(update, "PreconditionFailed", 412, Id=DISTRIBUTION, IfMatch=got["ETag"],
          DistributionConfig=full)
    fault(update, "InvalidIfMatchVersion", 400, Id=DISTRIBUTION, DistributionConfig=full)
    fault(update, "InvalidIfMatchVersion", 400, Id=DISTRIBUTION, IfMatch="*",
          DistributionConfig=full)
    fault(update, "IllegalUpdate", 400, Id=DISTRIBUTION, IfMatch=again["ETag"],
          DistributionConfig=dict(full, CallerReference="other"))
    fault(update, "NoSuchDistribution", 404, Id="EOTHER", IfMatch=again["ETag"],
          DistributionConfig=full)
    update(Id=DISTRIBUTION, IfMatch=again["ETag"], DistributionConfig=got["DistributionConfig"])
    back = client.get_distribution(Id=DISTRIBUTION)["Distribution"]
    assert back["DistributionConfig"] == got["DistributionConfig"]
    assert back["ActiveTrustedKeyGroups"]["Items"] == [
        {"KeyGroupId": "k1", "KeyPairIds": {"Quantity": 1, "Items": ["K2JCJMDEHXQW5F"]}}]
    client.get_waiter("distribution_deployed").wait(
        Id=DISTRIBUTION, WaiterConfig={"MaxAttempts": 1})
    fault(client.create_distribution, "DistributionAlreadyExists", 409, DistributionConfig=full)
    full["CallerReference"] = "other"
    fault(client.create_distribution, "AccessDenied", 403, DistributionConfig=full)
    fault(client.delete_distribution, "InvalidIfMatchVersion", 400, Id=DISTRIBUTION)
    fault(client.delete_distribution, "DistributionNotDisabled", 409, Id=DISTRIBUTION,
          IfMatch=client.get_distribution_config(Id=DISTRIBUTION)["ETag"])


def check_rest(client):
    for kind in ("cache", "origin_request", "response_headers"):
        root = "".join(word.title() for word in kind.split("_")) + "Policy"
        found = getattr(client, f"list_{kind}_policies")(Type="custom")[f"{root}List"]
        assert found["Quantity"] == len(found["Items"]) == 1 and "NextMarker" not in found, found
        assert found["Items"][0]["Type"] == "custom"
        policy = getattr(client, f"get_{kind}_policy")(Id=found["Items"][0][root]["Id"])
        assert policy[root] == found["Items"][0][root]
        config = getattr(client, f"get_{kind}_policy_config")(Id=policy[root]["Id"])
        assert config[f"{root}Config"] == policy[root][f"{root}Config"]
        assert config["ETag"] == policy["ETag"]
        fault(getattr(client, f"get_{kind}_policy"), f"NoSuch{root}", 404, Id="x")
    arn = client.get_distribution(Id=DISTRIBUTION)["Distribution"]["ARN"]
    assert client.list_tags_for_resource(Resource=arn)["Tags"]["Items"] == []
    tags = [{"Key": "team", "Value": "maps & <more>"}]
    client.tag_resource(Resource=arn, Tags={"Items": tags})
    assert client.list_tags_for_resource(Resource=arn)["Tags"]["Items"] == tags
    fault(client.tag_resource, "InvalidTagging", 400, Resource=arn,
          Tags={"Items": [{"Key": "aws:own", "Value": ""}]})
    fault(client.list_tags_for_resource, "NoSuchResource", 404, Resource=arn + "X")
    client.untag_resource(Resource=arn, TagKeys={"Items": ["team"]})
    assert client.list_tags_for_resource(Resource=arn)["Tags"]["Items"] == []
    check_signers(client)
    for name, root in (("functions", "FunctionList"),
                       ("origin_access_controls", "OriginAccessControlList")):
        assert getattr(client, f"list_{name}")()[root]["Quantity"] == 0


def check_signers(client):
    key = client.list_public_keys()["PublicKeyList"]["Items"][0]
    assert key["EncodedKey"].startswith("-----BEGIN PUBLIC KEY-----\n"), key
    got = client.get_public_key(Id=key["Id"])
    config = got["PublicKey"]["PublicKeyConfig"]
    assert {name: config[name] for name in ("Name", "EncodedKey")} == {
        name: key[name] for name in ("Name", "EncodedKey")}, (key, config)
    again = client.get_public_key_config(Id=key["Id"])
    assert again["PublicKeyConfig"] == config and again["ETag"] == got["ETag"], again
    fault(client.get_public_key, "NoSuchPublicKey", 404, Id="K1")
    group = client.list_key_groups()["KeyGroupList"]["Items"][0]["KeyGroup"]
    assert group["KeyGroupConfig"]["Items"] == [key["Id"]], group
    assert client.get_key_group(Id=group["Id"])["KeyGroup"] == group
    assert client.get_key_group_config(Id=group["Id"])["KeyGroupConfig"] == (
        group["KeyGroupConfig"])
    fault(client.get_key_group, "NoSuchResource", 404, Id="k2")
    for call in (client.list_public_keys, client.list_key_groups):
        fault(call, "InvalidArgument", 400, Marker="x")


def aws(*arguments, fails=False):
    done = subprocess.run(
        [*COMMAND, "--endpoint-url", ENDPOINT, "--output", "json", "cloudfront", *arguments],
        capture_output=True, text=True)
    assert (done.returncode != 0) == fails, (arguments, done.stdout, done.stderr)
    return done.stderr if fails else json.loads(done.stdout or "null")


def check_command():
    identity = ["--distribution-id", DISTRIBUTION]
    made = aws("create-invalidation", *identity, "--paths", "/a/*", "/b?x=1&y=2")["Invalidation"]
    assert made["InvalidationBatch"]["Paths"]["Items"] == ["/a/*", "/b?x=1&y=2"], made
    aws("wait", "invalidation-completed", *identity, "--id", made["Id"])
    assert aws("get-invalidation", *identity, "--id", made["Id"])["Invalidation"] == made
    listed = aws("list-invalidations", *identity)["InvalidationList"]["Items"]
    assert made["Id"] in [item["Id"] for item in listed]
    config = aws("get-distribution-config", "--id", DISTRIBUTION)
    changed = dict(config["DistributionConfig"], Comment="by the command")
    updated = aws("update-distribution", "--id", DISTRIBUTION, "--if-match", config["ETag"],
                  "--distribution-config", json.dumps(changed))
    assert updated["Distribution"]["DistributionConfig"]["Comment"] == "by the command"
    assert aws("list-distributions")["DistributionList"]["Items"][0]["Id"] == DISTRIBUTION
    assert aws("list-cache-policies", "--type", "custom")["CachePolicyList"]["Quantity"] == 1
    group = aws("list-key-groups")["KeyGroupList"]["Items"][0]["KeyGroup"]
    key = aws("get-public-key", "--id", group["KeyGroupConfig"]["Items"][0])["PublicKey"]
    assert key["PublicKeyConfig"]["Name"] == "maps", key
    refused = aws("create-invalidation", *identity, "--paths", "relative", fails=True)
    assert "(InvalidArgument)" in refused and "invalid invalidation paths" in refused, refused


if CLIENT == "aws":
    check_command()
else:
    import boto3

    connected = boto3.client("cloudfront", endpoint_url=ENDPOINT)
    if CLIENT == "waiter":
        check_waiter(connected)
    else:
        check_invalidations(connected)
        check_distribution(connected)
        check_rest(connected)
        check_signatures()
print("all answers were as they should be")
