//! The items that requests have stored, tracked from the first request on.

use std::collections::HashMap;

use super::item_size::{Item, item_size};

/// Tables by name.
#[derive(Debug)]
pub struct Tables(HashMap<String, Table>);

#[derive(Debug)]
struct Table {
    key: Vec<String>,
    items: HashMap<Key, Item>,
}

/// The values of the key attributes.
type Key = Vec<String>;

impl Tables {
    /// Empty tables, given by name and key.
    pub fn new(tables: &[(&str, &[&str])]) -> Tables {
        let table = |&(name, key): &(&str, &[&str])| {
            let key = key.iter().map(|&attribute| attribute.to_owned()).collect();
            (name.to_owned(), Table { key, items: HashMap::new() })
        };
        Tables(tables.iter().map(table).collect())
    }

    /// The stored item with the same key as `keyed`.
    pub fn item_like(&self, table: &str, keyed: &Item) -> Option<&Item> {
        let table = &self.0[table];
        table.items.get(&table.key_of(keyed))
    }

    /// Whether two items have the same key.
    pub fn have_one_key(&self, table: &str, one: &Item, other: &Item) -> bool {
        let table = &self.0[table];
        table.key_of(one) == table.key_of(other)
    }

    /// Replaces or removes the item with the same key as `keyed`.
    pub fn set(&mut self, table: &str, keyed: &Item, after: Option<Item>) {
        let table = self.0.get_mut(table).unwrap();
        let key = table.key_of(keyed);
        match after {
            Some(item) => table.items.insert(key, item),
            None => table.items.remove(&key),
        };
    }

    /// Counts the bytes of the items whose last key attribute starts with a prefix.
    pub fn stored_bytes(&self, table: &str, prefix: &str) -> u64 {
        let items = self.0[table].items.iter();
        let of_prefix = items.filter(|(key, _)| key.last().unwrap().starts_with(prefix));
        of_prefix.map(|(_, item)| item_size(item)).sum()
    }
}

impl Table {
    fn key_of(&self, item: &Item) -> Key {
        let value = |attribute: &String| item[attribute]["S"].as_str().unwrap().to_owned();
        self.key.iter().map(value).collect()
    }
}
