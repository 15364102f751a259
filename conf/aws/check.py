"""Holds mapstory.yaml against what else the project ships, so that they stay one.

usage: conf/aws/check.py [MAPEDGE]    exit 0 if behaviors, policies and error pages are those of
                                      distribution.json, hooks and metrics those of the edge, and
                                      MAPEDGE has nothing to say of the sample for mapedge.yaml
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile

import yaml

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
# The policies' names in conf/policies.
POLICIES = {"TilesPolicy": "mapstory-tiles", "CapabilitiesPolicy": "mapstory-capabilities",
            "FilesPolicy": "mapstory-files", "PagesPolicy": "mapstory-pages",
            "FormsPolicy": "mapstory-forms", "DrawablePolicy": "mapstory-cors"}
# Each stack has policies of its own, and prose is nobody's rule.
OWN = {"Name", "Comment"}
RENAMED = {"AccessControlAllowOrigins", "AccessControlAllowHeaders", "AccessControlAllowMethods"}


class Loader(yaml.SafeLoader):
    """Short forms such as !Ref give their argument."""


Loader.add_multi_constructor("!", lambda loader, _, node: (
    loader.construct_scalar(node) if isinstance(node, yaml.ScalarNode) else
    loader.construct_sequence(node, deep=True)))


def plain(value):
    """A document of CloudFront's API as CloudFormation writes it: lists without a Quantity."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "Quantity" in value:
        return plain(value.get("Items", []))
    return {key: plain(item) for key, item in value.items() if key not in OWN}


def behavior(value):
    """What counts of a behavior, with policies by their names in conf/policies."""
    fields = {key: POLICIES.get(item, item) if isinstance(item, str) else item
              for key, item in plain(value).items() if key != "TargetOriginId"}
    return {**fields, "AllowedMethods": sorted(fields["AllowedMethods"])}


def told_by_the_edge():
    """What the edge does unless it is told otherwise: hooks, namespace, and metrics by its code."""
    shipped = yaml.safe_load((HERE.parent / "mapedge.yaml").read_text())
    code = "".join(file.read_text() for file in (ROOT / "Sources/Control/Signals").glob("*.swift"))
    return {"hooks": shipped["origins"]["default"]["discover"]["hooks"],
            "namespace": shipped["cloudwatch"]["namespace"],
            "metrics": set(re.findall(r'add\("(\w+)", "\w+", pool', code)),
            "dimensions": set(re.findall(r'Dimensions\.member\.1\.Name", "(\w+)"', code))}


def signals(resources, sample):
    """Pairs of what template and sample say of hooks and metrics, and what the edge knows."""
    edge = told_by_the_edge()
    hooks = {hook["LifecycleTransition"].rpartition("_")[2].lower(): hook["LifecycleHookName"]
             for hook in resources["GeoServers"]["Properties"]["LifecycleHookSpecificationList"]}
    metric = resources["GeoServerScaling"]["Properties"]["TargetTrackingConfiguration"][
        "CustomizedMetricSpecification"]
    origin = next(iter(sample["origins"].values()))
    checks = {check["kind"] for check in origin["health"]["checks"]}
    known = metric["MetricName"] in edge["metrics"]
    return [
        ("lifecycle hooks", hooks, {**edge["hooks"], **origin["discover"].get("hooks", {})}),
        ("the metric's namespace", metric["Namespace"],
         sample["cloudwatch"].get("namespace", edge["namespace"])),
        ("what an instance has to pass to be warm", checks, {"map", "capabilities"}),
        ("who writes to the directory that all share", origin["cluster"]["leader"], "auto"),
        ("the metric", metric["MetricName"], metric["MetricName"] if known else edge["metrics"]),
        ("its dimensions", {item["Name"] for item in metric["Dimensions"]}, edge["dimensions"])]


def sample_of(text):
    """The mapedge.yaml in the template's first comment."""
    block = re.search(r"^# The bucket's mapedge\.yaml.*\n#\n((?:#   .*\n)+)", text, re.M)
    return re.sub(r"^#   ", "", block[1], flags=re.M)


def findings(mapedge, sample):
    """What `mapedge check` says of the sample, as a pair with nothing. The balancer's check needs the
    admin port, and the security group lets nobody else come to it."""
    with tempfile.TemporaryDirectory() as place:
        file, secret = pathlib.Path(place) / "mapedge.yaml", pathlib.Path(place) / "geoserver"
        secret.write_text("USER:PASSWORD\n")
        secret.chmod(0o600)
        # On the instance systemd puts it there.
        file.write_text(sample.replace("/run/credentials/mapedge.service/geoserver", str(secret)))
        done = subprocess.run([mapedge, "check", "--config", file], capture_output=True, text=True)
    # This machine is not the instance: its directories and addresses are others.
    said = [line for line in done.stderr.splitlines()
            if "the admin port on" not in line and ": warning: on this machine " not in line]
    return [("mapedge check", (done.returncode, said), (0, []))]


def main(*mapedge):
    text = (HERE / "mapstory.yaml").read_text()
    sample = sample_of(text)
    resources = yaml.load(text, Loader)["Resources"]
    ours = resources["Distribution"]["Properties"]["DistributionConfig"]
    shipped = json.loads((HERE.parent / "distribution.json").read_text())
    pairs = [("DefaultCacheBehavior", behavior(ours["DefaultCacheBehavior"]),
              behavior(shipped["DefaultCacheBehavior"])),
             ("CustomErrorResponses", ours["CustomErrorResponses"],
              plain(shipped["CustomErrorResponses"]))]
    behaviors = [[behavior(item) for item in items] for items in (
        ours["CacheBehaviors"], shipped["CacheBehaviors"]["Items"])]
    pairs += [(f"CacheBehaviors[{at}]", *pair) for at, pair in enumerate(zip(*behaviors))]
    pairs.append(("the number of CacheBehaviors", *map(len, behaviors)))
    for resource, name in POLICIES.items():
        file = json.loads((HERE.parent / "policies" / f"{name}.json").read_text())
        kind = next(key for key in file if key != "ETag")
        theirs = plain(file[kind][f"{kind}Config"])
        mine = plain(resources[resource]["Properties"][f"{kind}Config"])
        for key in RENAMED & set(mine.get("CorsConfig", {})):
            mine["CorsConfig"][key] = mine["CorsConfig"][key]["Items"]
        pairs.append((resource, mine, theirs))
    pairs += signals(resources, yaml.safe_load(sample))
    for program in mapedge:
        pairs += findings(program, sample)
    wrong = [f"{place}: {mine} here, {theirs} there" for place, mine, theirs in pairs
             if mine != theirs]
    if wrong:
        raise SystemExit("\n".join(wrong))
    print(f"the same: {len(behaviors[0])} behaviors, {len(POLICIES)} policies")


if __name__ == "__main__":
    main(*sys.argv[1:])
