//! Lists the files of input and their customers, and what is refused.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
};

use crate::{
    error::{Error, Result},
    input::{
        schema::{description::ColumnNames, whose::Whose},
        settings::InputSettings,
        source::{
            census::{Scan, scan},
            file_name::{Format, customer_by_folder, customer_name, folder_columns, paths_differ, purpose_of},
            input_file::{Budget, Contents, InputFile},
            inspect::{inspect, some_name_customers},
            listing::{Listing, Skipped},
        },
    },
    store::{Entry, Store, Unlisted},
    words::counted,
};
use manyfit_models::data::CustomerId;

/// The input of a directory or bucket prefix.
///
/// - `files` are sorted by key;
/// - a customer is in one file only; a customer that is in several files is in `refused`;
/// - a file below a folder such as `customer=8` holds one customer. If the first other file holds many customers, all are
///   looked at, and each is what it is; where most name customers, one that does not is in `refused`.
#[derive(Clone, Debug, Default)]
pub struct Discovery {
    /// The files to read.
    pub files: Vec<InputFile>,
    /// Customers that cannot be trained, with the reason, sorted by name; a file of many customers that cannot be read is
    /// listed by its key.
    pub refused: Vec<(String, String)>,
    /// The first file of many customers, or folder, that cannot be read: who is in it is not known.
    pub unknown: Option<String>,
    /// Objects that are not input.
    pub skipped: Skipped,
    /// The columns of the first file, for people: columns are detected for each file.
    pub columns: Option<ColumnNames>,
}

impl Discovery {
    /// The names of all customers, refused ones included.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let customers = self.files.iter().flat_map(InputFile::customers).map(CustomerId::as_str);
        customers.chain(self.refused.iter().map(|(name, _)| name.as_str()))
    }
}

/// Lists the input. Files of many customers are read one after another to count their rows; [`discover_with`] lets the
/// caller do that in parallel.
///
/// # Errors
/// Only if the store cannot be listed, or is out of reach.
pub fn discover(store: &dyn Store, settings: &InputSettings) -> Result<Discovery> {
    discover_with(store, settings, 0, |files, scan| files.iter().map(scan).collect())
}

/// [`discover`], with the caller's way to run `scan` on every file of many customers. The results must be in the order
/// of the files.
///
/// Files that are read here are kept in memory for their reader, up to `budget` bytes in total, so that they are not read
/// twice; the others are read again.
///
/// # Errors
/// Only if the store cannot be listed, or is out of reach.
pub fn discover_with(
    store: &dyn Store,
    settings: &InputSettings,
    budget: u64,
    scan_all: impl FnOnce(&[InputFile], &(dyn Fn(&InputFile) -> Result<Scan> + Sync)) -> Vec<Result<Scan>>,
) -> Result<Discovery> {
    let Listing { tables, unreadable, mut skipped } = Listing::of(store, settings)?;
    let purpose = settings.table.as_ref().map(|table| table.purpose);
    let has_purpose = |(entry, _): &(Entry, Format)| purpose_of(&entry.key, settings.customer_from).1 == purpose;
    let wanted = purpose.filter(|_| tables.iter().any(has_purpose));
    // Those whose customer a folder names are known without a look into them.
    let (mut files, mut by_folder) = (Vec::with_capacity(tables.len()), Vec::new());
    for (entry, format) in tables {
        if wanted.is_some() && purpose_of(&entry.key, settings.customer_from).1.is_some_and(|own| Some(own) != wanted) {
            skipped.add(entry.key);
            continue;
        }
        let in_folder = customer_by_folder(&entry.key, settings.customer.as_deref()).is_some();
        let file = InputFile::new(entry, format, Contents::Many(Vec::new()));
        if in_folder { by_folder.push(InputFile { in_folder, ..file }) } else { files.push(file) }
    }
    let budget = Budget::new(budget);
    let (first, columns) = inspect(store, settings, files.iter().chain(&by_folder), None, &budget);
    let many = first == Some(Whose::Column) || some_name_customers(store, settings, &files, &budget);
    let mut discovery = Discovery { skipped, columns, ..Discovery::default() };
    for file in by_folder {
        let name = customer_by_folder(&file.key, settings.customer.as_deref()).map(Cow::into_owned);
        discovery.add(store, file, name.ok_or_else(String::new));
    }
    let mut singles = files;
    if many {
        let scans = scan_all(&singles, &|file| scan(store, settings, file, &budget));
        let passable = |scan: Result<Scan>| match scan {
            Err(error) if error.is_out_of_reach() => Err(error),
            scan => Ok(scan),
        };
        let scans = scans.into_iter().map(passable).collect::<Result<Vec<_>>>()?;
        let (with, without) = discovery.add_scanned(std::mem::take(&mut singles), scans);
        let are_most = without.len() > with;
        for (file, error) in without {
            if are_most { singles.push(file) } else { discovery.refuse_unknown(file.key, error.to_string()) }
        }
        let most = if are_most { Whose::File } else { Whose::Column };
        if first != Some(most) {
            let files = if are_most { &singles } else { &discovery.files };
            discovery.columns = inspect(store, settings, files.iter(), Some(most), &budget).1;
        }
    }
    for file in singles {
        let name = match (purpose, purpose_of(&file.key, settings.customer_from)) {
            (Some(purpose), (name, Some(own))) if purpose == own => Ok(name.into_owned()),
            _ => customer_name(&file.key, settings.customer_from).map(Cow::into_owned),
        };
        discovery.add(store, file, name);
    }
    for Unlisted { name, reason, is_folder } in unreadable {
        match customer_name(&name, settings.customer_from) {
            Ok(customer) if !is_folder && !many => discovery.refused.push((customer.into_owned(), reason)),
            _ => discovery.refuse_unknown(name, reason),
        }
    }
    discovery.files.sort_by(|a, b| a.key.cmp(&b.key));
    discovery.refuse_duplicates(store);
    discovery.name_refused_once(store);
    Ok(discovery)
}

impl Discovery {
    /// All customers to train, in the order of the files.
    pub fn customers(&self) -> impl Iterator<Item = &CustomerId> {
        self.files.iter().flat_map(InputFile::customers)
    }

    /// Whether there is nothing to read and nothing to report.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.files.is_empty() && self.refused.is_empty()
    }

    /// Adds files that were scanned. Gives the number of those that name customers, and the others with what is wrong with that
    /// if they should.
    fn add_scanned(&mut self, files: Vec<InputFile>, scans: Vec<Result<Scan>>) -> (usize, Vec<(InputFile, Error)>) {
        let (mut with, mut without) = (0, Vec::new());
        for (mut file, scan) in files.into_iter().zip(scans) {
            match scan {
                Ok(Scan { single: Some(error), .. }) => without.push((file, error)),
                Ok(Scan { customers, refused, breaks_off, .. }) => {
                    with += 1;
                    if breaks_off {
                        self.unknown.get_or_insert_with(|| file.key.clone());
                    }
                    file.contents = Contents::Many(customers);
                    self.refused.extend(refused);
                    self.files.push(file);
                }
                Err(error) => self.refuse_unknown(file.key, error.to_string()),
            }
        }
        (with, without)
    }

    /// Refuses a file or folder whose customers are not known.
    fn refuse_unknown(&mut self, name: String, reason: String) {
        self.unknown.get_or_insert_with(|| name.clone());
        self.refused.push((name, reason));
    }

    /// Sorts what is refused, and gives each name one reason; what is refused by the name of its file is no customer of that
    /// name.
    fn name_refused_once(&mut self, store: &dyn Store) {
        let known: HashSet<&str> = self.files.iter().flat_map(InputFile::customers).map(CustomerId::as_str).collect();
        for (name, _) in &mut self.refused {
            if known.contains(name.as_str()) {
                *name = store.describe(name);
            }
        }
        self.refused.sort();
        self.refused.dedup_by(|later, first| {
            let is_same = later.0 == first.0;
            if is_same && later.1 != first.1 {
                first.1 = format!("{}; {}", first.1, later.1);
            }
            is_same
        });
    }

    /// Adds a file of one customer, whose name its path tells, or refuses it.
    fn add(&mut self, store: &dyn Store, mut file: InputFile, name: Result<String, String>) {
        let in_store = || store.describe(&file.key);
        let (name, reason) = match name.map(|name| (CustomerId::new(&name), name)) {
            Ok((Ok(customer), _)) => {
                file.contents = Contents::One(customer);
                return self.files.push(file);
            }
            Ok((Err(complaint), name)) => {
                let what = if file.in_folder || name_is_of_folder(&file.key, &name) { "folder" } else { "file" };
                (name, format!("{}: {complaint}: rename the {what}", in_store()))
            }
            Err(complaint) => (file.key.clone(), format!("{}: {complaint}", in_store())),
        };
        self.refused.push((name, reason));
    }

    /// Moves customers that are in several files from `files` to `refused`.
    fn refuse_duplicates(&mut self, store: &dyn Store) {
        let mut first_files: HashMap<&CustomerId, usize> = HashMap::new();
        let mut duplicates: HashMap<CustomerId, Vec<usize>> = HashMap::new();
        for (at, file) in self.files.iter().enumerate() {
            for customer in file.customers() {
                if let Some(&first) = first_files.get(customer) {
                    duplicates.entry(customer.clone()).or_insert_with(|| vec![first]).push(at);
                } else {
                    first_files.insert(customer, at);
                }
            }
        }
        drop(first_files);
        for (customer, files) in &duplicates {
            let name = |at: usize| store.describe(&self.files[files[at]].key);
            let more = match files.len() - 2 {
                0 => String::new(),
                more => format!(" and {}", counted(more, "more file")),
            };
            // Different names would not help where it is not the file that names the customer.
            let are_named = files.iter().all(|at| {
                let file = &self.files[*at];
                matches!(file.contents, Contents::One(_)) && !name_is_of_folder(&file.key, customer.as_str())
            });
            let advice = if !are_named {
                "manyfit prepare joins the rows of a customer from several files"
            } else if paths_differ([0, 1].map(|at| self.files[files[at]].key.as_str())) {
                "keep one, give them different names, or set customer_from to path, which adds their folders to their names"
            } else {
                "keep one, or give them different names"
            };
            let reason =
                format!("the customer {:?} is in {} and in {}{more}: {advice}", customer.as_str(), name(0), name(1));
            self.refused.push((customer.as_str().to_owned(), reason));
        }
        if !duplicates.is_empty() {
            self.files.retain_mut(|file| match &mut file.contents {
                Contents::One(customer) => !duplicates.contains_key(customer),
                Contents::Many(customers) => {
                    customers.retain(|(customer, _)| !duplicates.contains_key(customer));
                    true
                }
            });
        }
        self.files.retain(|file| file.customers().next().is_some());
    }
}

/// Whether a folder `name=value` of the path names the customer.
fn name_is_of_folder(key: &str, customer: &str) -> bool {
    folder_columns(key).iter().any(|(_, value)| value == customer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::{CustomerFrom, Purpose, testing::Memory};

    const SERIES: &str = "ds,y\n2024-01-01,1\n";

    fn found(objects: &[(&str, &str)]) -> Discovery {
        discover(&Memory::with(objects.iter().copied()), &InputSettings::default()).unwrap()
    }

    fn names(discovery: &Discovery) -> Vec<&str> {
        discovery.customers().map(CustomerId::as_str).collect()
    }

    /// All that was found, without the bytes that are kept.
    fn parts(discovery: &Discovery) -> impl PartialEq + std::fmt::Debug + use<> {
        let file = |file: &InputFile| (file.entry(), file.format, file.contents.clone());
        let files: Vec<_> = discovery.files.iter().map(file).collect();
        (files, discovery.refused.clone(), discovery.skipped.clone(), discovery.columns.clone())
    }

    #[test]
    fn a_customer_is_a_file_or_a_directory() {
        let keys = ["8.csv", "9.csv.gz", "deep/down/10.v2.csv", "11/data.csv", "12/data.CSV.GZ", "data.csv"];
        let discovery = found(&keys.map(|key| (key, SERIES)));
        assert_eq!(names(&discovery), ["11", "12", "8", "9", "data", "10.v2"]);
        assert_eq!(discovery.skipped, Skipped::default());
        assert_eq!(discovery.files[0].size, SERIES.len() as u64);
    }

    #[test]
    fn the_end_of_a_name_tells_what_tables_are_for() {
        let table = "y,a\n1,2\n";
        let keys =
            ["Houston_TX_train.csv", "Houston_TX_val.csv", "New_York_test.csv", "deep/Boston/train.csv.gz", "8.csv"];
        let found = |purpose, keys: &[&str]| {
            let table_settings = crate::input::TableSettings { purpose, ..Default::default() };
            let settings = InputSettings { table: Some(table_settings), ..InputSettings::default() };
            let discovery = discover(&Memory::with(keys.iter().map(|key| (*key, table))), &settings).unwrap();
            let names: Vec<String> = discovery.customers().map(ToString::to_string).collect();
            (names.join(" "), discovery.skipped.count)
        };
        assert_eq!(found(Purpose::Training, &keys), ("8 Houston_TX Boston".into(), 2));
        assert_eq!(found(Purpose::Validation, &keys), ("8 Houston_TX".into(), 3));
        // Where no name says so, the whole name is the customer's.
        assert_eq!(found(Purpose::Training, &["a_val.csv", "b.csv"]), ("a_val b".into(), 0));
        assert_eq!(found(Purpose::Training, &["train.csv", "val.csv"]), ("train".into(), 1));
    }

    #[test]
    fn other_files_and_markers_are_counted_with_an_example() {
        let keys = ["8.csv", "README.md", "_SUCCESS", ".hidden.csv", "_tmp/9.csv", "a.json", "b.json"];
        let discovery = found(&keys.map(|key| (key, SERIES)));
        assert_eq!(names(&discovery), ["8"]);
        let examples = [".hidden.csv", "README.md", "_SUCCESS", "a.json"].map(String::from);
        assert_eq!(discovery.skipped, Skipped { count: 6, examples: examples.into() });
        assert_eq!(discovery.skipped.to_string(), "6 other files, such as .hidden.csv, README.md, _SUCCESS, a.json");
    }

    #[test]
    fn text_without_the_extension_of_a_table_is_read_if_it_is_one() {
        let tabs = "ds\ty\n2024-01-01\t1\n";
        let discovery = found(&[
            ("LICENSE", "Permission is granted, free of charge,\nto any person, and so on\n"),
            ("README.txt", "The columns are ds, y.\n"),
            ("a.tsv", tabs),
            ("b.txt", tabs),
            ("c.csv.out", SERIES),
            ("empty", ""),
            ("part-00000", SERIES),
            ("raw", "ds,y\0"),
        ]);
        assert_eq!(names(&discovery), ["a", "b", "part-00000"]);
        assert_eq!(discovery.skipped.count, 5);
    }

    #[test]
    fn names_keep_their_dots_and_folders_with_values_are_columns() {
        let discovery = found(&["BRK.A.csv", "BRK.B.csv", "store.1.csv", "store.2.csv"].map(|key| (key, SERIES)));
        assert_eq!(names(&discovery), ["BRK.A", "BRK.B", "store.1", "store.2"]);
        let hive = ["customer=a/part-0.csv", "customer=b%20c/part-0.csv", "customer=d/x.csv", "customer=d/y.csv"];
        let discovery = found(&hive.map(|key| (key, SERIES)));
        assert_eq!(names(&discovery), ["a", "b c"]);
        let [(name, reason)] = &discovery.refused[..] else { panic!("{:?}", discovery.refused) };
        assert_eq!(name, "d");
        assert!(reason.ends_with("customer=d/y.csv: manyfit prepare joins the rows of a customer from several files"));
        // A folder wins over a column, as where such tables are read at large, and a column that is set may be a folder.
        let both = [("store=7/a.csv", "customer,ds,y\nx,2024-01-01,1\n"), ("store=8/a.csv", SERIES)];
        let settings = InputSettings { customer: Some("store".into()), ..InputSettings::default() };
        let discovery = discover(&Memory::with(both), &settings).unwrap();
        assert_eq!((names(&discovery), discovery.refused.len()), (vec!["7", "8"], 0));
        let unclear = found(&[("region=n/store=7/a.csv", SERIES), ("8.csv", SERIES)]);
        assert_eq!(names(&unclear), ["8"]);
        assert!(unclear.refused[0].1.contains("region and store could each name the customer"));
    }

    #[test]
    fn an_empty_store_is_an_empty_discovery() {
        assert_eq!(parts(&found(&[])), parts(&Discovery::default()));
    }

    #[test]
    fn a_customer_from_two_files_is_refused_with_both_named_and_the_rest_stays() {
        let discovery = found(&["8.csv", "8/data.csv", "9.csv", "old/8.csv.gz"].map(|key| (key, SERIES)));
        assert_eq!(names(&discovery), ["9"]);
        assert_eq!(discovery.refused.len(), 1);
        assert_eq!(discovery.refused[0].0, "8");
        let reason = &discovery.refused[0].1;
        assert_eq!(
            reason,
            "the customer \"8\" is in in/8.csv and in in/8/data.csv and 1 more file: keep one, or give them different names"
        );
    }

    #[test]
    fn files_of_one_name_are_told_apart_by_their_folders_when_asked_to() {
        let keys = ["north/1.csv", "south/1.csv", "south/data.csv", "a-b/c.csv", "a/b-c.csv"];
        let store = Memory::with(keys.map(|key| (key, SERIES)));
        let [(name, reason)] = &discover(&store, &InputSettings::default()).unwrap().refused[..] else { panic!() };
        assert_eq!(name, "1");
        assert!(reason.ends_with("set customer_from to path, which adds their folders to their names"), "{reason}");
        let settings = InputSettings { customer_from: CustomerFrom::Path, ..InputSettings::default() };
        let discovery = discover(&store, &settings).unwrap();
        assert_eq!(names(&discovery), ["north-1", "south-1", "south"]);
        let [(name, reason)] = &discovery.refused[..] else { panic!("{:?}", discovery.refused) };
        assert_eq!(name, "a-b-c");
        assert!(reason.ends_with("in/a/b-c.csv: keep one, or give them different names"), "{reason}");
    }

    #[test]
    fn an_unsafe_name_is_refused_and_the_rest_stays() {
        let discovery = found(&["a:b.csv", "9.csv"].map(|key| (key, SERIES)));
        assert_eq!(names(&discovery), ["9"]);
        assert_eq!(discovery.refused[0].0, "a:b");
        assert!(discovery.refused[0].1.starts_with("in/a:b.csv: the customer name \"a:b\" has a character"));
    }

    #[test]
    fn files_hold_many_customers_when_the_first_has_a_customer_column() {
        let discovery = found(&[
            ("1.csv", "Customer,ds,y\nb,2024-01-01,1\na,2024-01-01,1\nb,2024-01-02,1\na/c,2024-01-01,1\n"),
            ("2.csv", "ds,y,customer_id\n2024-01-01,1,c\n2024-01-01,1,a\n"),
            ("3.csv", SERIES),
            ("4.csv", "customer,ds,y\n,2024-01-01,1\nNA,2024-01-01,1\nNull,2024-01-01,1\n,,\n,2024-01-02,1\n"),
        ]);
        let counted: Vec<_> = discovery.files.iter().map(|file| format!("{:?}", file.contents)).collect();
        assert_eq!(
            counted,
            [
                r#"Many([(CustomerId("b"), 2)])"#,
                r#"Many([(CustomerId("c"), 1)])"#,
                r#"Many([(CustomerId("NA"), 1), (CustomerId("Null"), 1)])"#,
            ]
        );
        let refused: Vec<&str> = discovery.refused.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(refused, ["3.csv", "4.csv", "a", "a/c"]);
        for (at, reason) in [
            (0, "in/3.csv: has no column customer or customer_id, unlike most files; its columns are \"ds\", \"y\""),
            (1, "in/4.csv: line 2, column \"customer\": \"\" does not name a customer"),
            (2, "the customer \"a\" is in in/1.csv and in in/2.csv"),
            (3, "in/1.csv: the customer name \"a/c\" has a character"),
        ] {
            assert!(discovery.refused[at].1.starts_with(reason), "{}", discovery.refused[at].1);
        }
    }

    #[test]
    fn a_stray_file_does_not_decide_for_the_others() {
        let (bundle, other) = ("customer,when,v\nx,2024-01-01,1\nz,2024-01-01,1\n", "ds,y,customer\n2024-01-01,1,y\n");
        // The first file, one in the middle, and the last.
        for stray in ["!export.csv", "5!.csv", "~.csv"] {
            let singles: Vec<String> = (0..10).map(|number| format!("{number}.csv")).collect();
            let mut objects: Vec<(&str, &str)> = singles.iter().map(|name| (name.as_str(), SERIES)).collect();
            objects.push((stray, bundle));
            let discovery = found(&objects);
            assert_eq!((discovery.customers().count(), discovery.refused.len()), (12, 0), "{stray}");
            assert_eq!(discovery.columns.unwrap().customer, None, "{stray}");

            let mut objects: Vec<(&str, String)> =
                singles.iter().map(|name| (name.as_str(), other.replace(",y\n", &format!(",{name}\n")))).collect();
            objects.push((stray, SERIES.to_owned()));
            let store = Memory::with(objects);
            let discovery = discover(&store, &InputSettings::default()).unwrap();
            assert_eq!((discovery.customers().count(), discovery.refused.len()), (10, 1), "{stray}");
            assert_eq!(discovery.columns.unwrap().customer.unwrap().name, "customer", "{stray}");
            assert_eq!(discovery.unknown.as_deref(), Some(stray));
        }
    }

    #[test]
    fn what_a_file_names_before_it_breaks_off_is_known() {
        let whole = "customer,ds,y\na,2024-01-01,1\nb,2024-01-01,1\n";
        // A name that is not UTF-8, twice, and a customer that is called as another file.
        let odd = b"customer,ds,y\n\xff,2024-01-01,1\nd,2024-01-01,1\n\xfe,2024-01-01,1\nbroken.csv,2024-01-01,1\n";
        let broken = "customer,ds,y\n\"c,2024-01-01,1\n";
        let store = Memory::with([
            ("whole.csv", whole.as_bytes().to_vec()),
            ("odd.csv", odd.to_vec()),
            ("broken.csv", broken.as_bytes().to_vec()),
            ("empty.csv", Vec::new()),
        ]);
        let discovery = discover(&store, &InputSettings::default()).unwrap();
        assert_eq!(names(&discovery), ["broken.csv", "d", "a", "b"]);
        let refused: Vec<&str> = discovery.refused.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(refused, ["empty.csv", "in/broken.csv", "\u{fffd}"]);
        assert!(discovery.refused[1].1.contains("line 2: a quote is not closed"), "{:?}", discovery.refused);
        assert_eq!(discovery.unknown.as_deref(), Some("empty.csv"));
    }

    #[test]
    fn a_set_customer_column_makes_every_file_one_of_many() {
        let store = Memory::with([("all.csv", "Store,WeekStarting,Quantity\n7,1990-06-14,5\n8,1990-06-14,5\n")]);
        let settings = InputSettings { customer: Some("store".into()), ..InputSettings::default() };
        let discovery = discover(&store, &settings).unwrap();
        assert_eq!(names(&discovery), ["7", "8"]);
        assert_eq!(
            discovery.columns.unwrap().to_string(),
            r#"timestamp = "WeekStarting", target = "Quantity", customer = "Store" (timestamp and target are guessed; set them to choose)"#
        );
    }

    #[test]
    fn columns_are_told_from_the_first_file_that_has_them() {
        let sales =
            "WeekStarting,Store,Brand,Quantity,Advert,Price,Revenue\n1990-06-14,1000,dominicks,12003,1,2.59,31087.77\n";
        let discovery = found(&[("0.csv", ""), ("1.csv", "a,b\nx,y\n"), ("2.csv", sales)]);
        assert_eq!(names(&discovery), ["0", "1", "2"]);
        assert_eq!(
            discovery.columns.unwrap().to_string(),
            r#"timestamp = "WeekStarting", target = "Quantity" (timestamp and target are guessed; set them to choose)"#
        );
        assert_eq!(found(&[("0.csv", "")]).columns, None);
    }

    #[test]
    fn a_caller_may_scan_in_its_own_way() {
        let store =
            Memory::with([("1.csv", "customer,ds,y\nb,2024-01-01,1\n"), ("2.csv", "customer,ds,y\nc,2024-01-01,1\n")]);
        let settings = InputSettings::default();
        let threads = discover_with(&store, &settings, u64::MAX, |files, scan| {
            std::thread::scope(|scope| {
                let running: Vec<_> = files.iter().map(|file| scope.spawn(move || scan(file))).collect();
                running.into_iter().map(|thread| thread.join().unwrap()).collect()
            })
        });
        assert_eq!(parts(&threads.unwrap()), parts(&discover(&store, &settings).unwrap()));
    }
}
