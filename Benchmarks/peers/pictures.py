"""How far pictures are apart: the mean difference of each two, over all pixels and all of red,
green and blue as they look on white, and alpha; null where one is no picture or of another size.

usage: pictures.py A B [A B]...        prints a JSON list
"""

import json
import sys

from PIL import Image, ImageChops, ImageStat


def looks(path):
    """The picture on white, and its alpha: colours of what is not seen do not count."""
    picture = Image.open(path).convert("RGBA")
    ground = Image.new("RGBA", picture.size, "white")
    ground.alpha_composite(picture)
    return ground.convert("RGB"), picture.getchannel("A")


def difference(one, other):
    try:
        ones, others = looks(one), looks(other)
    except OSError:
        return None
    if ones[0].size != others[0].size:
        return None
    means = [mean for pair in zip(ones, others)
             for mean in ImageStat.Stat(ImageChops.difference(*pair)).mean]
    return sum(means) / len(means)


print(json.dumps([difference(one, other) for one, other in zip(sys.argv[1::2], sys.argv[2::2])]))
