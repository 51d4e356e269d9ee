"""Cleaning and encoding of large tables: bounded memory, and speed beside pandas with scikit-learn."""

import multiprocessing
import resource
import time

import numpy as np
import polars as pl
import pytest

pytestmark = pytest.mark.benchmark

FEATURES = [f"x{j}" for j in range(10)]
LARGE, MEASURED = 10_000_000, 3_000_000
TRAIN = 1_000
# Neither side compresses its Parquet files: the goal is preparation, not a codec.


def write_table(path, rows):
    """A table with planted faults in 1% of its rows or less each: gaps, texts, infinities, repeats."""
    rng = np.random.default_rng(1)
    with path.open("wb") as file:
        for first in range(0, rows, 1_000_000):
            part = _rows(rng, first, min(1_000_000, rows - first))
            part.write_csv(file, include_header=first == 0)


def _rows(rng, first, count):
    positive = rng.random(count) < 0.4
    columns = {"record_id": pl.Series(np.arange(first, first + count)).cast(pl.String).str.zfill(9)}
    for j, name in enumerate(FEATURES):
        values = pl.Series(np.round(rng.normal(size=count) + positive * (j < 4), 4)).cast(pl.String)
        fault = pl.Series("fault", rng.random(count)).to_frame().with_columns(value=values)
        u = pl.col("fault")
        columns[name] = fault.select(
            pl.when(u < 0.003)
            .then(None)
            .when(u < 0.0033)
            .then(pl.lit("n.a."))
            .when(u < 0.004)
            .then(pl.lit("inf"))
            .when(u < 0.0041)
            .then(pl.lit("9999"))
            .when(u < 0.0061)
            .then(pl.lit("25.5"))
            .otherwise("value")
        ).to_series()
    columns["diagnosis"] = np.where(positive, "malignant", "benign")
    frame = pl.DataFrame(columns)
    repeated = frame.sample(count // 200, seed=first)
    copied = frame.sample(count // 200, seed=first + 1).with_columns(pl.col("record_id") + "c")
    return pl.concat([frame, repeated, copied])


def settings():
    from hq_assets.problems.kernel_classification.settings import Settings

    return Settings.model_validate(
        {
            "id_column": "record_id",
            "label_column": "diagnosis",
            "positive_label": "malignant",
            "negative_label": "benign",
            "features": {name: {"range": [-100, 100]} for name in FEATURES},
            "train_rows": TRAIN,
            "test_rows": "rest",
            "selected_features": 8,
            "encoding": {"name": "zz", "num_qubits": 8, "reps": 2, "entanglement": "full"},
        }
    )


def prepare(path, folder):
    """Clean and encode with the verbs, both results streamed to Parquet."""
    from hq_assets.problems.contract import Cleaned, SourceFile
    from hq_assets.problems.kernel_classification.clean import clean
    from hq_assets.problems.kernel_classification.encode import encode

    file = SourceFile(path=path.name, local=path, content_hash="", size=path.stat().st_size)
    cleaned = clean([file], settings(), [0])
    cleaned.frame.sink_parquet(folder / "cleaned.parquet", compression="uncompressed")
    stored = Cleaned(pl.scan_parquet(folder / "cleaned.parquet"))
    encoded = encode(stored, settings(), [0])
    encoded.frame.sink_parquet(folder / "encoded.parquet", compression="uncompressed")


def clean_with_pandas(path, folder):
    """The same rules of cleaning, reasons included."""
    import pandas as pd
    from sklearn.impute import SimpleImputer
    from sklearn.model_selection import train_test_split

    raw = pd.read_csv(path, dtype=str)
    numbers = raw[FEATURES].apply(pd.to_numeric, errors="coerce")
    wrong = numbers.isna() & raw[FEATURES].notna()
    infinite = np.isinf(numbers)
    numbers = numbers.mask(infinite)
    outside = (numbers < -100) | (numbers > 100)
    missing = numbers.isna()
    reason = pd.Series("", index=raw.index)
    drop = ~raw["diagnosis"].isin(["malignant", "benign"])
    for mask, words in ((wrong, "wrong type in "), (outside, "out of range in ")):
        for name in FEATURES:
            reason = reason.where(~mask[name], reason + words + name + "; ")
        drop |= mask.any(axis=1)
    too_many = missing.sum(axis=1) > 3
    reason = reason.where(~too_many, reason + "too many values missing; ")
    drop |= too_many
    usable = raw.index[~drop]
    repeated = raw.loc[usable, "record_id"].duplicated()
    reason.loc[usable[repeated]] += "repeated id; "
    usable = usable[~repeated]
    copied = pd.concat([numbers.loc[usable], raw.loc[usable, "diagnosis"]], axis=1).duplicated()
    reason.loc[usable[copied]] += "repeated values; "
    usable = usable[~copied]
    train, test = train_test_split(
        usable, train_size=TRAIN, stratify=raw.loc[usable, "diagnosis"], random_state=0
    )
    imputer = SimpleImputer(strategy="median").fit(numbers.loc[train])
    filled = pd.DataFrame(imputer.transform(numbers), columns=FEATURES)
    low, high = filled.loc[train].quantile([0.25, 0.75]).to_numpy()
    fences = (low - 3 * (high - low), high + 3 * (high - low))
    values = filled.clip(*fences, axis=1)
    clipped = values != filled
    status = pd.Series("dropped", index=raw.index)
    status.loc[usable] = "ok"
    for name in FEATURES:
        gap, beyond = missing.loc[usable, name], clipped.loc[usable, name]
        reason.loc[usable[gap]] += name + " missing, set to the median; "
        reason.loc[usable[beyond]] += (
            name + " " + filled.loc[usable[beyond], name].round(6).astype(str) + " clipped; "
        )
        status.loc[usable[gap | beyond]] = "changed"
    split = pd.Series("unused", index=raw.index)
    split.loc[train], split.loc[test] = "train", "test"
    cleaned = values.assign(
        record_id=raw["record_id"], seed=0, split=split, label=raw["diagnosis"], status=status,
        reason=reason, source_file=path.name, source_line=np.arange(2, len(raw) + 2),
    )  # fmt: skip
    cleaned.to_parquet(folder / "peer_cleaned.parquet", compression=None)


def encode_with_pandas(folder):
    """Standardize, select, rotate and scale what was cleaned."""
    import pandas as pd
    from sklearn.decomposition import PCA
    from sklearn.feature_selection import SelectKBest, f_classif
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import MinMaxScaler, StandardScaler

    stored = pd.read_parquet(folder / "peer_cleaned.parquet")
    stored = stored[stored["split"] != "unused"]
    fitted = stored[stored["split"] == "train"]
    pipeline = make_pipeline(
        StandardScaler(),
        SelectKBest(f_classif, k=8),
        PCA(8),
        MinMaxScaler((0, 2 * np.pi), clip=True),
    )
    pipeline.fit(fitted[FEATURES], fitted["label"])
    encoded = pd.DataFrame(
        {
            "circuit_id": "zz_8q_full_r2",
            "seed": 0,
            "parameter_row": np.arange(len(stored)),
            "record_ids": stored["record_id"].to_numpy(),
            "split": stored["split"].to_numpy(),
            "values": list(pipeline.transform(stored[FEATURES])),
            "status": "ok",
        }
    )
    encoded.to_parquet(folder / "peer_encoded.parquet", compression=None)


def prepare_with_pandas(path, folder):
    """The same with pandas and scikit-learn."""
    clean_with_pandas(path, folder)
    encode_with_pandas(folder)


def _seconds_alone(path, folder, answer):
    """In its own process: CPU seconds of ours (five times) and of the peer (once), both warm."""
    for call in (prepare, prepare_with_pandas):
        call(folder / "small.csv", folder)
    taken = {}
    for call, repeats in ((prepare, 5), (prepare_with_pandas, 1)):
        taken[call.__name__] = []
        for _ in range(repeats):
            started = time.process_time()
            call(path, folder)
            taken[call.__name__].append(time.process_time() - started)
    answer.put(taken)


def _prepare_alone(path, folder, answer):
    """In its own process: seconds, and how far the peak of memory rose while preparing."""
    prepare(folder / "small.csv", folder)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started, cpu = time.perf_counter(), time.process_time()
    prepare(path, folder)
    risen = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    answer.put((time.perf_counter() - started, time.process_time() - cpu, risen))


def alone(call, path, folder):
    """What a function answers in a process of its own."""
    context = multiprocessing.get_context("spawn")
    answer = context.Queue()
    process = context.Process(target=call, args=(path, folder, answer))
    process.start()
    found = answer.get(timeout=600)
    process.join()
    return found


def test_cleaning_and_encoding_beat_pandas_with_scikit_learn(tmp_path, measure, monkeypatch):
    # The peer runs once and on fewer rows than the goal names: ten million take it minutes, and more
    # per row, so that the ratio found here is the smaller one. One thread each, read when Polars loads.
    monkeypatch.setenv("POLARS_MAX_THREADS", "1")
    write_table(tmp_path / "small.csv", 10_000)
    write_table(tmp_path / "rows.csv", MEASURED)
    taken = alone(_seconds_alone, tmp_path / "rows.csv", tmp_path)
    usable = [
        pl.scan_parquet(tmp_path / name).filter(pl.col("status") != "dropped").select(pl.len())
        for name in ("cleaned.parquet", "peer_cleaned.parquet")
    ]
    assert usable[0].collect().item() == usable[1].collect().item()
    name = f"clean and encode {MEASURED:,} dirty rows of 10 features; peer: pandas and scikit-learn"
    ours, peer = taken["prepare"], taken["prepare_with_pandas"]
    assert measure.record("P12", name, (">=", 5), ours, peer) >= 5


def test_ten_million_rows_are_prepared_in_bounded_memory(tmp_path):
    path = tmp_path / "rows.csv"
    write_table(tmp_path / "small.csv", 10_000)
    write_table(path, LARGE)
    # What a frame of the same cells takes: 8 bytes a number, and about 60 for the texts of a row.
    in_memory = LARGE * (len(FEATURES) * 8 + 60)
    wall, cpu, risen = alone(_prepare_alone, path, tmp_path)
    rows = pl.scan_parquet(tmp_path / "encoded.parquet").select(pl.len()).collect().item()
    print(  # noqa: T201 - the measurement is the purpose
        f"\nP12: {LARGE:,} rows, {path.stat().st_size >> 20} MiB of CSV: {wall:.1f} s, {cpu:.1f} CPU s, "
        f"memory rose by {risen >> 20} MiB; the table alone takes {in_memory >> 20} MiB"
    )
    assert rows > 0.98 * LARGE
    assert risen < 0.75 * in_memory
