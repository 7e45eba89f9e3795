//! The standard streams: what is full ends a command with a documented code, and names cannot forge what is printed.

use std::{
    ffi::OsStr,
    fs::{self, File},
    path::Path,
    process::{Command, Stdio},
};

use super::support::{Ended, daily, fleet, folder, manifest, manyfit, train, train_command};

/// Runs a command whose output goes to a full device: both streams, or only one.
fn full(command: &mut Command, out: bool, err: bool) -> Option<i32> {
    let to = |is_full: bool| {
        if is_full { File::options().write(true).open("/dev/full").unwrap().into() } else { Stdio::null() }
    };
    command.stdout(to(out)).stderr(to(err)).status().unwrap().code()
}

fn command(arguments: &[&OsStr]) -> Command {
    let mut command = manyfit();
    command.args(arguments);
    command
}

#[test]
fn full_streams_end_a_command_with_a_documented_code() {
    let (input, place) = (fleet(3, 25), tempfile::tempdir().unwrap());
    let at = |name: &str| place.path().join(name).into_os_string();
    let input = input.path().as_os_str();
    train(Path::new(input), Path::new(&at("out")), &["horizon=1"]).with_code(0);
    let word = OsStr::new;
    let (models, train_, output, from) = (at("out/models"), word("train"), word("--output"), word("--input"));
    let (out, table, merged, prepared, generated) =
        (at("new"), at("t.csv"), at("merged"), at("prepared"), at("generated"));
    let (first, missing) = (at("out"), at("missing"));
    // The arguments, and the codes with a full standard output and with a full standard error.
    let commands: [(&[&OsStr], i32, i32); 13] = [
        (&[train_, from, input, output, &out], 4, 0),
        (&[word("predict"), &models, word("--horizon=1")], 4, 0),
        (&[word("predict"), &models, word("--horizon=1"), output, &table], 0, 0),
        (&[word("merge"), from, &first, output, &merged], 4, 0),
        (&[word("prepare"), from, input, output, &prepared], 4, 0),
        (
            &[
                word("generate"),
                word("energy"),
                word("--rows=40"),
                word("--customers=2"),
                output,
                &generated,
                word("--force"),
            ],
            4,
            0,
        ),
        (&[word("plan"), from, input], 4, 0),
        (&[word("settings")], 4, 0),
        (&[word("--help")], 4, 0),
        (&[word("--version")], 4, 0),
        // What fails keeps its code, whoever hears of it.
        (&[word("--no-such-option")], 2, 2),
        (&[train_, from, &missing, output, &out], 2, 2),
        (&[word("predict"), &prepared, word("--horizon=1")], 3, 3),
    ];
    for (arguments, with_full_output, with_full_errors) in commands {
        for (is_out, is_err) in [(true, true), (true, false), (false, true)] {
            let expected = if is_out { with_full_output } else { with_full_errors };
            assert_eq!(
                full(&mut command(arguments), is_out, is_err),
                Some(expected),
                "{arguments:?} {is_out} {is_err}"
            );
        }
    }
}

/// What the platform finds in a log by one of its regular expressions: numbers between `name=` and `;`.
fn found(log: &str, name: &str) -> Vec<String> {
    let name = format!("{name}=");
    let parts = log.split(&name).skip(1).filter_map(|rest| rest.split_once(';'));
    let is_number =
        |text: &&str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    parts.map(|(number, _)| number).filter(is_number).map(str::to_owned).collect()
}

#[test]
fn names_forge_no_metrics() {
    let forged = "models_failed=99;";
    let rows = daily(25, 1);
    let bundle: String =
        rows.lines().skip(1).map(|row| format!("\"x\n{forged}\",{row}\n{forged},{row}\n")).collect::<Vec<_>>().concat();
    let input = folder([
        (format!("{forged}.csv"), rows.clone()),
        (format!("a\n{forged}\r\u{1b}[31m.csv"), rows.clone()),
        (format!("b\n{forged}.zip"), "no table".into()),
        (format!("c\n{forged} d.csv"), "no,table\n".into()),
        ("e.csv".into(), format!("ds,y\n2022-01-01,{forged}\n")),
        ("f.csv".into(), format!("ds,\"y\n{forged}\"\n2022-01-01,x\n")),
    ]);
    let output = tempfile::tempdir().unwrap();
    let failing = |ended: Ended, customers: &str| {
        for log in [&ended.out, &ended.err] {
            let numbers = found(log, "models_failed");
            assert!(numbers.iter().all(|number| number == customers), "{numbers:?}\n{log}");
            assert!(log.lines().all(|line| !line.starts_with("models_failed=99")), "{log}");
            assert!(!log.contains(['\u{1b}', '\r']), "{log:?}");
        }
        assert_eq!(found(&ended.out, "models_failed"), [customers]);
        ended
    };
    failing(train(input.path(), output.path(), &["max_failures=9", "horizon=1"]).with_code(0), "4");
    failing(train(input.path(), output.path(), &["max_failures=0"]).with_code(3), "4");
    assert_eq!(manifest(&output.path().join("manifest.jsonl")).len(), 5);
    // Stale models are named, too.
    fs::remove_file(input.path().join(format!("{forged}.csv"))).unwrap();
    failing(train(input.path(), output.path(), &["max_failures=9"]).with_code(0), "4");

    let bundles = folder([("all.csv", format!("customer,{}\n{bundle}", rows.lines().next().unwrap()))]);
    let output = tempfile::tempdir().unwrap();
    failing(train(bundles.path(), output.path(), &["max_failures=1"]).with_code(0), "1");

    // A line of a regression model's errors has the customer's name in it.
    let name = "g validation_rmse=0.5;h";
    let table: String = (0..60).map(|row| format!("{},{}\n", 3 * row % 40, row % 7)).collect::<Vec<_>>().concat();
    let input = folder([(format!("{name}.csv"), format!("price,rooms\n{table}"))]);
    let settings = ["model=ridge", "target=price", "validation_fraction=0.2"];
    let ended: Ended = train_command(input.path(), output.path(), &settings).output().unwrap().into();
    let ended = ended.with_code(0);
    let numbers = found(&ended.out, "validation_rmse");
    assert!(!numbers.is_empty() && numbers.iter().all(|number| number != "0.5"), "{}", ended.out);
}
