"""Files that would fill the memory, hang the reader or be taken for something else: of input, and of models."""

import gzip
import io
import json
import os
import pathlib
import socket
import struct
import tarfile

ROW = b"2024-01-01,1\n"


def bomb(unit, size):
    """Gzip of `unit`, again and again, that unpacks to `size` bytes: members that are made once."""
    member = gzip.compress(unit * ((16 << 20) // len(unit)), 9)
    return member * (size // (16 << 20))


# Thrift's compact encoding, as far as Parquet's metadata needs it.
def varint(number):
    out = b""
    while number >= 0x80:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


class Int(int):
    """One of 32 bits; a plain one has 64."""


def thrift(value):
    """A value and its type: numbers, texts, lists and structures (fields by number)."""
    if isinstance(value, dict):
        out, last = b"", 0
        for field, inner in value.items():
            kind, content = thrift(inner)
            out, last = out + bytes([(field - last) << 4 | kind]) + content, field
        return 12, out + b"\0"
    if isinstance(value, list):
        kind = thrift(value[0])[0]
        content = b"".join(thrift(inner)[1] for inner in value)
        return 9, (bytes([len(value) << 4 | kind]) if len(value) < 15 else bytes([0xF0 | kind]) + varint(len(value))) + content
    if isinstance(value, int):
        return 5 if isinstance(value, Int) else 6, varint(value << 1)
    return 8, varint(len(value)) + value


def parquet(rows, claimed=None):
    """Two columns of so many equal integers in a few bytes: a dictionary of one value, and one run of its index. `claimed` is the
    unpacked size that the dictionary's page gives."""
    plain, dictionary_encoding, run_length = Int(0), Int(8), Int(3)
    out = bytearray(b"PAR1")
    chunks = []
    for name, value in ((b"ds", 1_700_000_000_000), (b"y", 1)):
        start = len(out)
        content = struct.pack("<q", value)
        out += thrift({1: Int(2), 2: Int(claimed or 8), 3: Int(8), 7: {1: Int(1), 2: plain}})[1] + content
        data = len(out)
        index = bytes([1]) + varint(rows << 1) + b"\0"
        out += thrift({1: Int(0), 2: Int(len(index)), 3: Int(len(index)), 5: {1: Int(rows), 2: dictionary_encoding, 3: run_length, 4: run_length}})[1] + index
        size = len(out) - start
        # Of a page that lies, packed with Snappy: an unpacked one is not copied.
        codec = Int(1 if claimed else 0)
        column = {1: Int(2), 2: [plain, dictionary_encoding], 3: [name], 4: codec, 5: rows, 6: size, 7: size, 9: data, 11: start}
        chunks.append({2: start, 3: column})
    column = {1: Int(2), 3: Int(0)}
    schema = [{4: b"schema", 5: Int(2)}, {**column, 4: b"ds"}, {**column, 4: b"y"}]
    footer = thrift({1: Int(1), 2: schema, 3: rows, 4: [{1: chunks, 2: len(out), 3: rows}]})[1]
    return bytes(out) + footer + struct.pack("<I", len(footer)) + b"PAR1"


def sparse(path, size):
    with path.open("wb") as file:
        file.truncate(size)


def input_files(folder):
    """Puts bad files among the customers of a folder; gives their names."""
    folder = pathlib.Path(folder)
    folder.mkdir(exist_ok=True)
    write = {
        "gzip of zeros.csv.gz": bomb(b"0", 4 << 30),
        "gzip of rows.csv.gz": b"".join((gzip.compress(b"ds,y\n"), bomb(ROW, 4 << 30))),
        "parquet of many rows.parquet": parquet(200_000_000),
        "parquet with a large page.parquet": parquet(10, claimed=(1 << 31) - 1),
        "one line.csv": b"1" * (200 << 20),
        "an open quote.csv": b'ds,y\n2024-01-01,"' + b"1\n" * (50 << 20),
        "many columns.csv": b"ds,y," + b",".join(b"c%d" % at for at in range(1_000_000)) + b"\n" + b"2024-01-01,1," + b",".join([b"1"] * 1_000_000) + b"\n",
        "zero bytes.csv": b"ds,y\n" + b"\0" * (1 << 20),
        "not gzip.csv.gz": b"\x1f\x8b" + b"\xff" * 1000,
        "not parquet.parquet": b"PAR1" + b"\xff" * 1000 + b"PAR1",
    }
    for name, content in write.items():
        (folder / name).write_bytes(content)
    sparse(folder / "sparse.csv", 3 << 30)
    sparse(folder / "sparse table.parquet", 3 << 30)
    os.mkfifo(folder / "pipe.csv")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.path.relpath(folder / "socket.csv"))
    (folder / "loop.csv").symlink_to("loop.csv")
    (folder / "nowhere.csv").symlink_to("not there.csv")
    (folder / os.fsdecode(b"caf\xe9.csv")).write_bytes(b"ds,y\n" + ROW)
    # One row that is odd, but a row.
    del write["many columns.csv"]
    return sorted([*write, "sparse.csv", "sparse table.parquet", "pipe.csv", "socket.csv", "loop.csv", "nowhere.csv", "caf\ufffd.csv"])


def ubjson_lists(depth):
    return b"{i\x07learner" + b"[" * depth + b"]" * depth + b"}"


def tree_model(features=4, trees=1, tree=None):
    """A model file of XGBoost with trees of one leaf."""
    tree = tree or {
        "base_weights": [0.5], "categories": [], "categories_nodes": [], "categories_segments": [], "categories_sizes": [],
        "default_left": [0], "id": 0, "left_children": [-1], "loss_changes": [0.0], "parents": [2147483647],
        "right_children": [-1], "split_conditions": [0.5], "split_indices": [0], "split_type": [0], "sum_hessian": [1.0],
        "tree_param": {"num_deleted": "0", "num_feature": str(features), "num_nodes": "1", "size_leaf_vector": "1"},
    }
    return {
        "learner": {
            "attributes": {}, "feature_names": [], "feature_types": [],
            "gradient_booster": {
                "name": "gbtree",
                "model": {
                    "gbtree_model_param": {"num_parallel_tree": "1", "num_trees": str(trees)},
                    "iteration_indptr": list(range(trees + 1)), "tree_info": [0] * trees, "trees": [tree] * trees,
                },
            },
            "learner_model_param": {"base_score": "5E-1", "boost_from_average": "1", "num_class": "0", "num_feature": str(features), "num_target": "1"},
            "objective": {"name": "reg:squarederror", "reg_loss_param": {"scale_pos_weight": "1"}},
        },
        "version": [3, 0, 0],
    }


def pack(members):
    """A tar.gz. What claims a size that it does not have has a number for its content."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return out.getvalue()


def model_files(folder, prophet):
    """Bad models; `prophet` is the text of a good one. Gives their names."""
    good = json.loads(prophet)
    empty = {"left_children": [], "right_children": [], "parents": [], "split_conditions": [], "split_indices": [], "default_left": [],
             "base_weights": [], "tree_param": {"num_nodes": "0", "num_feature": "4", "size_leaf_vector": "1", "num_deleted": "0"}}
    holiday = {"ds": "2024-01-01T00:00:00.000", "holiday": "x", "lower_window": -1000, "upper_window": 1000}
    holidays = json.dumps({"data": [holiday] * 3000})
    files = {
        "many features.tar.gz": pack({"xgboost-model": json.dumps(tree_model(features=10**9)).encode()}),
        "empty trees.tar.gz": pack({"xgboost-model": json.dumps(tree_model(trees=60_000, tree=empty)).encode()}),
        "small trees.tar.gz": pack({"xgboost-model": json.dumps(tree_model(trees=60_000)).encode()}),
        "nested lists.tar.gz": pack({"xgboost-model": ubjson_lists(5 << 20)}),
        "nested json.tar.gz": pack({"xgboost-model": b"[" * (10 << 20)}),
        "large claims.tar.gz": pack({"xgboost-model": b"{L" + b"\x7f" * 8}),
        "many samples.tar.gz": pack({"model.json": json.dumps({**good, "uncertainty_samples": 10**9}).encode()}),
        "many holidays.tar.gz": pack({"model.json": json.dumps({**good, "holidays": holidays}).encode()}),
        "zeros.tar.gz": bomb(b"\0", 4 << 30),
        "zeros beside a model.tar.gz": pack({"model.json": prophet, "zeros": b"\0" * (256 << 20)}),
        "zeros as a model.tar.gz": pack({"xgboost-model": b"\0" * (256 << 20)}),
        "cut off.tar.gz": pack({"model.json": prophet})[:-200],
    }
    for name, content in files.items():
        (folder / name).write_bytes(content)
    sparse(folder / "sparse.tar.gz", 3 << 30)
    return sorted([*files, "sparse.tar.gz"])
