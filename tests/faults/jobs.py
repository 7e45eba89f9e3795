"""The runs that are disturbed: what they start from, their command, and what they leave."""

import os
import pathlib
import shutil
import subprocess

import bucket
import results

MANYFIT = os.environ["MANYFIT"]
CUSTOMERS = [f"c{number:02}" for number in range(1, 21)]
TIMEOUT = 60


def series(number, months=24, lift=0):
    """A customer's rows: a line and a wave, no two customers alike."""
    rows = ((f"{2020 + month // 12}-{month % 12 + 1:02}-01", 50 + lift + number + month + (month * 7 + number) % 5) for month in range(months))
    return list(rows)


def write_series(folder, customers=CUSTOMERS, **shape):
    folder.mkdir(parents=True)
    for customer in customers:
        rows = "".join(f"{date},{value}\n" for date, value in series(int(customer[1:]), **shape))
        (folder / f"{customer}.csv").write_text("ds,y\n" + rows)


def run(arguments, place, environment=(), **options):
    """The program in a place, without faults."""
    return subprocess.run([MANYFIT, *arguments], cwd=place, env={**os.environ, **dict(environment)}, capture_output=True, timeout=TIMEOUT, **options)


def must(arguments, place, environment=()):
    ended = run(arguments, place, environment)
    if ended.returncode:
        raise SystemExit(f"without faults: {' '.join(arguments)}: exit code {ended.returncode}\n{ended.stderr.decode()}")




def train(output="out", horizon=3):
    return ["train", "--input", "in", "--output", output, "--jobs", "1", "--horizon", str(horizon), "--max-failures", "0", "--set", "fsync=true"]


class Job:
    """A command over files below the current directory; `output` is where its results are."""

    output = "out"

    def __init__(self, name, arguments, make):
        """`make` creates, in a folder, what the command starts from."""
        self.name, self.arguments, self.make = name, arguments, make

    def prepare(self, work):
        self.work = work
        self.start = work / "start"
        self.start.mkdir(parents=True)
        self.make(self.start)
        self.old = results.read(self.files(self.start))
        place = self.begin("clean")
        arguments, environment = self.command(place)
        must(arguments, place, environment)
        self.new = results.read(self.files(place))
        self.sizes = {len(content) for content in self.files(place).values()}
        self.end(place)

    def begin(self, name):
        """A place of its own for one run."""
        place = self.work / name
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(self.start, place)
        return place

    def command(self, place):
        return self.arguments, {}

    def again(self, place):
        arguments, environment = self.command(place)
        return run(arguments, place, environment)

    def files(self, place):
        root = place / self.output
        return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}

    def end(self, place):
        shutil.rmtree(place)


class BucketJob(Job):
    """Training whose results go to a bucket. Each run has a prefix of its own."""

    def __init__(self):
        super().__init__("train-bucket", None, lambda place: write_series(place / "in"))

    def prepare(self, work):
        (work / "served").mkdir(parents=True)
        self.server = bucket.Server(work / "served")
        super().prepare(work)

    def command(self, place):
        return [*train(f"s3://{bucket.BUCKET}/{place.name}"), "--s3-patience", "5"], {**self.server.environment, "TMPDIR": str(place / "tmp")}

    def begin(self, name):
        self.runs = getattr(self, "runs", 0) + 1
        place = super().begin(f"{name}-{os.getpid()}-{self.runs}")
        (place / "tmp").mkdir()
        return place

    def files(self, place):
        if place == self.start:
            return {}
        return self.server.files(place.name + "/")

    def end(self, place):
        self.server.remove(place.name + "/")
        super().end(place)


def over_old(place):
    """Results of an earlier run: five customers had other rows, five were not there, and other dates were forecast."""
    write_series(place / "in", CUSTOMERS[:5], lift=9)
    for path in write_rest(place / "rest", CUSTOMERS[5:15]):
        path.rename(place / "in" / path.name)
    must(train(horizon=2), place)
    shutil.rmtree(place / "in")
    shutil.rmtree(place / "rest")
    write_series(place / "in")


def write_rest(folder, customers):
    write_series(folder, customers)
    return list(folder.iterdir())


def raw(place):
    rows = [f"{date},{customer},{value}\n" for customer in CUSTOMERS for date, value in series(int(customer[1:]))]
    rows.insert(30, "no date,c01,5\n")
    (place / "raw.csv").write_text("timestamp,customer,kwh\n" + "".join(rows))


def models(place):
    write_series(place / "in")
    must(train(), place)
    (place / "out").rename(place / "trained")
    (place / "out").mkdir()


def predictions(table):
    def make(place):
        models(place)
        must(["predict", "trained/models", "--horizon", "2", "--output", f"out/{table}"], place)
    return make


def predict(table):
    return ["predict", "trained/models", "--horizon", "3", "--output", f"out/{table}", "--jobs", "1", "--max-failures", "0"]


def shards(place):
    write_series(place / "in")
    for horizon, folder in ((2, "earlier"), (3, "shards")):
        for shard in ("0/2", "1/2"):
            must([*train(folder, horizon), "--shard", shard], place)
    must(["merge", "--input", "earlier", "--output", "out", "--customers", "in"], place)
    shutil.rmtree(place / "earlier")


JOBS = {
    job.name: job
    for job in (
        Job("train", train(), lambda place: write_series(place / "in")),
        Job("retrain", train(), over_old),
        Job("prepare", ["prepare", "--input", "raw.csv", "--output", "out", "--target", "kwh", "--jobs", "1", "--max-bad-rows", "5"], raw),
        Job("predict", predict("t.csv"), predictions("t.csv")),
        Job("predict-parquet", predict("t.parquet"), predictions("t.parquet")),
        Job("merge", ["merge", "--input", "shards", "--output", "out", "--customers", "in", "--max-failures", "0"], shards),
        BucketJob(),
    )
}
