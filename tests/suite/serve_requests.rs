//! Requests to models: what is asked, what is answered, and what is refused with a sentence.

use std::{
    fs,
    io::Write,
    net::Shutdown,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use crate::{
    open_models::pack,
    serve_calls::{archives, unpacked},
    server::Server,
    support::{daily, daily_rows, folder, json, manyfit, members, repository, train},
};
use flate2::{Compression, write::GzEncoder};
use serde_json::{Value, json};
use tempfile::TempDir;

fn invoke(server: &Server, headers: &[(&str, &str)], body: &str) -> crate::server::Answer {
    server.send("POST", "/models/x/invoke", headers, body.as_bytes())
}

const JSON: (&str, &str) = ("Content-Type", "application/json");

#[test]
fn the_blog_s_question_has_the_blog_s_answer_in_both_encodings() {
    let server = Server::multi_model();
    server.load("x", unpacked("8").path()).with(200);
    let object = invoke(&server, &[JSON], r#"{"period": 7}"#).with(200);
    let text = invoke(&server, &[JSON], r#""{\"period\": 7}""#).with(200);
    assert_eq!(object.body, text.body);
    assert_eq!(object.headers["content-type"], "application/json");
    let frame: Value = serde_json::from_str(object.json().as_str().unwrap()).unwrap();
    let names: Vec<&str> = frame.as_object().unwrap().keys().map(String::as_str).collect();
    for name in ["ds", "trend", "yhat", "yhat_lower", "yhat_upper", "trend_lower", "trend_upper"] {
        assert!(names.contains(&name), "{name} is not in {names:?}");
    }
    for component in ["additive_terms", "multiplicative_terms", "weekly"] {
        for suffix in ["", "_lower", "_upper"] {
            assert!(names.contains(&format!("{component}{suffix}").as_str()), "{component}{suffix}");
        }
    }
    // 120 rows of history from 2022-01-03: the rows go on from there.
    let first_day = 1_641_168_000_000_i64;
    for at in 0..7 {
        assert_eq!(frame["ds"][(120 + at).to_string()], first_day + (120 + at) * 86_400_000);
    }
    assert_eq!(frame["yhat"].as_object().unwrap().len(), 7);
}

#[test]
fn no_answer_goes_beyond_the_holidays_of_a_country_that_the_model_has() {
    let (input, output) = (folder([("8.csv", daily(400, 8))]), tempfile::tempdir().unwrap());
    train(input.path(), output.path(), &["country_holidays=US"]).with_code(0);
    let model = folder(members(&fs::read(output.path().join("models/8.tar.gz")).unwrap()));
    let server = Server::multi_model();
    server.load("x", model.path()).with(200);
    for more in ["", r#", "interval_width": 0.5"#] {
        let ask = |date: &str| invoke(&server, &[JSON], &format!(r#"{{"dates": ["{date}"]{more}}}"#));
        ask("2033-12-25").with(200);
        let refused = ask("2034-01-01").with(400);
        let expected = "the model knows the holidays of US until 2033, and the forecast goes to 2034: shorten it";
        assert!(refused.body.contains(expected) && !refused.body.contains("regressors"), "{}", refused.body);
    }

    // A file of Python's names the country alone: whatever is asked for is looked up.
    let mut python = json(&model.path().join("model.json"));
    python.as_object_mut().unwrap().remove("__manyfit");
    (python["holidays"], python["country_holidays"]) = (Value::Null, json!("US"));
    let python = folder([("model.json", python.to_string())]);
    server.load("y", python.path()).with(200);
    server.post("/models/y/invoke", r#"{"dates": ["2040-12-25"]}"#).with(200);
}

#[test]
fn the_plain_form_has_horizons_dates_quantiles_components_and_several_encodings() {
    let server = Server::multi_model();
    server.load("x", unpacked("8").path()).with(200);
    let ask = |body: &str| invoke(&server, &[JSON], body).with(200).json();
    let seven = ask(r#"{"horizon": 7}"#);
    let rows = seven["predictions"].as_array().unwrap();
    assert_eq!((rows.len(), &rows[0]["ds"]), (7, &json!("2022-05-03")));
    // The same dates in another order have the same forecast.
    let dates = ask(r#"{"dates": ["2022-05-09", "2022-05-03", 1651622400000]}"#);
    assert_eq!(dates["predictions"][0]["yhat"], rows[6]["yhat"]);
    assert_eq!(dates["predictions"][1]["yhat"], rows[0]["yhat"]);
    assert_eq!(dates["predictions"][2]["yhat"], rows[1]["yhat"]);
    let wide = ask(r#"{"horizon": 2, "quantiles": [0.1, 0.5, 0.9], "components": true, "interval_width": 0.8}"#);
    let row = &wide["predictions"][1];
    assert_eq!((&row["yhat_q0.1"], &row["yhat_q0.9"]), (&row["yhat_lower"], &row["yhat_upper"]));
    let sum = row["trend"].as_f64().unwrap() + row["weekly"].as_f64().unwrap();
    assert!((row["yhat"].as_f64().unwrap() - sum).abs() < 1e-9, "{row}");
    let point = ask(r#"{"horizon": 1, "uncertainty_samples": 0}"#)["predictions"][0].clone();
    assert_eq!(point["yhat"], point["yhat_lower"]);
    let several = ask(r#"[{"horizon": 1}, {"horizon": 2}]"#);
    assert_eq!(several[1]["predictions"].as_array().unwrap().len(), 2);
    assert_eq!(several, ask(r#"{"instances": [{"horizon": 1}, {"horizon": 2}]}"#));

    let csv = invoke(&server, &[JSON, ("Accept", "text/csv")], r#"{"horizon": 2}"#).with(200);
    assert_eq!(csv.headers["content-type"], "text/csv");
    assert_eq!(csv.body.lines().next(), Some("ds,yhat,yhat_lower,yhat_upper"));
    let back = invoke(&server, &[("Content-Type", "text/csv")], "ds\n2022-05-03\n2022-05-04\n").with(200).json();
    assert_eq!(back["predictions"][1]["yhat"], rows[1]["yhat"]);
    let lines = [("Content-Type", "application/jsonlines"), ("Accept", "application/jsonlines")];
    let lines = invoke(&server, &lines, "{\"horizon\": 1}\n{\"horizon\": 3}\n").with(200).body;
    let lengths: Vec<usize> = lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["predictions"].as_array().unwrap().len())
        .collect();
    assert_eq!(lengths, [1, 3]);
}

#[test]
fn a_request_that_cannot_be_followed_is_told_why() {
    let server = Server::multi_model();
    server.load("x", unpacked("8").path()).with(200);
    let small =
        r#"{"horizon": 1, "uncertainty_samples": 1, "quantiles": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95]}"#;
    for (body, part) in [
        ("", "empty"),
        ("{", "not JSON"),
        ("NaN", "the request is invalid"),
        ("{\"horizon\": NaN}", "neither horizon nor dates"),
        ("{}", "neither horizon nor dates"),
        ("7", "horizon"),
        (r#"{"horizn": 7}"#, "unknown field `horizn`"),
        (r#"{"horizon": -1}"#, "horizon"),
        (r#"{"horizon": 0}"#, "at least 1"),
        (r#"{"horizon": 1e9}"#, "horizon"),
        (r#"{"horizon": 100000000}"#, "too many"),
        (r#"{"horizon": 1, "uncertainty_samples": 1000000000000}"#, "too many simulated values"),
        (r#"{"horizon": 1, "uncertainty_samples": 1000000}"#, "too many samples"),
        (r#"{"horizon": 2, "dates": []}"#, "both"),
        (r#"{"dates": ["02/03/2024"]}"#, "02/03/2024"),
        (r#"{"dates": [9223372036854775807]}"#, "out of range"),
        (r#"{"horizon": 1, "quantiles": [1.5]}"#, "quantile 1.5"),
        (r#"{"horizon": 1, "quantiles": [0.5], "uncertainty_samples": 0}"#, "quantiles need simulated futures"),
        (r#"{"horizon": 100000, "uncertainty_samples": 1000}"#, "too many simulated values"),
        (&format!("{{\"horizon\": 1, \"quantiles\": [0.5{}]}}", ", 0.5".repeat(100)), "101 quantiles are too many"),
        // Each is small: the forecasts are many.
        (&format!("[{}]", vec![small; 9_000].join(", ")), "request 6040: too many simulated values"),
        (r#"{"horizon": 1, "interval_width": 1}"#, "interval_width"),
        (r#"{"horizon": 1, "freq": "fortnight"}"#, "fortnight"),
        (r#"{"horizon": 1, "regressors": {"price": [1.5]}}"#, "price"),
        (r#"{"period": "many"}"#, "period"),
        (r#"[{"horizon": 1}, {"horizon": 0}]"#, "request 1"),
    ] {
        invoke(&server, &[JSON], body).fault(400, "BadRequestException", part);
    }
    invoke(&server, &[("Content-Type", "application/x-npy")], "x").fault(415, "UnsupportedMediaTypeException", "x-npy");
    invoke(&server, &[JSON, ("Accept", "image/png")], "{\"horizon\": 1}").fault(
        415,
        "NotAcceptableException",
        "image/png",
    );
    invoke(&server, &[("Content-Type", "text/csv")], "y\n1\n").fault(400, "BadRequestException", "no column ds");
    invoke(&server, &[JSON], "{\"horizon\": 1}").with(200);
}

#[test]
fn a_date_has_one_value_of_a_regressor() {
    let rows = daily_rows(120, 8).into_iter().enumerate();
    let rows = rows.map(|(at, (date, y))| format!("{date},{},{}\n", y + 3.0 * (at % 5) as f64, at % 5));
    let input = folder([("8.csv", format!("ds,y,price\n{}", rows.collect::<String>()))]);
    let output = tempfile::tempdir().unwrap();
    train(input.path(), output.path(), &["regressors=price"]).with_code(0);
    let server = Server::start(&["--models", output.path().join("models").to_str().unwrap()], &[]);
    let ask = |prices: &str| {
        let body =
            format!(r#"{{"dates": ["2022-05-04", "2022-05-03", "2022-05-03"], "regressors": {{"price": {prices}}}}}"#);
        server.post("/models/8.tar.gz/invoke", &body)
    };
    let same = ask("[2, 1, 1]").with(200).json();
    assert_eq!(same["predictions"][1], same["predictions"][2]);
    ask("[2, 1, 4]").fault(400, "BadRequestException", "2022-05-03 is given twice with different values of \"price\"");
}

#[test]
fn an_answer_says_which_model_gave_it_and_passes_attributes_through() {
    let server = Server::multi_model();
    let eight = unpacked("8");
    server.load("x", eight.path()).with(200);
    let metadata = json(&eight.path().join(".manyfit.json"));
    let answer = invoke(&server, &[JSON, ("X-Request-Id", "mine-1")], "{\"horizon\": 1}").with(200);
    assert_eq!(answer.headers["x-manyfit-fingerprint"], metadata["fingerprint"].as_str().unwrap());
    assert_eq!(answer.headers["x-manyfit-model-version"], "v7");
    assert_eq!(answer.headers["x-manyfit-customer"], "8");
    assert_eq!(answer.headers["x-manyfit-trained"], "2022-01-03/2022-05-02");
    assert_eq!(answer.headers["x-request-id"], "mine-1");
    assert!(answer.headers["x-amzn-sagemaker-custom-attributes"].starts_with("fingerprint="));
    assert!(answer.headers["x-amzn-sagemaker-custom-attributes"].contains(";customer=8;model-version=v7;"));
    let own = ("X-Amzn-SageMaker-Custom-Attributes", "trace=abc 1");
    let answer = invoke(&server, &[JSON, own], "{\"horizon\": 1}").with(200);
    assert_eq!(answer.headers["x-amzn-sagemaker-custom-attributes"], "trace=abc 1");
}

#[test]
fn stock_xgboost_models_answer_rows_as_aws_s_container_does() {
    let expected = json(&repository("tests/golden/xgboost-3.2.0.expected.json"));
    let features: Vec<Option<f64>> = serde_json::from_value(expected["validation_features"].clone()).unwrap();
    let golden = |name: &str| repository(&format!("tests/golden/xgboost-3.2.0-{name}"));
    let rows: Vec<&[Option<f64>]> = features.chunks(4).take(3).collect();
    let server = Server::multi_model();
    for extension in ["json", "ubj"] {
        let directory = folder([("xgboost-model", fs::read(golden(&format!("logistic.{extension}"))).unwrap())]);
        server.load("x", directory.path()).with(200);
        let csv = rows
            .iter()
            .map(|row| {
                let cells: Vec<String> =
                    row.iter().map(|cell| cell.map_or_else(String::new, |x| x.to_string())).collect();
                cells.join(",") + "\n"
            })
            .collect::<Vec<_>>()
            .concat();
        let json_rows = serde_json::to_string(&rows).unwrap();
        let libsvm = rows
            .iter()
            .map(|row| {
                let cells = row.iter().enumerate().filter_map(|(at, cell)| cell.map(|x| format!("{at}:{x}")));
                format!("0 {}\n", cells.collect::<Vec<_>>().join(" "))
            })
            .collect::<Vec<_>>()
            .concat();
        let answer = invoke(&server, &[("Content-Type", "text/csv")], &csv).with(200);
        let scores: Vec<f64> = serde_json::from_str(&answer.body).unwrap();
        assert_eq!(scores.len(), 3);
        for (score, stock) in scores.iter().zip(expected["logistic"].as_array().unwrap()) {
            assert!((score - stock.as_f64().unwrap()).abs() < 1e-6, "{score} for {stock}");
        }
        for (media, body) in [
            ("text/csv; label_size=0; charset=utf-8", csv.as_str()),
            ("application/json", &json_rows),
            ("text/libsvm", &libsvm),
            ("text/x-libsvm", &libsvm),
        ] {
            let other = invoke(&server, &[("Content-Type", media)], body).with(200);
            assert_eq!(serde_json::from_str::<Vec<f64>>(&other.body).unwrap(), scores, "{media}");
        }
        assert_eq!(invoke(&server, &[], &libsvm).with(200).body, answer.body, "without a content type");
        let line = invoke(&server, &[("Content-Type", "text/csv"), ("Accept", "text/csv")], &csv).with(200).body;
        assert_eq!(line.split(',').map(|score| score.parse::<f64>().unwrap()).collect::<Vec<_>>(), scores);
        assert_eq!(invoke(&server, &[("Content-Type", "text/csv")], "").with(204).body, "");
        let narrow = invoke(&server, &[("Content-Type", "text/csv")], "1,2\n");
        narrow.fault(400, "BadRequestException", "Unable to evaluate payload provided");
        server.delete("/models/x").with(200);
    }
}

/// A server of one stock model, with a selection.
fn selecting(model: &str, selection: &str, batch: bool) -> (TempDir, Server) {
    let bytes = fs::read(repository(&format!("tests/golden/xgboost-3.2.0-{model}.ubj"))).unwrap();
    let base = folder([("model/xgboost-model", bytes)]);
    let mut variables = vec![
        ("SAGEMAKER_BASE_DIR", base.path().to_str().unwrap()),
        ("SAGEMAKER_BIND_TO_PORT", "0"),
        ("SAGEMAKER_INFERENCE_OUTPUT", selection),
    ];
    variables.extend(batch.then_some(("SAGEMAKER_BATCH", "true")));
    let server = Server::start(&[], &variables);
    (base, server)
}

#[test]
fn parts_of_predictions_are_selected_as_aws_s_container_does() {
    let expected = json(&repository("tests/golden/xgboost-3.2.0.expected.json"));
    let features: Vec<Option<f64>> = serde_json::from_value(expected["validation_features"].clone()).unwrap();
    let row = |row: &[Option<f64>]| {
        let cells = row.iter().map(|cell| cell.map_or_else(String::new, |x| x.to_string()));
        cells.collect::<Vec<_>>().join(",") + "\n"
    };
    let csv = features.chunks(4).take(3).map(row).collect::<Vec<_>>().concat();
    let probabilities: Vec<f64> = serde_json::from_value(expected["logistic"].clone()).unwrap();
    let ask = |server: &Server, accept: &str| {
        let headers = [("Content-Type", "text/csv"), ("Accept", accept)];
        server.send("POST", "/invocations", &headers, csv.as_bytes()).with(200)
    };
    let close = |given: &Value, stock: f64| (given.as_f64().unwrap() - stock).abs() < 1e-6;

    let (_base, server) = selecting("logistic", "predicted_label, Probability,probabilities,predicted_score", false);
    let answer = ask(&server, "application/json").json();
    let predictions = answer["predictions"].as_array().unwrap();
    assert_eq!(predictions.len(), 3);
    for (prediction, stock) in predictions.iter().zip(&probabilities) {
        assert_eq!(prediction["predicted_label"], i32::from(*stock > 0.5), "{prediction}");
        assert!(close(&prediction["probability"], *stock), "{prediction} for {stock}");
        assert!(close(&prediction["probabilities"][0], 1.0 - stock), "{prediction} for {stock}");
        assert!(close(&prediction["probabilities"][1], *stock), "{prediction} for {stock}");
        // A score is what other objectives have.
        assert_eq!(prediction["predicted_score"], Value::Null);
        assert_eq!(prediction.as_object().unwrap().len(), 4);
    }
    let lines = ask(&server, "application/jsonlines").body;
    assert_eq!(lines.lines().count(), 3, "{lines}");
    assert!(lines.lines().all(|line| serde_json::from_str::<Value>(line).unwrap()["probability"].is_f64()), "{lines}");

    let (_base, server) = selecting("logistic", "predicted_label,probability", true);
    let table = ask(&server, "text/csv").body;
    let cells: Vec<Vec<f64>> =
        table.lines().map(|line| line.split(',').map(|cell| cell.parse().unwrap()).collect()).collect();
    assert_eq!(cells.len(), 3, "{table}");
    for (cells, stock) in cells.iter().zip(&probabilities) {
        assert!(cells.len() == 2 && cells[0] == f64::from(u8::from(*stock > 0.5)), "{table}");
        assert!((cells[1] - stock).abs() < 1e-6, "{table}");
    }

    let (_base, server) = selecting("squarederror", "predicted_score,probability", false);
    let answer = ask(&server, "application/json").json();
    for (prediction, stock) in
        answer["predictions"].as_array().unwrap().iter().zip(expected["squarederror"].as_array().unwrap())
    {
        assert!(close(&prediction["predicted_score"], stock.as_f64().unwrap()), "{prediction} for {stock}");
        assert_eq!(prediction["probability"], Value::Null);
    }

    let (models, mut wrong) = (folder([("8.csv", "")]), manyfit());
    wrong
        .args(["serve", "--listen", "127.0.0.1:0", "--models"])
        .arg(models.path())
        .env("SAGEMAKER_INFERENCE_OUTPUT", "probability,score");
    let ended = crate::support::Ended::from(wrong.output().unwrap()).with_code(2);
    ended.complains_of(&["the selected inference output", "no \"score\" to select"]);
}

#[test]
fn packed_bodies_are_answered_as_plain_ones() {
    let models =
        folder([("8/xgboost-model", fs::read(repository("tests/golden/xgboost-3.2.0-logistic.ubj")).unwrap())]);
    let server = Server::start(&["--models", models.path().to_str().unwrap()], &[]);
    let pack = |body: &[u8]| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(body).unwrap();
        encoder.finish().unwrap()
    };
    let send = |encoding: &[&str], media: &str, body: &[u8]| {
        let mut headers = vec![("Content-Type", media)];
        headers.extend(encoding.iter().map(|encoding| ("Content-Encoding", *encoding)));
        server.send("POST", "/models/8/invoke", &headers, body)
    };
    for (media, body) in [("text/csv", "1,2,,4\n0,1,2,3\n"), ("application/json", "[[1, 2, null, 4], [0, 1, 2, 3]]")] {
        let plain = send(&[], media, body.as_bytes()).with(200).body;
        for encoding in ["gzip", "GZIP", " x-gzip"] {
            assert_eq!(send(&[encoding], media, &pack(body.as_bytes())).with(200).body, plain, "{encoding} {media}");
        }
        let (first, second) = body.as_bytes().split_at(5);
        let members = [pack(first), pack(second)].concat();
        assert_eq!(send(&["gzip"], media, &members).with(200).body, plain, "two members");
        assert_eq!(send(&["identity"], media, body.as_bytes()).with(200).body, plain);
        for encoding in ["deflate", "br", "zstd", "gzip, gzip"] {
            send(&[encoding], media, &pack(body.as_bytes())).fault(415, "UnsupportedMediaTypeException", encoding);
        }
        send(&["gzip"], media, body.as_bytes()).fault(400, "BadRequestException", "not the gzip");
        let whole = pack(body.as_bytes());
        send(&["gzip"], media, &whole[..whole.len() - 9]).fault(400, "BadRequestException", "not the gzip");
    }
    // A few kilobytes that unpack to more than any body may have.
    send(&["gzip"], "text/csv", &pack(&vec![b'1'; 40 << 20])).with(413);
}

#[test]
fn a_single_model_answers_invocations_and_says_how_to_batch() {
    let model =
        folder([("ml/model/xgboost-model", fs::read(repository("tests/golden/xgboost-3.2.0-logistic.ubj")).unwrap())]);
    let base = model.path().join("ml");
    let single = Server::start(&[], &[("SAGEMAKER_BASE_DIR", base.to_str().unwrap()), ("SAGEMAKER_BIND_TO_PORT", "0")]);
    single.get("/ping").with(200);
    let parameters = single.get("/execution-parameters").with(200).json();
    assert_eq!((&parameters["BatchStrategy"], &parameters["MaxPayloadInMB"]), (&json!("MULTI_RECORD"), &json!(6)));
    let width = width_of(&base.join("model"));
    let row = vec!["0.5"; width].join(",");
    let answer = single.send("POST", "/invocations", &[("Content-Type", "text/csv")], row.as_bytes()).with(200).json();
    assert!(answer["predictions"][0]["score"].is_f64(), "{answer}");
    single.send("POST", "/invocations", &[("Accept", "image/png")], row.as_bytes()).fault(
        406,
        "NotAcceptableException",
        "image/png",
    );
    let variables = [
        ("SAGEMAKER_BASE_DIR", base.to_str().unwrap()),
        ("SAGEMAKER_BATCH", "true"),
        ("SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT", "text/csv"),
    ];
    let batch = Server::start(&[], &variables);
    let rows = format!("{row}\n{row}\n");
    let lines = batch.send("POST", "/invocations", &[("Content-Type", "text/csv")], rows.as_bytes()).with(200).body;
    assert_eq!((lines.lines().count(), lines.ends_with('\n')), (2, true));
}

/// Number of features of an XGBoost model.
fn width_of(model: &Path) -> usize {
    let opened = manyfit::artifact::open_path(model, manyfit::artifact::Limits::default()).unwrap();
    let manyfit_models::Fitted::Rows(fitted) = opened.model else { panic!("no trees") };
    fitted.features().len()
}

#[test]
fn bodies_that_are_too_large_or_too_slow_are_turned_away() {
    let server = Server::multi_model_with(&[
        ("SAGEMAKER_MAX_REQUEST_SIZE", "1000"),
        ("SAGEMAKER_MODEL_SERVER_TIMEOUT_SECONDS", "1"),
    ]);
    server.load("x", unpacked("8").path()).with(200);
    let large = vec![b' '; 20 << 20];
    let answer = server.send("POST", "/models/x/invoke", &[JSON], &large);
    answer.fault(413, "RequestEntityTooLargeException", "1000 bytes");
    let asks_first = server.send("POST", "/models/x/invoke", &[JSON, ("Expect", "100-continue")], &[b' '; 1001]);
    assert_eq!(asks_first.status, 413);
    invoke(&server, &[JSON], &format!("{{\"horizon\": 1{}}}", " ".repeat(900))).with(200);
    let mut slow = server.connect();
    slow.write_all(b"POST /models/x/invoke HTTP/1.1\r\nHost: t\r\nConnection: close\r\nContent-Length: 50\r\n\r\n{")
        .unwrap();
    let begun = Instant::now();
    crate::server::read_answer(slow).fault(408, "RequestTimeoutException", "in time");
    assert!(begun.elapsed() < Duration::from_secs(10));
}

#[test]
fn values_that_are_not_finite_are_null() {
    // A slope at the end of the numbers: forecasts beyond it are infinite.
    let mut model: Value = serde_json::from_slice(&fs::read(unpacked("8").path().join("model.json")).unwrap()).unwrap();
    model["y_scale"] = json!(1e308);
    model["params"]["k"] = json!([[1e10]]);
    let directory = folder([("model.json", model.to_string())]);
    let server = Server::multi_model();
    server.load("x", directory.path()).with(200);
    let answer = invoke(&server, &[JSON], "{\"horizon\": 2}").with(200).json();
    assert_eq!(answer["predictions"][0]["yhat"], Value::Null);
    let csv = invoke(&server, &[JSON, ("Accept", "text/csv")], "{\"horizon\": 1}").with(200).body;
    assert!(csv.lines().nth(1).unwrap().ends_with(",,,"), "{csv}");
    invoke(&server, &[JSON], "{\"period\": 2}").with(200);
}

#[test]
fn models_of_a_folder_are_loaded_on_use_replaced_and_put_out() {
    let copy = |from: &str, to: &Path| {
        let temporary = to.with_extension("new");
        fs::copy(archives().join(from), &temporary).unwrap();
        fs::rename(temporary, to).unwrap();
    };
    let models = tempfile::tempdir().unwrap();
    let file = |name: &str| models.path().join(name);
    for number in 0..40 {
        copy("8.tar.gz", &file(&format!("c{number}.tar.gz")));
    }
    fs::create_dir(file("sub")).unwrap();
    copy("9.tar.gz", &file("sub/a b.tar.gz"));
    let server = Server::start(&["--models", models.path().to_str().unwrap()], &[("MANYFIT_MEMORY", "300K")]);
    let customer = |target: &str| {
        let headers = [JSON, ("X-Amzn-SageMaker-Target-Model", target)];
        let answer = server.send("POST", "/invocations", &headers, b"{\"horizon\": 1}").with(200);
        answer.headers["x-manyfit-customer"].clone()
    };
    let names = |query: &str| -> Vec<String> {
        let listed = server.get(&format!("/models{query}")).with(200).json();
        listed["models"]
            .as_array()
            .unwrap()
            .iter()
            .map(|model| model["modelName"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(names("").len(), 41, "all that the folder offers");
    assert_eq!(names("?limit=2&next_page_token=39"), ["c9.tar.gz", "sub/a b.tar.gz"]);
    let url = server.get("/models?limit=1").json()["models"][0]["modelUrl"].clone();
    assert_eq!(url, file("c0.tar.gz").to_str().unwrap());
    server.post("/models/c7/invoke", "{\"horizon\": 1}").fault(
        404,
        "ModelNotFoundException",
        "c7; did you mean c7.tar.gz?",
    );
    assert_eq!(customer("sub/a b.tar.gz"), "9");
    let encoded = server.post("/models/sub%2Fa%20b.tar.gz/invoke", "{\"horizon\": 1}").with(200);
    assert_eq!(encoded.headers["x-manyfit-customer"], "9");
    let endpoint = [JSON, ("X-Amzn-SageMaker-Target-Model", "c0.tar.gz")];
    server.send("POST", "/endpoints/fleet/invocations", &endpoint, b"{\"horizon\": 1}").with(200);
    for target in ["absent.tar.gz", "../c0.tar.gz", "sub/../c0.tar.gz", "/etc/passwd", "sub"] {
        let headers = [JSON, ("X-Amzn-SageMaker-Target-Model", target)];
        let status = server.send("POST", "/invocations", &headers, b"{\"horizon\": 1}").status;
        assert!(status == 404 || (target == "sub" && status == 400), "{target}: {status}");
    }
    let long = format!("/models/{}/invoke", "a".repeat(300));
    server.post(&long, "{\"horizon\": 1}").fault(404, "ModelNotFoundException", "Model not found: aaa");
    // More models than fit: the least recently used go, and every one answers.
    for round in 0..2 {
        for number in 0..40 {
            assert_eq!(customer(&format!("c{number}.tar.gz")), "8", "round {round}");
        }
    }
    assert!(server.metric("manyfit_evictions_total") > 0.0);
    assert!(server.metric("manyfit_model_memory_bytes") <= 300.0 * 1024.0);
    assert_eq!(customer("c39.tar.gz"), "8");

    // A file is looked at once a second.
    let later = |expected: &str| {
        let begun = Instant::now();
        while customer("c39.tar.gz") != expected {
            assert!(begun.elapsed() < Duration::from_secs(20), "the file was not noticed");
            thread::sleep(Duration::from_millis(50));
        }
    };
    copy("9.tar.gz", &file("c39.tar.gz"));
    later("9");
    // Half a file is no reason to stop.
    fs::write(file("c39.tar.gz"), &fs::read(archives().join("8.tar.gz")).unwrap()[..500]).unwrap();
    thread::sleep(Duration::from_millis(1200));
    assert_eq!(customer("c39.tar.gz"), "9");
    copy("8.tar.gz", &file("c39.tar.gz"));
    later("8");
    fs::remove_file(file("c39.tar.gz")).unwrap();
    thread::sleep(Duration::from_millis(1200));
    server.post("/models/c39.tar.gz/invoke", "{\"horizon\": 1}").fault(404, "ModelNotFoundException", "c39");
}

#[test]
fn an_unpacked_artifact_of_a_folder_is_replaced_when_its_files_are_written() {
    let files = |customer: &str| members(&fs::read(archives().join(format!("{customer}.tar.gz"))).unwrap());
    let models = folder(files("8").into_iter().map(|(name, content)| (format!("x/{name}"), content)));
    let server = Server::start(&["--models", models.path().to_str().unwrap()], &[]);
    let customer =
        || server.post("/models/x/invoke", "{\"horizon\": 1}").with(200).headers["x-manyfit-customer"].clone();
    assert_eq!(customer(), "8");
    // Written in place, which leaves the folder as it was.
    for (name, content) in files("9") {
        fs::write(models.path().join("x").join(name), content).unwrap();
    }
    let begun = Instant::now();
    while customer() != "9" {
        assert!(begun.elapsed() < Duration::from_secs(20), "the files were not noticed");
        thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_model_that_never_fits_puts_no_other_out() {
    let models =
        folder((0..4).map(|number| (format!("c{number}.tar.gz"), fs::read(archives().join("8.tar.gz")).unwrap())));
    // Bytes that do not pack.
    let noise: Vec<u8> = (0..60_000_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    fs::write(models.path().join("large.tar.gz"), noise).unwrap();
    let server = Server::start(&["--models", models.path().to_str().unwrap()], &[("MANYFIT_MEMORY", "1M")]);
    let ask = |target: &str| server.post(&format!("/models/{target}.tar.gz/invoke"), "{\"horizon\": 1}");
    for number in 0..4 {
        ask(&format!("c{number}")).with(200);
    }
    for _ in 0..2 {
        ask("large").fault(507, "InternalServerException", "raise --memory");
    }
    assert_eq!((server.metric("manyfit_models"), server.metric("manyfit_evictions_total")), (4.0, 0.0));
}

#[test]
fn a_model_may_be_unloaded_and_loaded_while_it_answers() {
    let server = Server::multi_model();
    let (eight, nine) = (unpacked("8"), unpacked("9"));
    server.load("x", eight.path()).with(200);
    thread::scope(|scope| {
        let askers: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let mut found = 0;
                    for _ in 0..60 {
                        let answer = server.post("/models/x/invoke", "{\"horizon\": 7}");
                        assert!(matches!(answer.status, 200 | 404), "{answer:?}");
                        found += usize::from(answer.status == 200);
                    }
                    found
                })
            })
            .collect();
        for round in 0..30 {
            server.delete("/models/x").with(200);
            server.load("x", if round % 2 == 0 { nine.path() } else { eight.path() }).with(200);
        }
        let found: usize = askers.into_iter().map(|asker| asker.join().unwrap()).sum();
        assert!(found > 0);
    });
    server.delete("/models/x").with(200);
    assert_eq!(server.metric("manyfit_model_memory_bytes"), 0.0);
}

#[test]
fn a_cold_model_that_many_ask_for_at_once_is_loaded_once() {
    let server = Server::start(&["--models", archives().to_str().unwrap()], &[]);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| server.post("/models/8.tar.gz/invoke", "{\"horizon\": 1}").with(200));
        }
    });
    assert_eq!(server.metric("manyfit_loads_total"), 1.0);
}

#[test]
fn requests_are_captured_in_the_platform_s_form_and_failures_too() {
    let captured = tempfile::tempdir().unwrap();
    let directory = captured.path().join("capture");
    let arguments =
        ["--models", archives().to_str().unwrap(), "--capture", directory.to_str().unwrap()].map(String::from);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let mut server = Server::start(&arguments, &[]);
    for body in ["{\"horizon\": 2}", "{\"horizon\": 0}"] {
        server.post("/models/8.tar.gz/invoke", body);
    }
    server.terminate();
    server.ended();
    let file = fs::read_dir(&directory).unwrap().next().unwrap().unwrap().path();
    let lines: Vec<Value> =
        fs::read_to_string(file).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0]["captureData"]["endpointInput"]["data"], "{\"horizon\": 2}");
    let answer = lines[0]["captureData"]["endpointOutput"]["data"].as_str().unwrap();
    assert_eq!(serde_json::from_str::<Value>(answer).unwrap()["predictions"].as_array().unwrap().len(), 2);
    assert_eq!((&lines[0]["manyfit"]["status"], &lines[1]["manyfit"]["status"]), (&json!(200), &json!(400)));
}

#[test]
fn a_thousand_mixed_requests_with_cut_connections_leave_nothing_behind() {
    mixed(1000);
}

#[test]
#[ignore = "a soak of minutes: cargo test --release --test suite -- --ignored soak"]
fn a_soak_of_200_000_mixed_requests_leaves_nothing_behind() {
    mixed(200_000);
}

/// Sends loads, unloads, good and bad requests, and connections that are cut, from four clients at once.
fn mixed(requests: usize) {
    let server = Server::multi_model();
    let (eight, trees) = (unpacked("8"), folder([("model.json", pack(&[]))]));
    let warm_up = requests / 10;
    let client = |client: usize, from: usize, to: usize| {
        let path = |name: &str| format!("/models/{name}{client}");
        for number in (from..to).filter(|number| number % 4 == client) {
            let status = match number / 4 % 8 {
                0 => server.load(&format!("m{client}"), eight.path()).status,
                1 | 2 => server.post(&format!("{}/invoke", path("m")), "{\"horizon\": 7}").status,
                3 => server.post(&format!("{}/invoke", path("m")), "{\"horizon\": \"x\"}").status,
                4 => server.load(&format!("bad{client}"), trees.path()).status,
                5 => server.get("/models").status,
                6 => {
                    let mut stream = server.connect();
                    let head =
                        format!("POST {}/invoke HTTP/1.1\r\nHost: t\r\nContent-Length: 900\r\n\r\n{{", path("m"));
                    stream.write_all(head.as_bytes()).unwrap();
                    stream.shutdown(Shutdown::Both).unwrap();
                    200
                }
                _ => server.delete(&path("m")).status,
            };
            assert!(matches!(status, 200 | 400 | 404), "request {number}: {status}");
        }
    };
    let run = |from: usize, to: usize| {
        thread::scope(|scope| {
            for number in 0..4 {
                scope.spawn(move || client(number, from, to));
            }
        });
    };
    run(0, warm_up);
    let before = server.metric("process_resident_memory_bytes");
    run(warm_up, requests);
    let begun = Instant::now();
    // The connection that asks is one of them.
    while server.metric("manyfit_connections") > 1.0 {
        assert!(begun.elapsed() < Duration::from_secs(10), "a connection is stuck");
        thread::sleep(Duration::from_millis(20));
    }
    let after = server.metric("process_resident_memory_bytes");
    assert!(after < before + 16e6, "{before} bytes grew to {after}");
    for client in 0..4 {
        server.delete(&format!("/models/m{client}"));
    }
    assert_eq!(server.metric("manyfit_model_memory_bytes"), 0.0);
    assert_eq!(server.metric("manyfit_requests_waiting"), 0.0);
}
