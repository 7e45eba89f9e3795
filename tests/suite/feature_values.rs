//! Values of rows of features: the same value is the same feature in every format and command.

#[cfg(feature = "parquet")]
use crate::support::{files, prepare, repository};
use crate::{
    server::Server,
    support::{artifacts, folder, manyfit, train},
};
use std::{fmt::Write as _, fs, path::Path};

/// The codes of 120 rows, and a flag.
fn rows() -> impl Iterator<Item = (usize, bool)> {
    (0..120).map(|row| (1 + row * 7 % 3, row % 5 == 0))
}

/// A target that depends on both.
fn target(code: usize, flag: bool) -> f64 {
    [0.0, 10.0, 200.0, 50.0][code] + f64::from(u8::from(flag)) * 1000.0
}

/// A table of these rows with these spellings of a code and of a flag.
fn table(code: impl Fn(usize) -> String, flag: impl Fn(bool) -> &'static str) -> String {
    let mut text = String::from("y,code,flag\n");
    for (row_code, row_flag) in rows() {
        writeln!(text, "{},{},{}", target(row_code, row_flag), code(row_code), flag(row_flag)).unwrap();
    }
    text
}

/// The same rows in every way of writing them.
fn tables() -> Vec<(&'static str, Vec<u8>)> {
    let truth = |texts: [&'static str; 2]| move |flag: bool| texts[usize::from(flag)];
    let text = |code: fn(usize) -> String, flags| table(code, truth(flags)).into_bytes();
    #[cfg_attr(not(feature = "parquet"), expect(unused_mut, reason = "Parquet files come on top"))]
    let mut tables = vec![
        ("integers.csv", text(|code| code.to_string(), ["0", "1"])),
        ("floats.csv", text(|code| format!("{code}.0"), ["0.0", "1.0"])),
        ("python.csv", text(|code| format!("\"{code}\""), ["False", "True"])),
        ("decimals.csv", text(|code| format!("{code}.00"), ["false", "true"])),
    ];
    #[cfg(feature = "parquet")]
    {
        use crate::parquet_files::{categories, parquet, texts};
        use polars_arrow::array::{Array, BooleanArray, Float32Array, Float64Array, Int32Array, Int64Array};
        let written = |code: Box<dyn Array>, flag: Box<dyn Array>| {
            let targets = rows().map(|(code, flag)| target(code, flag)).collect();
            parquet(&[("y", Float64Array::from_vec(targets).boxed()), ("code", code), ("flag", flag)], 120)
        };
        let (codes, flags) = (|| rows().map(|(code, _)| code), || rows().map(|(_, flag)| flag));
        let code_texts: Vec<String> = codes().map(|code| code.to_string()).collect();
        let flag_texts: Vec<String> = flags().map(|flag| flag.to_string()).collect();
        tables.extend([
            (
                "integers.parquet",
                written(
                    Int32Array::from_vec(codes().map(|code| code as i32).collect()).boxed(),
                    BooleanArray::from_slice(flags().collect::<Vec<_>>()).boxed(),
                ),
            ),
            (
                "floats.parquet",
                written(
                    Float64Array::from_vec(codes().map(|code| code as f64).collect()).boxed(),
                    Float64Array::from_vec(flags().map(|flag| f64::from(u8::from(flag))).collect()).boxed(),
                ),
            ),
            (
                "singles.parquet",
                written(
                    Float32Array::from_vec(codes().map(|code| code as f32).collect()).boxed(),
                    Int64Array::from_vec(flags().map(i64::from).collect()).boxed(),
                ),
            ),
            ("texts.parquet", written(texts(&code_texts), texts(&flag_texts))),
            ("dictionaries.parquet", written(categories(&code_texts), categories(&flag_texts))),
        ]);
    }
    tables
}

/// The predictions of models for a table, and what was said.
fn predicted(models: &Path, table: &Path) -> (Vec<f64>, String) {
    let output = manyfit().arg("predict").arg(models).arg("--input").arg(table).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let out = String::from_utf8(output.stdout).unwrap();
    let predictions = out.lines().skip(1).map(|line| line.rsplit(',').next().unwrap().parse().unwrap()).collect();
    (predictions, String::from_utf8(output.stderr).unwrap())
}

#[test]
fn a_value_is_the_same_category_in_every_format_and_command() {
    let places = folder(tables());
    let expected: Vec<f64> = rows().map(|(code, flag)| target(code, flag)).collect();
    for (name, bytes) in tables() {
        let input = folder([(format!("a.{}", name.rsplit('.').next().unwrap()), bytes)]);
        let output = tempfile::tempdir().unwrap();
        let settings = ["model=gradient-boosting", "num_round=60", "eta=0.5", "target=y", "categorical=code,flag"];
        train(input.path(), output.path(), &settings).with_code(0);
        let models = output.path().join("models");
        for (table, _) in tables() {
            let (predictions, said) = predicted(&models, &places.path().join(table));
            assert!(!said.contains("not a category"), "{name}, {table}: {said}");
            let worst = predictions.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            assert!(worst < 1.0 && predictions.len() == expected.len(), "{name}, {table}: {worst}");
        }
        // Validation rows are rows of the same values.
        let validation = folder([("a_val.csv", fs::read(places.path().join("decimals.csv")).unwrap())]);
        let place = format!("--validation={}", validation.path().display());
        let ended = train(input.path(), output.path(), &[&settings[..], &[&place]].concat()).with_code(0);
        let manifest = fs::read_to_string(output.path().join("manifest.jsonl")).unwrap();
        assert!(!manifest.contains("no category"), "{name}: {manifest} {}", ended.out);

        let server = Server::start(&["--models", models.to_str().unwrap()], &[]);
        for (media, body) in [
            ("application/json", "[[2, true], [2.0, false], [\"2\", \"True\"], [2, 0]]"),
            (
                "application/json",
                "{\"instances\": [{\"code\": 2, \"flag\": 1}, [2, 0], [2, 1], {\"flag\": false, \"code\": 2.0}]}",
            ),
            ("application/jsonlines", "[2, true]\n[2, false]\n{\"features\": [2.0, 1]}\n[\"2.0\", 0]\n"),
            ("text/csv", "2,True\n2.0,False\n\"2\",1\n2,0\n"),
            ("text/csv", "flag,code\n1.0,2\n0.0,2\ntrue,2.0\nfalse,2\n"),
            ("text/libsvm", "0 1:2 2:1\n0 1:2.0 2:0\n0 1:2 2:1.0\n0 1:2 2:0\n"),
        ] {
            let answer = server.send("POST", "/models/a.tar.gz/invoke", &[("Content-Type", media)], body.as_bytes());
            let answer = answer.with(200);
            let scores: Vec<f64> = serde_json::from_str(&answer.body).unwrap();
            assert_eq!(scores.len(), 4, "{name}: {body}");
            for (score, expected) in scores.iter().zip([1200.0, 200.0, 1200.0, 200.0]) {
                assert!((score - expected).abs() < 1.0, "{name}: {scores:?} for {body}");
            }
            assert!(!answer.headers.contains_key("x-manyfit-unseen-categories"), "{answer:?}");
        }
        let unseen =
            server.send("POST", "/models/a.tar.gz/invoke", &[("Content-Type", "text/csv")], b"4,1\nx,\n2,2\n,NA\n");
        let unseen = unseen.with(200);
        assert_eq!(unseen.headers["x-manyfit-unseen-categories"], "3");
        assert!(unseen.headers["x-amzn-sagemaker-custom-attributes"].ends_with(";unseen-categories=3"), "{unseen:?}");
        assert_eq!(server.metric("manyfit_unseen_categories_total"), 3.0);
    }
}

/// The rows of `tests/golden/make_parquet.py`, as Parquet with every narrow type and as CSV.
#[cfg(feature = "parquet")]
fn narrow_types() -> [tempfile::TempDir; 2] {
    ["parquet", "csv"].map(|extension| {
        let bytes = fs::read(repository(&format!("tests/golden/narrow_types.{extension}"))).unwrap();
        folder([(format!("rows.{extension}"), bytes)])
    })
}

#[cfg(feature = "parquet")]
#[test]
fn narrow_types_of_parquet_are_the_numbers_and_texts_that_they_hold() {
    let features = "features=i8,i16,u8,u16,f16,money,whole,wide,color,code,half,nothing";
    let common = ["customer=customer", "target=y"];
    for settings in [
        &["model=ridge", features, "categorical=color,code"][..],
        &[
            "model=gradient-boosting",
            "num_round=5",
            "features=i8,f16,money,color,whole",
            "categorical=color,whole",
            "weight=u16",
        ],
        &["timestamp=ds", "growth=flat", "weekly_seasonality=false", "regressors=i8,f16,money"],
    ] {
        let [parquet, csv] = narrow_types().map(|input| {
            let output = tempfile::tempdir().unwrap();
            train(input.path(), output.path(), &[&common[..], settings].concat()).with_code(0);
            artifacts(&output.path().join("models"))
        });
        assert_eq!(parquet.len(), 2);
        assert_eq!(parquet, csv, "{settings:?}");
    }
    // Prepared, the values are their texts.
    let keep = "--keep=i8,i16,u8,u16,f16,money,whole,wide,color,code,half,nothing";
    let [parquet, csv] = narrow_types().map(|input| {
        let output = tempfile::tempdir().unwrap();
        prepare(input.path(), output.path(), &[keep, "--target=y"]).with_code(0);
        files(&output.path().join("customers"))
    });
    assert_eq!(parquet.len(), 2);
    assert_eq!(parquet, csv);
    // And so they are for models.
    let [parquet, csv] = narrow_types();
    let output = tempfile::tempdir().unwrap();
    train(csv.path(), output.path(), &[&common[..], &["model=ridge", features, "categorical=color,code"]].concat())
        .with_code(0);
    let models = output.path().join("models");
    let (expected, _) = predicted(&models, &csv.path().join("rows.csv"));
    let (found, said) = predicted(&models, &parquet.path().join("rows.parquet"));
    assert_eq!((found, said.contains("not a category")), (expected, false));
}

#[test]
fn truth_values_are_numbers_in_every_column() {
    let rows = |truth: [&str; 2]| -> String {
        let row = |at: u32| {
            format!(
                "2024-{:02}-{:02},{},{}\n",
                1 + at / 28,
                1 + at % 28,
                truth[usize::from(at.is_multiple_of(3))],
                truth[usize::from(at % 7 < 2)]
            )
        };
        (0..84).map(row).collect()
    };
    let made = |header: &str, truth: [&str; 2], settings: &[&str]| {
        let input = folder([("a.csv", format!("{header}\n{}", rows(truth)))]);
        let output = tempfile::tempdir().unwrap();
        train(input.path(), output.path(), settings).with_code(0);
        artifacts(&output.path().join("models"))
    };
    for (header, settings) in [
        ("ds,y,promo", &["regressors=promo"][..]),
        ("ds,y,promo", &["growth=flat"]),
        ("ds,label,promo", &["model=ridge", "features=promo"]),
        ("ds,label,promo", &["model=gradient-boosting", "num_round=3", "objective=binary:logistic", "features=promo"]),
    ] {
        let numbers = made(header, ["0", "1"], settings);
        for truth in [["False", "True"], ["false", "true"], ["FALSE", "TRUE"]] {
            assert_eq!(made(header, truth, settings), numbers, "{settings:?}: {truth:?}");
        }
    }
    // A column of truth values is not taken for the target where another one has numbers.
    let input = folder([(
        "a.csv",
        rows(["False", "True"]).lines().fold("when,open,sold\n".to_owned(), |text, line| {
            let (date, rest) = line.split_once(',').unwrap();
            text + &format!("{date},{},3\n", rest.split(',').next().unwrap())
        }),
    )]);
    let output = tempfile::tempdir().unwrap();
    let ended = train(input.path(), output.path(), &[]).with_code(0);
    assert!(ended.out.contains("sold"), "{}", ended.out);
}

#[test]
fn numbers_with_decimal_commas_and_singles_are_predicted_as_they_were_trained() {
    let row = |at: usize| (at % 7, [0.1, 0.25, 12.5][at % 3]);
    let text = |header: &str, line: &dyn Fn(usize) -> String| {
        let rows: String = (0..60).map(|at| format!("{}\n", line(at))).collect::<Vec<_>>().concat();
        format!("{header}\n{rows}")
    };
    let comma = |number: f64| number.to_string().replace('.', ",");
    let points = text("y,f,share", &|at| format!("{},{}.5,{}", 10 * row(at).0, row(at).0, row(at).1));
    let commas = text("y;f;share", &|at| format!("{};{},5;{}", 10 * row(at).0, row(at).0, comma(row(at).1)));
    let (points, commas) = (folder([("a.csv", points)]), folder([("a.csv", commas)]));
    let settings = ["model=gradient-boosting", "num_round=5", "min_child_weight=0"];
    let output = tempfile::tempdir().unwrap();
    let at = |name: &str| output.path().join(name);
    train(points.path(), &at("points"), &settings).with_code(0);
    train(commas.path(), &at("commas"), &settings).with_code(0);
    assert!(artifacts(&at("commas/models")) == artifacts(&at("points/models")));
    let models = at("points/models");
    let rows = folder([
        ("points.csv", "f,share\n1.5,0.1\n3.5,12.5\n"),
        ("commas.csv", "f;share\n1,5;0,1\n3,5;12,5\n"),
        ("quoted.csv", "f,share\n\"1,5\",\"0,1\"\n\"3,5\",\"12,5\"\n"),
    ]);
    let (expected, _) = predicted(&models, &rows.path().join("points.csv"));
    assert!(expected.len() == 2 && expected[0] != expected[1], "{expected:?}");
    assert_eq!(predicted(&models, &rows.path().join("commas.csv")).0, expected);
    let quoted = manyfit()
        .args(["predict", models.to_str().unwrap(), "--decimal=comma", "--input"])
        .arg(rows.path().join("quoted.csv"))
        .output()
        .unwrap();
    let quoted = String::from_utf8(quoted.stdout).unwrap();
    assert!(
        quoted.lines().skip(1).zip(&expected).all(|(line, number)| line.ends_with(&format!(",{number}"))),
        "{quoted}"
    );
    let server = Server::start(&["--models", models.to_str().unwrap()], &[]);
    let answer = |body: &str| {
        let csv = [("Content-Type", "text/csv")];
        server.send("POST", "/models/a.tar.gz/invoke", &csv, body.as_bytes()).with(200).body
    };
    let served = answer("1.5,0.1\n3.5,12.5\n");
    assert_eq!(answer("1,5;0,1\n3,5;12,5\n"), served);
    assert_eq!(answer("share\tf\n0,1\t1,5\n12,5\t3,5\n"), served);

    // A category in single precision, which clients send with all the digits of a double.
    let shares = ["categorical=share"];
    train(points.path(), &at("shares"), &[&settings[..], &shares].concat()).with_code(0);
    let server = Server::start(&["--models", at("shares/models").to_str().unwrap()], &[]);
    let answer = |share: f64| {
        let body = serde_json::json!([{"f": 1.5, "share": share}]).to_string();
        server.post("/models/a.tar.gz/invoke", &body).with(200)
    };
    let (double, single) = (answer(0.1), answer(f64::from(0.1_f32)));
    assert_eq!(single.body, double.body);
    assert!(!single.headers.contains_key("x-manyfit-unseen-categories"), "{single:?}");
}
