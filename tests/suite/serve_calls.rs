//! The platform's calls, replayed: statuses, types, texts and bodies are those of Multi Model Server.

use std::{
    fs,
    io::Write,
    net::TcpStream,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::LazyLock,
    time::{Duration, Instant},
};

use crate::{
    open_models::{gzip, pack, tar as tar_of},
    server::Server,
    support::{daily, folder, json, members, train},
};
use serde_json::json;
use tempfile::TempDir;

/// A fleet of two, trained once for all tests: `8` and `9`.
pub(crate) static MODELS: LazyLock<TempDir> = LazyLock::new(|| {
    let input = folder([("8.csv", daily(120, 8)), ("9.csv", daily(130, 9))]);
    let output = tempfile::tempdir().unwrap();
    train(input.path(), output.path(), &["version=v7"]).with_code(0);
    output
});

pub(crate) fn archives() -> PathBuf {
    MODELS.path().join("models")
}

/// An artifact as the platform unpacks it.
pub(crate) fn unpacked(customer: &str) -> TempDir {
    folder(members(&fs::read(archives().join(format!("{customer}.tar.gz"))).unwrap()))
}

#[test]
fn the_platform_s_calls_have_multi_model_server_s_answers() {
    let server = Server::multi_model();
    let (eight, nine) = (unpacked("8"), unpacked("9"));
    let ping = server.get("/ping").with(200);
    assert_eq!(ping.body, "{\n  \"status\": \"Healthy\"\n}\n");
    assert_eq!(ping.headers["pragma"], "no-cache");
    assert_eq!(ping.headers["expires"], "Thu, 01 Jan 1970 00:00:00 UTC");
    assert_eq!(server.get("/models").with(200).body, "{\n  \"models\": []\n}\n");
    assert_eq!(server.load("b", eight.path()).with(200).body, "{\n  \"status\": \"Workers scaled\"\n}\n");
    assert_eq!(server.load("a", nine.path()).with(200).json(), json!({"status": "Workers scaled"}));
    server.load("b", eight.path()).fault(409, "ConflictStatusException", "Model b is already registered.");
    // The name is looked at before the path.
    server.load("b", Path::new("/no/such")).fault(409, "ConflictStatusException", "Model b is already registered.");
    let listed = server.get("/models/").with(200).json();
    assert_eq!(listed["models"][0], json!({"modelName": "a", "modelUrl": nine.path()}));
    assert_eq!(listed["models"][1], json!({"modelName": "b", "modelUrl": eight.path()}));
    assert_eq!(listed.get("nextPageToken"), None);
    let described = server.get("/models/a").with(200).json();
    assert_eq!((&described["modelName"], &described["modelUrl"]), (&json!("a"), &json!(nine.path())));
    assert_eq!((&described["customer"], &described["version"]), (&json!("9"), &json!("v7")));
    assert_eq!(server.delete("/models/a").with(200).json(), json!({"status": "Model \"a\" unregistered"}));
    server.delete("/models/a").fault(404, "ModelNotFoundException", "Model not found: a");
    server.get("/models/a").fault(404, "ModelNotFoundException", "Model not found: a");
    server.post("/models/a/invoke", "{}").fault(404, "ModelNotFoundException", "Model not found: a");
    assert_eq!(server.load("a", nine.path()).with(200).status, 200, "a name is free again");
    assert_eq!(server.metric("manyfit_models"), 2.0);
}

#[test]
fn loads_that_cannot_be_done_leave_no_name_behind() {
    let server = Server::multi_model();
    let load = |body: &str| server.post("/models", body);
    server.load("x", Path::new("/no/such")).fault(
        404,
        "ModelNotFoundException",
        "Model not found in model store: /no/such",
    );
    server.load("x", Path::new("relative")).fault(404, "ModelNotFoundException", "model store: relative");
    server.load("x", Path::new("/tmp/../etc")).fault(
        404,
        "ModelNotFoundException",
        "Relative path is not allowed in url: /tmp/../etc",
    );
    server.load("x", Path::new("/proc/self")).fault(400, "BadRequestException", "/proc/self");
    let links = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink("/proc/self", links.path().join("model")).unwrap();
    server.load("x", &links.path().join("model")).fault(400, "BadRequestException", "a system directory");
    load(r#"{"model_name": "x"}"#).fault(400, "BadRequestException", "Parameter url is required.");
    let text =
        server.send("POST", "/models", &[("Content-Type", "text/plain")], br#"{"model_name": "x", "url": "/tmp"}"#);
    text.fault(400, "BadRequestException", "Parameter url is required.");
    load(r#"{"url": "/tmp"}"#).fault(400, "InvalidModelException", "Model name is not defined.");
    for broken in ["", "{", "[1]", "{\"model_name\": 7, \"url\": \"/tmp\"}"] {
        load(broken).fault(400, "BadRequestException", "model_name");
    }
    load(&format!("{{\"model_name\": \"{}\"}}", "x".repeat(100_000))).with(413);
    for (files, part) in [
        (vec![("model.json", &b"{\"growth\": \"linear\""[..])], "not a Prophet model"),
        (vec![], "no file in it"),
        (vec![("model.joblib", b"\x80\x04")], "pickle"),
    ] {
        let directory = folder(files);
        for _ in 0..2 {
            server.load("x", directory.path()).fault(400, "InvalidModelException", part);
        }
    }
    assert_eq!(server.get("/models").json(), json!({"models": []}));
    assert_eq!(server.metric("manyfit_model_memory_bytes"), 0.0);
    server.load("x", unpacked("8").path()).with(200);
}

#[test]
fn a_model_that_does_not_fit_is_507_and_not_listed() {
    let server = Server::multi_model_with(&[("MANYFIT_MEMORY", "400K")]);
    let eight = unpacked("8");
    fs::write(eight.path().join("large"), vec![0; 1 << 20]).unwrap();
    for _ in 0..2 {
        server.load("x", eight.path()).fault(507, "InternalServerException", "Out of resources");
    }
    assert_eq!(server.get("/models").json(), json!({"models": []}));
    fs::remove_file(eight.path().join("large")).unwrap();
    server.load("x", eight.path()).with(200);
}

#[test]
fn an_archive_that_unpacks_to_much_more_is_charged_what_it_takes() {
    let mut model = json(&unpacked("8").path().join("model.json"));
    model["changepoints_t"] = json!(vec![0; 100_000]);
    model["params"]["delta"] = json!([vec![0; 100_000]]);
    let archive = pack(&[("model.json", model.to_string().as_bytes())]);
    assert!(archive.len() < 20_000, "{}", archive.len());
    let models = folder((0..6).map(|number| (format!("{number}.tar.gz"), &archive)));
    // Two arrays of 100,000 doubles.
    let takes = 1.6e6;
    let server = Server::start(&["--models", models.path().to_str().unwrap()], &[("MANYFIT_MEMORY", "4M")]);
    for number in 0..6 {
        let body = "{\"horizon\": 1, \"uncertainty_samples\": 0}";
        server.post(&format!("/models/{number}.tar.gz/invoke"), body).with(200);
        let (models, charged) = (server.metric("manyfit_models"), server.metric("manyfit_model_memory_bytes"));
        assert!(charged >= models * takes && charged <= f64::from(4 << 20), "{models} models, {charged} bytes");
    }
    // Reading it would take more than there is.
    let server = Server::start(&["--models", models.path().to_str().unwrap()], &[("MANYFIT_MEMORY", "1500K")]);
    let answer = server.post("/models/0.tar.gz/invoke", "{\"horizon\": 1}");
    answer.fault(507, "InternalServerException", "Out of resources");
}

#[test]
fn a_model_whose_numbers_make_no_forecast_is_refused_when_it_is_loaded() {
    let server = Server::multi_model();
    let mut model = json(&unpacked("8").path().join("model.json"));
    for width in [-1.0, 1.5, 4_294_967_296.0] {
        model["interval_width"] = json!(width);
        let directory = folder([("model.json", model.to_string())]);
        server.load("x", directory.path()).fault(400, "InvalidModelException", &format!("interval_width is {width}"));
    }
    model["interval_width"] = json!(0.8);
    for name in ["start", "t_scale"] {
        let usual = std::mem::replace(&mut model[name], json!(9e15));
        let directory = folder([("model.json", model.to_string())]);
        server.load("x", directory.path()).fault(400, "InvalidModelException", &format!("{name} is 9000000000000000"));
        model[name] = usual;
    }
    for width in [0, 1] {
        model["interval_width"] = json!(width);
        server.load("x", folder([("model.json", model.to_string())]).path()).with(200);
        server.post("/models/x/invoke", "{\"dates\": [\"2022-03-01\", \"2022-06-01\"]}").with(200);
        server.delete("/models/x").with(200);
    }
}

#[test]
fn unknown_paths_and_methods_are_told_apart() {
    let server = Server::multi_model();
    for (method, path) in [("PUT", "/models"), ("POST", "/models/x"), ("GET", "/"), ("DELETE", "/ping")] {
        server.send(method, path, &[], b"").fault(405, "MethodNotAllowedException", "not allowed");
    }
    for path in ["/nothing", "/models/x/other", "/execution-parameters", "/models/x/y/invoke"] {
        server.get(path).fault(404, "ResourceNotFoundException", "not found");
    }
    server.post("/invocations", "{}").fault(400, "BadRequestException", "Parameter model_name is required.");
    let schema = server.send("OPTIONS", "/", &[], b"").with(200).json();
    assert_eq!(schema, server.get("/openapi.json").json());
    for path in ["/ping", "/models", "/models/{model_name}", "/models/{model_name}/invoke", "/invocations", "/metrics"]
    {
        assert!(schema["paths"].get(path).is_some(), "{path} is not in the schema");
    }
}

#[test]
fn the_list_has_pages_and_odd_numbers_are_forgiven() {
    let server = Server::multi_model();
    let eight = unpacked("8");
    for number in 0..102 {
        server.load(&format!("m{number:03}"), eight.path()).with(200);
    }
    let page = |query: &str| {
        let page = server.get(&format!("/models{query}")).with(200).json();
        (page["models"].as_array().unwrap().len(), page["nextPageToken"].as_str().map(str::to_owned))
    };
    let token = |number: &str| Some(number.to_owned());
    assert_eq!(page(""), (100, token("100")));
    assert_eq!(page("?next_page_token=100"), (2, None));
    assert_eq!(page("?limit=2&next_page_token=100"), (2, token("102")));
    assert_eq!(page("?limit=2&next_page_token=102"), (0, None));
    assert_eq!(page("?next_page_token=9999"), (0, None));
    for odd in ["?limit=0", "?limit=-3", "?limit=1000", "?limit=x&next_page_token=y"] {
        assert_eq!(page(odd), (100, token("100")), "{odd}");
    }
    let text = server.get("/models").body;
    assert!(text.find("nextPageToken") < text.find("\"models\""), "the token stands first");
}

#[test]
fn odd_names_and_read_only_directories_are_served() {
    let server = Server::multi_model();
    let eight = unpacked("8");
    fs::set_permissions(eight.path(), fs::Permissions::from_mode(0o555)).unwrap();
    for (name, encoded) in [
        ("f1e2d3c4b5a69788", "f1e2d3c4b5a69788"),
        ("a b", "a%20b"),
        ("dir/8.tar.gz", "dir%2F8.tar.gz"),
        ("Zürich", "Z%C3%BCrich"),
        ("100%", "100%25"),
        ("..", "%2e%2e"),
        ("?#&=+", "%3F%23%26%3D+"),
        ("\"quoted\"", "%22quoted%22"),
    ] {
        server.load(name, eight.path()).with(200);
        assert_eq!(server.get(&format!("/models/{encoded}")).with(200).json()["modelName"], name);
        server.post(&format!("/models/{encoded}/invoke"), "{\"horizon\": 1}").with(200);
        let status = format!("Model \"{name}\" unregistered");
        assert_eq!(server.delete(&format!("/models/{encoded}")).with(200).json()["status"], status);
    }
    for malformed in ["/models/%", "/models/%zz"] {
        let status = server.get(malformed).status;
        assert!((400..405).contains(&status), "{malformed}: {status}");
    }
    for (method, path) in [("GET", "/models/%ff"), ("DELETE", "/models/%ff"), ("POST", "/models/%ff/invoke")] {
        server.send(method, path, &[], b"").fault(400, "BadRequestException", "not UTF-8");
    }
    fs::set_permissions(eight.path(), fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn hostile_artifacts_are_refused_and_the_server_goes_on() {
    let kind = tar::EntryType::Regular;
    let models = folder([
        ("traversal.tar.gz", gzip(&tar_of(&[("../../model.json", kind, 2, b"{}")]))),
        ("link.tar.gz", gzip(&tar_of(&[("model.json", tar::EntryType::Symlink, 0, b"")]))),
        ("declared.tar.gz", gzip(&tar_of(&[("model.json", kind, 10 << 30, b"")]))),
        ("cut.tar.gz", fs::read(archives().join("8.tar.gz")).unwrap()[..900].to_vec()),
        ("text.tar.gz", b"hello".to_vec()),
        ("deep.tar.gz", pack(&[("model.json", format!("{{\"growth\": {}", "[".repeat(100_000)).as_bytes())])),
        ("8.tar.gz", fs::read(archives().join("8.tar.gz")).unwrap()),
    ]);
    let server = Server::start(&["--models", models.path().to_str().unwrap()], &[]);
    for name in ["traversal", "link", "declared", "cut", "text", "deep"] {
        let answer = server.post(&format!("/models/{name}.tar.gz/invoke"), "{\"horizon\": 1}");
        answer.fault(400, "InvalidModelException", "Unable to load model");
    }
    server.post("/models/8.tar.gz/invoke", "{\"horizon\": 1}").with(200);
    assert_eq!(server.metric("manyfit_load_failures_total"), 6.0);
    assert!(server.metric("process_resident_memory_bytes") < 300e6);
}

#[test]
fn silent_connections_and_half_heads_keep_nobody_out() {
    let eight = unpacked("8");
    let server = Server::start(&["--model", eight.path().to_str().unwrap(), "--connections", "8"], &[]);
    let mut silent: Vec<TcpStream> = (0..40).map(|_| server.connect()).collect();
    for half in silent.iter_mut().step_by(2) {
        // Those whose place another has taken may be closed already.
        drop(half.write_all(b"POST /invocations HTTP/1.1\r\nHo"));
    }
    let begun = Instant::now();
    for _ in 0..20 {
        server.get("/ping").with(200);
        server.post("/invocations", "{\"horizon\": 1}").with(200);
        silent.push(server.connect());
    }
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    assert!(server.metric("manyfit_connections") <= 8.0);
}

#[test]
fn a_stopped_server_finishes_its_requests_and_ends_well() {
    let mut server = Server::multi_model();
    server.load("x", unpacked("8").path()).with(200);
    // The head is there, the body is on its way.
    let mut stream = server.connect();
    let body = br#"{"horizon": 7}"#;
    let head = format!("POST /models/x/invoke HTTP/1.1\r\nHost: t\r\nContent-Length: {}\r\n\r\n", body.len());
    std::io::Write::write_all(&mut stream, head.as_bytes()).unwrap();
    std::thread::sleep(Duration::from_millis(100));
    server.terminate();
    std::thread::sleep(Duration::from_millis(200));
    assert!(std::net::TcpStream::connect(server.address).is_err(), "no new connections");
    std::io::Write::write_all(&mut stream, body).unwrap();
    assert_eq!(crate::server::read_answer(stream).with(200).json()["predictions"].as_array().unwrap().len(), 7);
    assert_eq!(server.ended().code(), Some(0));
    assert!(server.log().contains("\"stopped\""), "{}", server.log());
}

#[test]
fn a_stop_waits_for_no_half_head_and_a_second_one_for_nothing() {
    let mut server = Server::multi_model();
    let mut silent = server.connect();
    std::io::Write::write_all(&mut silent, b"POST /models/x/invoke HTTP/1.1\r\nHo").unwrap();
    let _idle = server.connect();
    std::thread::sleep(Duration::from_millis(100));
    let begun = Instant::now();
    server.terminate();
    assert_eq!(server.ended().code(), Some(0));
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());

    let mut server = Server::multi_model();
    let mut slow = server.connect();
    let head = b"POST /models/x/invoke HTTP/1.1\r\nHost: t\r\nContent-Length: 9\r\n\r\n";
    std::io::Write::write_all(&mut slow, head).unwrap();
    while server.metric("manyfit_requests_under_way") < 2.0 {}
    let begun = Instant::now();
    server.terminate();
    while !server.log().contains("\"stopping\"") {
        std::thread::sleep(Duration::from_millis(10));
    }
    server.terminate();
    assert_eq!(server.ended().code(), Some(0));
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
    assert!(server.log().contains("\"requests cut off\""), "{}", server.log());
}
