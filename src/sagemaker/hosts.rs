//! The hosts of a job and the rank of this one.

use std::path::PathBuf;

use serde::Deserialize;

use super::config;
use crate::error::Result;

/// Names of the file: the platform's, and that of older sample code.
const FILES: [&str; 2] = ["resourceconfig.json", "resourceConfig.json"];

/// The rank of this host and the number of hosts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hosts {
    /// The position in the platform's list, from 0. The list is sorted as text (`algo-1`, `algo-10`, `algo-2`), so it differs
    /// from the number in the name.
    pub(super) rank: usize,
    /// How many hosts the job has, at least 1.
    pub(super) count: usize,
    /// Whether there are several instance groups, which may receive different channels.
    pub(super) heterogeneous: bool,
}

#[derive(Deserialize)]
struct ResourceConfig {
    current_host: Option<String>,
    hosts: Option<Vec<String>>,
    // Only its length matters, and its format has changed over the years.
    instance_groups: Option<Vec<serde::de::IgnoredAny>>,
}

/// Reads the file, whose `place` by name depends on the kind of container.
pub(super) fn read(place: impl Fn(&str) -> PathBuf) -> Result<Hosts> {
    for name in FILES {
        let path = place(name);
        let Some(ResourceConfig { current_host, hosts, instance_groups }) = config::read(&path)? else { continue };
        let hosts = hosts.unwrap_or_default();
        let heterogeneous = instance_groups.is_some_and(|groups| groups.len() > 1);
        let current = current_host.unwrap_or_default();
        let rank = match hosts.iter().position(|host| *host == current) {
            Some(rank) => rank,
            None if hosts.len() < 2 => 0,
            None => {
                let hosts = hosts.join(", ");
                let complaint = format!("`current_host` is {current:?}, which is not among `hosts` ({hosts})");
                return Err(config::invalid(&path, complaint));
            }
        };
        return Ok(Hosts { rank, count: hosts.len().max(1), heterogeneous });
    }
    Ok(Hosts { rank: 0, count: 1, heterogeneous: false })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::paths::Paths;
    use super::*;

    fn read_files(files: &[(&str, &str)]) -> Result<Hosts> {
        let base = tempfile::tempdir().unwrap();
        let paths = Paths::new(&|_| Some(base.path().to_str().unwrap().to_owned()));
        fs::create_dir_all(paths.config("")).unwrap();
        for (name, text) in files {
            fs::write(paths.config(name), text).unwrap();
        }
        read(|name| paths.config(name))
    }

    fn host(rank: usize, count: usize) -> Hosts {
        Hosts { rank, count, heterogeneous: false }
    }

    #[test]
    fn a_single_instance_is_rank_0_of_1() {
        let text = r#"{"current_group_name":"homogeneousCluster","current_host":"algo-1",
            "current_instance_type":"ml.c5.xlarge","hosts":["algo-1"],
            "instance_groups":[{"hosts":["algo-1"],"instance_group_name":"homogeneousCluster","instance_type":"ml.c5.xlarge"}],
            "network_interface_name":"eth0","topology":null}"#;
        assert_eq!(read_files(&[("resourceconfig.json", text)]).unwrap(), host(0, 1));
    }

    #[test]
    fn the_rank_is_the_place_in_the_list_and_not_the_number_in_the_name() {
        let names = "algo-1 algo-10 algo-2 algo-3 algo-4 algo-5 algo-6 algo-7 algo-8 algo-9";
        let names: Vec<&str> = names.split(' ').collect();
        for (current, rank) in [("algo-1", 0), ("algo-10", 1), ("algo-2", 2), ("algo-9", 9)] {
            let text = serde_json::json!({ "current_host": current, "hosts": &names }).to_string();
            assert_eq!(read_files(&[("resourceconfig.json", &text)]).unwrap(), host(rank, 10));
        }
    }

    #[test]
    fn local_mode_names_hosts_in_its_own_way() {
        let text = r#"{"current_host": "algo-2-x7k3q", "hosts": ["algo-1-a9b2c", "algo-2-x7k3q"],
            "network_interface_name": "eth0", "current_instance_type": "local"}"#;
        assert_eq!(read_files(&[("resourceconfig.json", text)]).unwrap(), host(1, 2));
    }

    #[test]
    fn a_cluster_of_several_groups_is_told() {
        let text = r#"{"current_host":"algo-2","hosts":["algo-1","algo-2"],"current_group_name":"b","instance_groups":[
            {"hosts":["algo-1"],"instance_group_name":"a"},{"hosts":["algo-2"],"instance_group_name":"b"}]}"#;
        let expected = Hosts { heterogeneous: true, ..host(1, 2) };
        assert_eq!(read_files(&[("resourceconfig.json", text)]).unwrap(), expected);
    }

    #[test]
    fn without_a_word_there_is_one_host() {
        for files in [
            &[][..],
            &[("resourceconfig.json", "")],
            &[("resourceconfig.json", "{}")],
            &[("resourceconfig.json", r#"{"hosts": [], "instance_groups": null}"#)],
            &[("resourceconfig.json", r#"{"current_host": "renamed", "hosts": ["algo-1"]}"#)],
        ] {
            assert_eq!(read_files(files).unwrap(), host(0, 1), "{files:?}");
        }
    }

    #[test]
    fn the_camel_case_name_of_old_samples_is_read() {
        let text = r#"{"current_host": "algo-2", "hosts": ["algo-1", "algo-2"]}"#;
        assert_eq!(read_files(&[("resourceConfig.json", text)]).unwrap(), host(1, 2));
        assert_eq!(read_files(&[("resourceconfig.json", ""), ("resourceConfig.json", text)]).unwrap(), host(1, 2));
    }

    #[test]
    fn a_host_that_is_not_in_the_list_is_an_error_that_names_file_and_list() {
        for text in
            [r#"{"current_host": "algo-3", "hosts": ["algo-1", "algo-2"]}"#, r#"{"hosts": ["algo-1", "algo-2"]}"#]
        {
            let error = read_files(&[("resourceconfig.json", text)]).unwrap_err();
            assert_eq!(error.code(), 2);
            assert!(error.to_string().contains("input/config/resourceconfig.json: `current_host`"), "{error}");
            assert!(error.to_string().contains("(algo-1, algo-2)"), "{error}");
        }
        let error = read_files(&[("resourceconfig.json", r#"{"hosts": "algo-1"}"#)]).unwrap_err();
        assert!(error.to_string().contains("resourceconfig.json: "), "{error}");
    }
}
