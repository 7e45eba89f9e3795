# What the comparisons share, to be sourced after `here` is set: $MANYFIT, $work, $interpreter, `python` and `measure`.

if [[ -z ${MANYFIT:-} ]]; then
    manifest=$here/../Cargo.toml
    cargo build --release --manifest-path "$manifest"
    target=$(cargo metadata --no-deps --format-version 1 --manifest-path "$manifest" |
        python3 -c 'import json, sys; print(json.load(sys.stdin)["target_directory"])')
    MANYFIT=$target/release/manyfit
fi

# numpy picks its kernels itself, and one BLAS thread per worker keeps the pools from fighting over the cores.
unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE
export OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python() { "$here/../tests/interop/run" --python "$@"; }

# measure NAME CUSTOMERS COMMAND…: a command that writes into $work/out, which is set aside, not removed, for the next: ext4 makes
# whoever creates files after a removal pay for it.
measure() {
    local name=$1 count=$2 line
    shift 2
    line=$(python "$here/measure.py" "$@")
    printf '%s\t%s\t%s\n' "$name" "$count" "$line" >>"$work/measured"
    local made
    made=$(find "$work/out" -name '*.tar.gz' | wc -l)
    if [[ $made -ne $count ]]; then
        echo "$name wrote $made tarballs for $count customers" >&2
        exit 1
    fi
    mv "$work/out" "$(mktemp --directory "$work/done-XXXX")/"
    echo "$name: $line" >&2
}

interpreter=$(python -c 'import sys; print(sys.executable)')
