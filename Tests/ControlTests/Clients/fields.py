"""Prints the members of a DistributionConfig by AWS's own model, one a line.

A list's items are `[]`; what only counts them is left out, and behaviors of both kinds are one.
"""
import botocore.session

model = botocore.session.Session().get_service_model("cloudfront")


def members(shape, path):
    if shape.type_name == "structure":
        for name, member in shape.members.items():
            yield from members(member, f"{path}.{name}" if path else name)
    elif shape.type_name == "list":
        yield from members(shape.member, path + "[]")
    elif not path.endswith("Quantity"):
        yield path


paths = {
    path.replace("DefaultCacheBehavior.", "Behavior.").replace(
        "CacheBehaviors.Items[].", "Behavior.")
    for path in members(model.shape_for("DistributionConfig"), "")
}
print("\n".join(sorted(paths)))
