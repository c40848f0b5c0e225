//! What the requests have stored so far, followed from the first one on.

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

/// The values of the key's attributes.
type Key = Vec<String>;

impl Tables {
    /// Tables that hold nothing, given by their names and keys.
    pub fn new(tables: &[(&str, &[&str])]) -> Tables {
        let table = |&(name, key): &(&str, &[&str])| {
            let key = key.iter().map(|&attribute| attribute.to_owned()).collect();
            (name.to_owned(), Table { key, items: HashMap::new() })
        };
        Tables(tables.iter().map(table).collect())
    }

    /// The item that has the key of this one.
    pub fn item_like(&self, table: &str, keyed: &Item) -> Option<&Item> {
        let table = &self.0[table];
        table.items.get(&table.key_of(keyed))
    }

    /// Tells whether two items have the same key.
    pub fn have_one_key(&self, table: &str, one: &Item, other: &Item) -> bool {
        let table = &self.0[table];
        table.key_of(one) == table.key_of(other)
    }

    /// Replaces the item that has the key of `keyed`, or removes it.
    pub fn set(&mut self, table: &str, keyed: &Item, after: Option<Item>) {
        let table = self.0.get_mut(table).unwrap();
        let key = table.key_of(keyed);
        match after {
            Some(item) => table.items.insert(key, item),
            None => table.items.remove(&key),
        };
    }

    /// Counts the bytes of the items whose last key attribute starts so.
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
