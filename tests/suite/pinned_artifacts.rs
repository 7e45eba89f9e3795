//! The models of a few customers, byte for byte, and their fingerprints. When models change, so does what a fleet would be
//! given: then raise `ALGORITHM` in `src/artifact/fingerprint.rs`, so that every artifact is fitted again, and pin the new
//! ones here. When fingerprints alone change, every fleet is fitted again for nothing.

use crate::support::{folder, members, repository, train};
use manyfit::artifact::hex;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::{fs, path::Path};

/// The customer, SHA-256 of its `model.json`, and its fingerprint.
const PROPHETS: [[&str; 3]; 3] = [
    [
        "1000_dominicks",
        "8509d3e5a4fa1a8e6be0072d6c748e05b011a8c74826bb810b4f4a1123d830de",
        "a0ea7b10ca0214e02b8e3eb99a1ddb84a7e6f815273a20b0f61083e03112b3ad",
    ],
    [
        "1017_minute_maid",
        "f51018a16267c46129d76c4a89f6b9935ce7a4529bc90c637eb6122da76fa45b",
        "3335ae1c48110b3ac5dac44b8edf34c272663a47520e25fb4793d862a9f28d5f",
    ],
    [
        "1030_tropicana",
        "582b7ee0f6c2eb7f52156d0ce412e62337c17099bff73c618ac92baa4b3ba6d9",
        "d4426d947f485c28af65be21ed6145b9d7b5df9b16e7b7f9bd62acf724b39799",
    ],
];

/// SHA-256 of the `combination.json` of the first of those customers, and its fingerprint.
const COMBINATION: [&str; 2] = [
    "8c06b8515a90638f8c5adc78c7b1134c88df6887961040d4cb99e56796843bb3",
    "bc3dd0005da867db34f5613253c2e524bca1a61d5f3c2701aeb36e5f551dc78e",
];

/// The setting `model`, SHA-256 of the `baseline.json` of the first of those customers, and its fingerprint.
const BASELINES: [[&str; 3]; 2] = [
    [
        "seasonal-naive",
        "71880edbc2f382b2d684771338df01f16b4d60d4ae8cb62e7a37be2446808292",
        "7692e3267a7c2fef94632a4c3572de858f724d324728ad9a1aacdd693d7809f4",
    ],
    [
        "mean",
        "e9a363bf6d53fb34d3e92a1a636937b0dc9f892af0a325a28fa55eef67274df6",
        "8176952cd79fbfc3d1117444ea8f490fc3d207c149aca0ebac2f27165b88236e",
    ],
];

/// The same of the `local.json` of local models.
const LOCALS: [[&str; 3]; 11] = [
    [
        "theta",
        "beca809e1e7ab23db25b319d66f8163211a11d9aa463979c60ad14296a363b00",
        "beae09ffc381f723c5892fdd1e26e1f4d29b6ce5d127df75284c4c9ead76a76a",
    ],
    [
        "ets",
        "746374b5e626192ffc2a9992360f04f6eb341446c721ff00841534fdb0151c85",
        "e8c17858b06595a0c48f1935e360f9a129a745f0b7164ab825949b4b0a835c99",
    ],
    [
        "MAdM",
        "348264c32d15a170204bca9e50b8fa81024f217794add7dd23f3b55f62bac417",
        "5ed4cf6a4634a8824bf9e6123ed3a65878ef3356380052ab04950e6e25c1fc46",
    ],
    [
        "ces",
        "fa86fedefd2e6d0f354b21c992e558ade21cd80e6c3dfd94e6f27f550e77700d",
        "2009370642c4001333998b4d066fee0b27f29077a69c2115cee983bb4a4f213c",
    ],
    [
        "arima",
        "a520900b84363950928f548f8c55d599468157e95441923d465b6cf4cd5f16ac",
        "94fc347110360ba34738e1fb3f8c9c2ae8fe78d2f4e75f6ebc6389023dd653d7",
    ],
    [
        "level-shape",
        "c3820cdf34701d07c51120fa434c6b09b124665ec4eee67feb60833708e916db",
        "f8b5291c4c373f0e2af26ecf2a9376d83b76f7982527839a238553ef2f8bda96",
    ],
    [
        "mstl",
        "6c17b4aaafa8b9f8dd9d2980d02b2110889b31bc72b113cf43d9172bc4ee4bc2",
        "725685fe319c8af709a678999d5c333999c15cc556bc2bc013a0dd7d33da8964",
    ],
    [
        "croston",
        "e020130b0a8b3dd9e87cf77602f8f66da1a32ba84728689dd937b0d9c62c3839",
        "6fe9577238e3ed5938e7b7144b2645f4f1093a61faddde5ec8e4ef3d0bdc5e8e",
    ],
    [
        "tsb",
        "084df69cd8a8cbacccb716e66284d29cd299465a5fc1141cfcfe55fb18b7db4c",
        "d3d2bb203f8cad853329e8487700c49bc8aff94434206b668c1aa5b25bd145f1",
    ],
    [
        "imapa",
        "f3494a17a31fd60d255c164a349cc782f874ee0bdc7bf247008287d8a3ae0756",
        "f57a0b679d361028536ef918cb8431c4bd9daeedb53d08d4d6db766189f69efa",
    ],
    [
        "drift",
        "3aada489988dcc8d66aaf1dc48808903ba7ba3c3ba9cf2c301347c50f9a0d088",
        "8a9672eb44e6cee086a2344ba84fc08f1120ea4f687e3cb8a65deef871337831",
    ],
];

/// The fallback of a customer with one row, and its fingerprint.
const FALLBACK: [&str; 2] = [
    r#"{"model":"mean","season":[7.0],"sigma":0.0,"interval_width":0.8,"last_date":1641168000000,"rows":1}"#,
    "327df342b4c55c759db68d0609aae8a4b5c98d9acba54561bd37a81ad0cbee48",
];

/// A customer's model and its fingerprint.
fn artifact(output: &Path, customer: &str, member: &str) -> (Vec<u8>, String) {
    let members = members(&fs::read(output.join(format!("models/{customer}.tar.gz"))).unwrap());
    let content = |wanted: &str| members.iter().find(|(name, _)| name == wanted).unwrap().1.clone();
    let metadata: Value = serde_json::from_slice(&content(".manyfit.json")).unwrap();
    (content(member), metadata["fingerprint"].as_str().unwrap().to_owned())
}

#[test]
fn the_models_of_the_sales_sample_are_those_that_were_pinned() {
    let output = tempfile::tempdir().unwrap();
    train(&repository("sample_data/sales"), output.path(), &[]).with_code(0);
    for [customer, pinned, fingerprint] in PROPHETS {
        let (content, found) = artifact(output.path(), customer, "model.json");
        assert_eq!([hex(&Sha256::digest(content)), found], [pinned, fingerprint], "{customer}");
    }
}

#[test]
fn the_baselines_of_the_sales_sample_are_those_that_were_pinned() {
    for [model, pinned, fingerprint] in BASELINES {
        let output = tempfile::tempdir().unwrap();
        train(&repository("sample_data/sales"), output.path(), &[&format!("model={model}")]).with_code(0);
        let (content, found) = artifact(output.path(), PROPHETS[0][0], "baseline.json");
        assert_eq!([hex(&Sha256::digest(content)), found], [pinned, fingerprint], "{model}");
    }
}

#[test]
fn the_combination_of_the_sales_sample_is_the_one_that_was_pinned() {
    let output = tempfile::tempdir().unwrap();
    let settings = ["model=auto", "candidates=drift,theta,ets", "backtest=3", "horizon=4"];
    train(&repository("sample_data/sales"), output.path(), &settings).with_code(0);
    let (content, found) = artifact(output.path(), PROPHETS[0][0], "combination.json");
    assert_eq!([hex(&Sha256::digest(content)), found], COMBINATION);
}

#[test]
fn the_local_models_of_the_sales_sample_are_those_that_were_pinned() {
    for [model, pinned, fingerprint] in LOCALS {
        let output = tempfile::tempdir().unwrap();
        train(&repository("sample_data/sales"), output.path(), &[&format!("model={model}")]).with_code(0);
        let (content, found) = artifact(output.path(), PROPHETS[0][0], "local.json");
        assert_eq!([hex(&Sha256::digest(content)), found], [pinned, fingerprint], "{model}");
    }
}

#[test]
fn the_fallback_of_a_short_history_is_the_one_that_was_pinned() {
    let (input, output) = (folder([("a.csv", "ds,y\n2022-01-03,7\n")]), tempfile::tempdir().unwrap());
    train(input.path(), output.path(), &[]).with_code(0);
    let (content, found) = artifact(output.path(), "a", "baseline.json");
    assert_eq!([String::from_utf8(content).unwrap(), found], FALLBACK);
}
