//! One write: of a single request, a batch or a transaction.

use serde_json::Value;

use super::item_size::{Item, item_size};
use super::tables::Tables;
use super::units::{MAX_ITEM_BYTES, write_units};

/// A write to one item.
#[derive(Debug)]
pub struct Action {
    /// The table.
    pub table: String,
    /// The item's key, with or without other attributes.
    pub keyed: Item,
    change: Change,
}

#[derive(Debug)]
enum Change {
    Put,
    Delete,
    Update(Value),
    Check,
}

impl Action {
    /// Reads a `Put`, `Delete`, `Update` or `ConditionCheck`, as transactions name them.
    pub fn read(name: &str, mut request: Value) -> Action {
        let table = request["TableName"].as_str().unwrap().to_owned();
        let part = if name == "Put" { "Item" } else { "Key" };
        let keyed = object(request[part].take());
        let change = match name {
            "Put" => Change::Put,
            "Delete" => Change::Delete,
            "Update" => Change::Update(request),
            "ConditionCheck" => Change::Check,
            _ => panic!("the meter knows no action {name}"),
        };
        Action { table, keyed, change }
    }

    /// Reads one write of a batch.
    pub fn of_batch(table: &str, mut request: Value) -> Action {
        let table = table.to_owned();
        if request.get("PutRequest").is_some() {
            let keyed = object(request["PutRequest"]["Item"].take());
            return Action { table, keyed, change: Change::Put };
        }
        let keyed = object(request["DeleteRequest"]["Key"].take());
        Action { table, keyed, change: Change::Delete }
    }

    /// Returns the write units, and records the change if it `happened`. The larger of the old and
    /// the new item sets the units.
    pub fn bill(self, tables: &mut Tables, happened: bool) -> u64 {
        let before = tables.item_like(&self.table, &self.keyed);
        let size_before = before.map_or(0, item_size);
        let after = match self.change {
            Change::Put => Some(self.keyed.clone()),
            Change::Delete => None,
            Change::Update(request) => {
                Some(updated(before.unwrap_or(&self.keyed).clone(), &request))
            }
            Change::Check => before.cloned(),
        };
        let size_after = after.as_ref().map_or(0, item_size);
        assert!(size_after <= MAX_ITEM_BYTES, "an item of {size_after} bytes is too large");
        if happened {
            tables.set(&self.table, &self.keyed, after);
        }
        write_units(size_before.max(size_after))
    }
}

/// Applies an update expression. It must have the form that this system uses:
/// `SET #a = :a, #b = :b ADD #n :n`, where the second part is optional.
fn updated(mut item: Item, request: &Value) -> Item {
    let expression = request["UpdateExpression"].as_str().unwrap();
    let name = |name: &str| request["ExpressionAttributeNames"][name].as_str().unwrap().to_owned();
    let value = |name: &str| request["ExpressionAttributeValues"][name].clone();
    let (set, add) = expression.split_once(" ADD ").unwrap_or((expression, ""));
    let set = set.strip_prefix("SET ").expect("the meter knows updates that SET");
    for assignment in set.split(", ") {
        let (attribute, assigned) = assignment.split_once(" = ").unwrap();
        item.insert(name(attribute), value(assigned));
    }
    for addition in add.split(", ").filter(|addition| !addition.is_empty()) {
        let (attribute, added) = addition.split_once(' ').unwrap();
        let number = |value: &Value| value["N"].as_str().map_or(0, |text| text.parse().unwrap());
        let attribute = name(attribute);
        let sum: i64 = item.get(&attribute).map_or(0, number) + number(&value(added));
        item.insert(attribute, serde_json::json!({ "N": sum.to_string() }));
    }
    item
}

/// Converts a JSON object to an item.
pub fn object(value: Value) -> Item {
    match value {
        Value::Object(item) => item,
        other => panic!("not an object: {other}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_put_costs_what_the_larger_of_the_old_and_the_new_item_costs() {
        let tables = &mut tables();
        assert_eq!(put(tables, 100, true), 1);
        assert_eq!(put(tables, 3000, true), 3);
        assert_eq!(put(tables, 100, true), 3);
        assert_eq!(put(tables, 100, true), 1);
    }

    #[test]
    fn a_write_whose_condition_fails_costs_the_same_and_changes_nothing() {
        let tables = &mut tables();
        put(tables, 100, true);
        assert_eq!(put(tables, 3000, false), 3);
        assert_eq!(tables.stored_bytes("t", ""), 100);
        assert_eq!(put(tables, 100, true), 1);
    }

    #[test]
    fn a_deletion_costs_what_the_old_item_costs_and_at_least_one_unit() {
        let tables = &mut tables();
        put(tables, 3000, true);
        let delete = || Action::read("Delete", json!({ "TableName": "t", "Key": item(0) }));
        assert_eq!(delete().bill(tables, true), 3);
        assert_eq!(delete().bill(tables, true), 1);
        assert_eq!(tables.stored_bytes("t", ""), 0);
    }

    #[test]
    fn an_update_sets_and_adds_and_keeps_the_rest() {
        let tables = &mut tables();
        let update = || {
            json!({
                "TableName": "t",
                "Key": item(0),
                "UpdateExpression": "SET #a = :a, #b = :b ADD #n :one",
                "ExpressionAttributeNames": { "#a": "a", "#b": "bb", "#n": "n" },
                "ExpressionAttributeValues":
                    { ":a": { "S": "x" }, ":b": { "S": "yz" }, ":one": { "N": "51" } },
            })
        };
        assert_eq!(Action::read("Update", update()).bill(tables, true), 1);
        assert_eq!(tables.stored_bytes("t", ""), 3 + 2 + 4 + 3);
        Action::read("Update", update()).bill(tables, true);
        assert_eq!(tables.stored_bytes("t", ""), 3 + 2 + 4 + 4, "102 has one more digit");
    }

    fn put(tables: &mut Tables, bytes: usize, happened: bool) -> u64 {
        Action::read("Put", json!({ "TableName": "t", "Item": item(bytes) })).bill(tables, happened)
    }

    fn tables() -> Tables {
        Tables::new(&[("t", &["pk"])])
    }

    /// An item of this size. If the size is 0, the item has only its key.
    fn item(bytes: usize) -> Value {
        let key = json!({ "pk": { "S": "k" } });
        match bytes {
            0 => key,
            _ => json!({ "pk": { "S": "k" }, "x": { "S": "x".repeat(bytes - 4) } }),
        }
    }
}
