"""What is asked for: tile sizes, how often each tile is wanted, all from fixed seeds."""

import itertools
import math
import os
import random

KEYS = 1_000
DRAWS = 65_536
SIZES = {"1k": 1_024, "10k": 10_240, "50k": 51_200}

# The mix: real tiles of a basemap over all zooms (MapServer, Natural Earth and GSHHG data): two
# blank tiles make 40 % of it, the rest follows these quantiles, straight lines between their
# logarithms. Median 1.7 KB, p90 19 KB, largest 93 KB.
BLANKS = ((0.25, 755), (0.40, 334))
QUANTILES = ((0.40, 628), (0.50, 1_700), (0.75, 6_000), (0.90, 19_000), (0.97, 32_000),
             (1.00, 93_000))
MIX_SLOTS = 1_000


def mix_slot(slot):
    """(size, whether it is one of the blanks) of the tiles whose number mod 1,000 is `slot`."""
    place = (slot * 617 % MIX_SLOTS + 0.5) / MIX_SLOTS  # 617 is coprime: each place comes once
    for limit, size in BLANKS:
        if place < limit:
            return size, True
    for (low, small), (high, large) in itertools.pairwise(QUANTILES):
        if place <= high:
            share = (place - low) / (high - low)
            return round(math.exp(math.log(small) * (1 - share) + math.log(large) * share)), False
    return QUANTILES[-1][1], False


def size_of(layer, number):
    """Body bytes of tile `number` in a layer, as the origin makes it."""
    size = layer.removeprefix("bench-")
    return mix_slot(number % MIX_SLOTS)[0] if size == "mix" else int(size)


def layer_of(name):
    """The layer that has the tiles of a size as the command line names it."""
    return "bench-" + (name if name == "mix" else str(SIZES.get(name) or int(name)))


def path_of(layer, number):
    """The tile's path, in the form of GeoWebCache's TMS service."""
    return f"/geoserver/gwc/service/tms/1.0.0/{layer}/12/{number % 4096}/{number // 4096}.png"


LAYERS = 1_000


def layered_path_of(layer, number):
    """The same of LAYERS layers, which have a tile each in turn."""
    return path_of(layer_in_turn(layer, number), number)


def layer_in_turn(layer, number):
    """The layer whose tile that is when tiles are spread over LAYERS of them."""
    return f"{layer}-{number % LAYERS}"


WORLD = 20037508.342789244


def map_of(layer, number=1):
    """The tile as OpenLayers 2 asks a GeoServer for it."""
    side = 2 * WORLD / 4096
    west, south = number % 4096 * side - WORLD, number // 4096 * side - WORLD
    box = ",".join(f"{value:.9f}" for value in (west, south, west + side, south + side))
    return (f"/geoserver/geonode/wms?LAYERS={layer}&FORMAT=image%2Fpng&TRANSPARENT=TRUE"
            "&TIME=2005-06-01%2F2005-12-31&SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap&STYLES="
            f"&SRS=EPSG%3A900913&BBOX={box}&WIDTH=256&HEIGHT=256")


def plain_path_of(layer, number):
    """The same picture by a path that says nothing of maps."""
    return f"/static/{layer}/12/{number % 4096}/{number // 4096}.png"


# What keys.lua calls them, too.
SPELLINGS = {"plain": plain_path_of, "tms": path_of, "layers": layered_path_of, "wms": map_of}


# Of the first seeds the one with which also the requests, not only the tiles, have the mix's median,
# p90 and share of blanks: under Zipf's law the sizes of a few tiles weigh much.
SEED = 31


def draw(keys, shape, count, seed=SEED):
    """Tile numbers in the order they are asked for. "zipf": exponent 1.0, with the ranks dealt out
    at random, so that a rank tells nothing of a size; "uniform": each as likely as any other."""
    chance = random.Random(seed)
    if shape == "uniform":
        return [chance.randrange(keys) for _ in range(count)]
    numbers = list(range(keys))
    chance.shuffle(numbers)
    weights = list(itertools.accumulate(1 / rank for rank in range(1, keys + 1)))
    return chance.choices(numbers, cum_weights=weights, k=count)


def write_lines(path, values):
    with open(path, "w") as file:
        file.writelines(f"{value}\n" for value in values)
    return path


class Workload:
    """The files one run needs, in its directory; each is made once."""

    def __init__(self, directory):
        self.directory = directory
        self.drawn = {}
        slots = (mix_slot(slot) for slot in range(MIX_SLOTS))
        self.mix = write_lines(os.path.join(directory, "mix.txt"),
                               (f"{size} blank" if blank else size for size, blank in slots))

    def keys_file(self, keys, shape, count=DRAWS):
        """The list of tile numbers for the load generator."""
        if (keys, shape, count) not in self.drawn:
            self.drawn[keys, shape, count] = draw(keys, shape, count)
            write_lines(self._keys_path(keys, shape, count), self.drawn[keys, shape, count])
        return self._keys_path(keys, shape, count)

    def sizes_file(self, name, shape):
        """The sizes in the order the list asks for them: the floor's answers."""
        layer = layer_of(name)
        path = os.path.join(self.directory, f"sizes-{name}-{shape}.txt")
        if not os.path.exists(path):
            self.keys_file(KEYS, shape)
            if name == "mix":
                write_lines(path, (size_of(layer, n) for n in self.drawn[KEYS, shape, DRAWS]))
            else:
                write_lines(path, [size_of(layer, 0)])
        return path

    def mean_size(self, name, shape):
        """Mean body bytes of a request, for the report."""
        self.keys_file(KEYS, shape)
        drawn = self.drawn[KEYS, shape, DRAWS]
        return sum(size_of(layer_of(name), number) for number in drawn) / len(drawn)

    def _keys_path(self, keys, shape, count):
        return os.path.join(self.directory, f"keys-{keys}-{shape}-{count}.txt")
