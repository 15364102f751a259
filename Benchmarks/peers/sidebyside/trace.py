"""What viewers of stories ask for: views, pans, zooms and playback, always the same for one seed.

Each story is a season of hurricanes. Its viewers begin where it begins, look around, and let it
play: a base map and one layer above it in time. A browser keeps what it has: nobody asks for a tile
twice, unless he reloads the layer past all caches, as editors do after an edit.
"""

import dataclasses
import datetime
import itertools
import random

from . import dialects

SEED = 7
STORIES = 8  # Zipf, exponent 1.0
FRAMES = 12  # of a story, of three days each
COLUMNS, ROWS = 5, 3  # tiles of a view
STEPS = 3, 7  # a viewer's, after his first view
EDITORS = 0.06  # of all viewers
HOMES = ((-62.0, 24.0, 4), (-75.0, 27.0, 5), (-88.0, 26.0, 5), (-55.0, 18.0, 4))


@dataclasses.dataclass(frozen=True)
class Tile:
    layer: str
    zoom: int
    column: int
    row: int
    frame: tuple[str, str] | None = None


@dataclasses.dataclass(frozen=True)
class Request:
    viewer: int
    dialect: str
    tile: Tile
    start: tuple[int, int]  # the view's first column and row
    reload: int = 0  # which of the viewer's reloads it follows; 0: none

    def target(self, time_of_reload=None):
        """Path and query in the viewer's dialect. `time_of_reload` gives the milliseconds since
        1970 of this viewer's reload."""
        text = dialects.SPELLINGS[self.dialect](self.tile, self.start)
        if self.reload:
            salt = random.Random(f"{self.viewer} {self.reload}").random()
            text += f"&_dc={time_of_reload(self)}&_olSalt={salt}"
        return text


class Story:
    def __init__(self, number, frames=FRAMES):
        first = datetime.date(2005 - number, 8, 1)
        days = [str(first + datetime.timedelta(3 * step)) for step in range(frames + 1)]
        self.frames = list(itertools.pairwise(days))
        longitude, latitude, self.zoom = HOMES[number % len(HOMES)]
        side = 2 ** self.zoom
        self.column = int((longitude + 180) / 360 * side) - COLUMNS // 2
        self.row = int((0.5 - latitude / 360) * side) - ROWS // 2  # near enough in the tropics


class Viewer:
    """One session. `requests` are (second, request) in their order."""

    def __init__(self, number, story, dialect, chance):
        self.number, self.story, self.dialect, self.chance = number, story, dialect, chance
        self.zoom, self.column, self.row = story.zoom, story.column, story.row
        self.frame, self.reloads, self.second = 0, 0, chance.uniform(0, 600)
        self.seen, self.requests = set(), []

    def run(self):
        self.look()
        steps = self.chance.randint(*STEPS)
        reload_at = self.chance.randrange(steps) if self.chance.random() < EDITORS else None
        for step in range(steps):
            self.second += self.chance.expovariate(1 / 8)
            if step == reload_at:
                self.reloads += 1
                self.seen.clear()
                self.look()
            else:
                self.chance.choices((self.pan, self.change_zoom, self.play), (35, 20, 45))[0]()
        return self.requests

    def look(self):
        self.show("base", None)
        self.show("hurricanes", self.story.frames[self.frame])

    def pan(self):
        self.column += self.chance.choice((-2, -1, 1, 2))
        self.row += self.chance.choice((-1, 0, 0, 1))
        self.look()

    def change_zoom(self):
        """In or out by one, about the middle of the view."""
        middle_column, middle_row = self.column + COLUMNS // 2, self.row + ROWS // 2
        if self.zoom <= self.story.zoom and self.chance.random() < 0.6:
            self.zoom += 1
            middle_column, middle_row = 2 * middle_column, 2 * middle_row
        elif self.zoom > 2:
            self.zoom -= 1
            middle_column, middle_row = middle_column // 2, middle_row // 2
        self.column, self.row = middle_column - COLUMNS // 2, middle_row - ROWS // 2
        self.look()

    def play(self):
        """Some frames in a row; behind the last one the first comes again."""
        for _ in range(self.chance.randint(3, FRAMES)):
            self.frame = (self.frame + 1) % FRAMES
            self.second += self.chance.uniform(0.2, 0.5)
            self.show("hurricanes", self.story.frames[self.frame])

    def show(self, layer, frame):
        side = 2 ** self.zoom
        self.column = min(max(self.column, 0), max(side - COLUMNS, 0))
        self.row = min(max(self.row, 0), max(side - ROWS, 0))
        for row in range(self.row, min(self.row + ROWS, side)):
            for column in range(self.column, min(self.column + COLUMNS, side)):
                tile = Tile(layer, self.zoom, column, row, frame)
                if tile not in self.seen:
                    self.seen.add(tile)
                    self.requests.append((self.second, Request(
                        self.number, self.dialect, tile, (self.column, self.row), self.reloads)))


def make(viewers, seed=SEED):
    """The requests of so many viewers, in the order of the time."""
    chance = random.Random(seed)
    stories = [Story(number) for number in range(STORIES)]
    found = []
    for number in range(viewers):
        story = chance.choices(stories, [1 / rank for rank in range(1, STORIES + 1)])[0]
        dialect = chance.choices(*zip(*dialects.SHARES.items()))[0]
        found += Viewer(number, story, dialect, chance).run()
    found.sort(key=lambda pair: pair[0])  # stable: a viewer's own order stays
    return [request for _, request in found]
