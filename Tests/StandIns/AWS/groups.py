"""An Auto Scaling group on moto, driven with boto3, and origins at its instances' addresses.

usage: groups.py serve             until it is killed; prints one line of JSON to standard error
       groups.py capacity URL N    another size, as the group's administrator
       groups.py metrics URL       prints names and dimensions of what CloudWatch has been told
       groups.py invalidations URL prints the items of all invalidations

Instances get addresses in 127.16.0.0/24, which is this machine: there an origin answers each request
with its own address. moto checks signatures and policies: the user whose keys are printed may do what
Operating.md lets an edge do, and nothing else. The administrator's keys stand in the environment
variables ADMIN_ID and ADMIN_SECRET of the other commands.
"""

import http.server
import json
import os
import pathlib
import socketserver
import sys
import threading
import urllib.request

import boto3

REGION, GROUP = "us-east-1", "maps"


def client(service, url, key="any", secret="any"):
    return boto3.client(service, endpoint_url=url, region_name=REGION, aws_access_key_id=key,
                        aws_secret_access_key=secret)


class Origin(http.server.BaseHTTPRequestHandler):
    """Says which address was asked."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = self.connection.getsockname()[0].encode()
        self.send_response(200)
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128


def origins(addresses):
    """One on each address, all on one port; the port."""
    while True:
        servers = []
        try:
            for address in addresses:
                port = servers[0].server_port if servers else 0
                servers.append(Server((address, port), Origin))
            break
        except OSError:  # the port is taken on another address
            for server in servers:
                server.server_close()
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    return servers[0].server_port


def user(url, name, statement):
    """A user who may do what a statement says, and its keys."""
    iam = client("iam", url)
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=json.dumps(
        {"Version": "2012-10-17", "Statement": statement}))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return key["AccessKeyId"], key["SecretAccessKey"]


def documented_policy():
    """The statements in Operating.md, of all JSON blocks that are a policy."""
    page = pathlib.Path(__file__).resolve().parents[3] / "Sources/Edge/Edge.docc/Operating.md"
    statements = []
    for block in page.read_text().split("```")[1::2]:
        if "Statement" in block:
            # moto calls CloudWatch's actions by the name in signatures.
            policy = block[block.index("{"):].replace("cloudwatch:Put", "monitoring:Put")
            statements += json.loads(policy)["Statement"]
    return statements


def distribution(url):
    """A distribution of one origin; its id."""
    return client("cloudfront", url).create_distribution(DistributionConfig={
        "CallerReference": "maps", "Comment": "", "Enabled": True,
        "Origins": {"Quantity": 1, "Items": [{
            "Id": "edge", "DomainName": "edge.example.org", "CustomOriginConfig": {
                "HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "http-only"}}]},
        "DefaultCacheBehavior": {
            "TargetOriginId": "edge", "ViewerProtocolPolicy": "allow-all", "MinTTL": 0,
            "ForwardedValues": {"QueryString": True, "Cookies": {"Forward": "none"}}},
    })["Distribution"]["Id"]


def serve():
    from moto.server import ThreadedMotoServer
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    url = "http://%s:%d" % moto.get_host_and_port()
    ec2, scaling = client("ec2", url), client("autoscaling", url)
    vpc = ec2.create_vpc(CidrBlock="127.16.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="127.16.0.0/24",
                               AvailabilityZone="us-east-1a")["Subnet"]["SubnetId"]
    image = ec2.describe_images()["Images"][0]["ImageId"]
    scaling.create_launch_configuration(LaunchConfigurationName="maps", ImageId=image,
                                        InstanceType="m5.large")
    scaling.create_auto_scaling_group(
        AutoScalingGroupName=GROUP, LaunchConfigurationName="maps", MinSize=1, MaxSize=4,
        DesiredCapacity=2, VPCZoneIdentifier=subnet)
    port = origins([f"127.16.0.{last}" for last in range(4, 24)])
    served = distribution(url)
    key, secret = user(url, "edge", documented_policy())
    admin, admin_secret = user(url, "admin", {"Effect": "Allow", "Action": "*", "Resource": "*"})
    # From here on every call is checked.
    urllib.request.urlopen(urllib.request.Request(
        url + "/moto-api/reset-auth", data=b"0", headers={"Content-Type": "text/plain"}))
    print(json.dumps({"url": url, "port": port, "key": key, "secret": secret, "admin": admin,
                      "adminSecret": admin_secret, "distribution": served}), file=sys.stderr, flush=True)
    threading.Event().wait()


def main(command, *words):
    if command == "serve":
        return serve()
    keys = os.environ["ADMIN_ID"], os.environ["ADMIN_SECRET"]
    if command == "capacity":
        client("autoscaling", words[0], *keys).set_desired_capacity(
            AutoScalingGroupName=GROUP, DesiredCapacity=int(words[1]))
    if command == "metrics":
        metrics = client("cloudwatch", words[0], *keys).list_metrics(Namespace="MapEdge")
        for metric in metrics["Metrics"]:
            print(metric["MetricName"], *(d["Name"] + "=" + d["Value"]
                                          for d in metric["Dimensions"]))
    if command == "invalidations":
        # moto takes no signed GET of CloudFront's for what it is: its own dump says it, too.
        with urllib.request.urlopen(words[0] + "/moto-api/data.json") as dump:
            for invalidation in json.load(dump)["cloudfront"]["Invalidation"]:
                print(*invalidation["paths"], sep="\n")


main(*sys.argv[1:])
