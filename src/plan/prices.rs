//! The price list of instances and requests.

use crate::{
    error::{Error, Result},
    input::{Sheet, SheetRow, SheetSettings},
};
use serde::Serialize;
use std::path::Path;

/// An instance type.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Instance {
    /// Its name, such as `ml.m5.xlarge`.
    pub name: String,
    /// Its processors, each of which runs a thread.
    pub vcpus: f64,
    /// Its memory in GiB, if given.
    pub memory: Option<f64>,
    /// Price per hour.
    pub price: f64,
    /// Speed of one of its threads relative to this machine's.
    pub speed: f64,
}

/// A price list, in a currency of its own.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Prices {
    /// Instance types, in the order of the table.
    pub instances: Vec<Instance>,
    /// Price of 1,000 GET requests.
    pub get: Option<f64>,
    /// Price of 1,000 PUT requests.
    pub put: Option<f64>,
    /// Price of 1,000 LIST requests.
    pub list: Option<f64>,
}

impl Prices {
    /// Reads a table with the columns `item`, `price`, `vcpus`, and optionally `memory_gib` and `speed`.
    ///
    /// A row is an instance type with its price per hour, or `GET`, `PUT` or `LIST` with the price of 1,000 requests.
    ///
    /// # Errors
    /// [`Error::Data`] that names file, line, column and value; [`Error::Settings`] if there is no such file.
    pub fn read(path: &Path) -> Result<Self> {
        let mut prices = Self::default();
        for sheet in Sheet::read_all(path, &SheetSettings::default())? {
            prices.add(&sheet)?;
        }
        if prices.instances.is_empty() {
            return Err(Error::Data(format!(
                "{}: has no row of an instance type: give its name as item, its vcpus, and its price per hour",
                path.display()
            )));
        }
        Ok(prices)
    }

    fn add(&mut self, sheet: &Sheet) -> Result<()> {
        let (item, price) = (sheet.require(&["item"])?, sheet.require(&["price"])?);
        let vcpus = sheet.require(&["vcpus"])?;
        let (memory, speed) = (sheet.find(&["memory_gib"]), sheet.find(&["speed"]));
        for row in sheet.rows() {
            let name = row.text(item).ok_or_else(|| row.fault(item, "names no instance type or request"))?;
            let cost = positive(row, price)?.ok_or_else(|| row.fault(price, "is not a price: give a number"))?;
            let requests = match name.to_ascii_uppercase().as_str() {
                "GET" => &mut self.get,
                "PUT" => &mut self.put,
                "LIST" => &mut self.list,
                _ => {
                    let complaint = "is not a number of processors: give the number of threads that it runs";
                    let vcpus = positive(row, vcpus)?
                        .filter(|vcpus| *vcpus >= 1.0)
                        .ok_or_else(|| row.fault(vcpus, complaint))?;
                    let optional = |column: Option<usize>| column.map_or(Ok(None), |at| positive(row, at));
                    let speed = optional(speed)?.filter(|speed| *speed > 0.0).unwrap_or(1.0);
                    let memory = optional(memory)?;
                    self.instances.push(Instance { name: name.to_owned(), vcpus, memory, price: cost, speed });
                    continue;
                }
            };
            if requests.replace(cost).is_some() {
                return Err(row.fault(item, "has a price already: keep one row for it"));
            }
        }
        Ok(())
    }
}

fn positive(row: SheetRow<'_>, column: usize) -> Result<Option<f64>> {
    match row.number(column)? {
        Some(number) if number < 0.0 => Err(row.fault(column, "is below zero")),
        number => Ok(number),
    }
}
